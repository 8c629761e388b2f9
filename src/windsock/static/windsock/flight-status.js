// @ts-check
/**
 * `<flight-status flight="DL1865.2015-01-02.ATL">` or `<flight-status number="DL1865">`: one flight, live, for any page.
 * docs/how-to/elements.md lists its attributes, parts and properties.
 */

import { gettext } from "./language.js";
import { LiveElement } from "./live-element.js";
import { fillRow, freshen } from "./rows.js";
import { ANNOUNCED, announcement, boardRow, presentFlight, spaced } from "./wording.js";

/** @typedef {import("./types.js").Flight} Flight */

const END = `<span data-label></span> <b data-f="place"></b> <span data-f="code"></span> <span data-f="sched"></span> <span data-f="day"></span>
<span data-f="qualifier"></span> <b data-f="exp"></b> <span data-f="terminal"></span> <span data-gate></span> <span data-f="belt"></span>`;

export class FlightStatus extends LiveElement {
  static observedAttributes = ["flight", "number", "date", "service", "lang", "scheme"];
  static style = `
.main { display: grid; gap: 0.3em; }
.main p { overflow-wrap: anywhere; }
[data-f=state] { font-size: var(--windsock-time, 1.25em); }
[data-f=state]::after { content: " "; }
.struck [data-f=sched] { text-decoration: line-through; }
[part=end] { border-block-start: 1px solid var(--windsock-line, color-mix(in srgb, currentColor 30%, transparent)); padding-block-start: 0.3em; }
[part=end] :empty { display: none; }`;

  get flight() { return (this.getAttribute("flight") ?? "").trim().toUpperCase(); }
  get number() { return (this.getAttribute("number") ?? "").toUpperCase().replaceAll(" ", ""); }
  get zone() { return this.names.zones[this.chosen?.origin ?? ""] ?? "UTC"; }

  /** The flight shown: the one of that date, else the one whose departure is nearest to now. @returns {Flight|undefined} */
  get chosen() {
    const { client } = this, date = this.getAttribute("date");
    if (!client) return undefined;
    const away = (/** @type {Flight} */ { departure, arrival }) => Math.abs(Date.parse(departure.scheduled ?? departure.estimated ?? arrival.scheduled ?? "") - client.now().getTime()) || Infinity;
    return [...client.board.values()].filter((flight) => !date || flight.date === date).sort((one, other) => away(one) - away(other))[0];
  }

  lay() {
    const { flight, number } = this;
    if (!flight && !number) return this.refuse(gettext("The attribute {attribute} is missing: a flight number such as DL1865.", { attribute: "number" }));
    this.main.innerHTML = `<div class="head"><p part="row"><b><span data-f="flight" part="flight"></span></b> <span data-f="airline"></span></p>
      <p><span data-f="state" part="state"></span><span data-f="why"></span></p></div><p part="end" class="leaving">${END}</p><p part="end" class="coming">${END}</p>`;
    this.find(".leaving [data-label]").textContent = gettext("Departure");
    this.find(".coming [data-label]").textContent = gettext("Arrival");
    this.follow([flight ? `flight:${flight}` : `designator:${number}`]);
  }

  /** @returns {[import("./live-element.js").ElementState, string]} */
  get content() {
    return !this.client?.session.complete || this.chosen ? ["live", ""]
      : ["empty", gettext("Nothing is known of flight {flight} on these days.", { flight: spaced(this.number || this.flight.split(".")[0]) })];
  }

  draw() {
    const flight = this.chosen, { client, names, service } = this;
    this.main.classList.toggle("unseen", !flight);
    if (!flight || !client || !service) return;
    const now = client.now();
    const [leaving, coming] = /** @type {const} */ (["departures", "arrivals"]).map((direction) => {
      const airport = (direction === "departures" ? flight.origin : flight.destination) ?? "";
      return { direction, airport, zone: names.zones[airport] ?? "UTC", now, names, lateMinutes: service.late_minutes };
    });
    const { gone } = presentFlight(flight, leaving);
    const [left, came] = [boardRow(flight, leaving), boardRow(flight, coming)];
    const shown = gone ? came : left;
    fillRow(this.find(".head"), shown, { now });
    for (const [part, row, view] of /** @type {[string, import("./wording.js").Row, {airport: string}][]} */ ([["leaving", left, leaving], ["coming", came, coming]])) {
      const place = this.find(`.${part}`);
      const name = names.airports[view.airport] ?? view.airport;
      fillRow(place, { ...row, place: name, code: name.includes(view.airport) ? "" : view.airport }, { now });
      place.classList.toggle("struck", row.struck && row.exp !== "");
      const gate = row.gate ? gettext("Gate {gate}", { gate: row.gate }) : "";
      const text = place.querySelector("[data-gate]");
      if (text.textContent !== gate) text.textContent = gate;
    }
    const link = this.find("[part=link]");
    link.href = service.flight.replace("{id}", encodeURIComponent(flight.id));
    this.write("link", gettext("More about this flight"));
    void this.learn([flight.origin, flight.destination, flight.diverted_to], [flight.carrier.iata ?? flight.carrier.icao]);
  }

  /** @param {any} detail */
  changed({ flight, changes }) {
    this.draw();
    if (flight.id !== this.chosen?.id) return;
    freshen(this.main);
    if (changes.some((/** @type {any} */ { kind }) => ANNOUNCED[kind])) {
      const view = { direction: /** @type {const} */ ("departures"), airport: flight.origin, zone: this.zone, now: /** @type {any} */ (this.client).now(), names: this.names };
      this.announce?.(announcement(boardRow(flight, view), changes));
    }
  }

  age() { this.draw(); }
}

if (globalThis.customElements && !customElements.get("flight-status")) customElements.define("flight-status", FlightStatus);
