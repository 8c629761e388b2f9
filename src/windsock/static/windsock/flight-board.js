// @ts-check
/**
 * `<flight-board airport="JFK" direction="departures">`: a live board for any page. docs/how-to/elements.md lists its attributes,
 * parts and properties. Fonts and colors are those of the page around it.
 */

import { CALLED_OFF, RECENT, isPast } from "./board-choice.js";
import { KeyedRows } from "./keyed-rows.js";
import { gettext, pgettext } from "./language.js";
import { LiveElement } from "./live-element.js";
import { OrderedRows, momentsOf, nextMoment } from "./ordered-rows.js";
import { becauseOf } from "./programmes.js";
import { fillRow } from "./rows.js";
import { ANNOUNCED, WAITING_HOURS, announcement, boardRow, inWindow, sortKey } from "./wording.js";

const MINUTE = 60_000;
/** Minutes before now with which a board begins, and hours ahead if nobody chose them: as the board's page. */
const BEHIND = 30 * MINUTE, HOURS = 6;
/** Rows if nobody chose how many; more would make a page of its own. */
const ROWS = 30;

/** Column → its cell. */
const CELLS = {
  time: '<td role="cell" class="time"><span data-f="sched"></span><span data-f="day"></span></td>',
  expected: '<td role="cell" class="expected"><span data-f="qualifier"></span><span data-f="exp"></span></td>',
  place: '<td role="cell" class="place"><span data-f="place"></span> <span data-f="code"></span></td>',
  flight: '<th role="rowheader" scope="row" class="flight"><a data-f="flight" part="flight"></a></th>',
  gate: '<td role="cell" class="gate"><span data-f="gate" part="gate"></span><span data-f="belt" part="belt"></span></td>',
  status: '<td role="cell" class="status"><span data-f="state" part="state"></span><span data-f="why"></span></td>',
};

export class FlightBoard extends LiveElement {
  static observedAttributes = ["airport", "direction", "service", "hours", "rows", "columns", "lang", "scheme"];
  static style = `
table { inline-size: 100%; border-collapse: collapse; }
caption, th, td { text-align: start; font-weight: 400; }
caption { padding-block-end: 0.5em; }
thead th { font-size: 0.85em; padding: 0.3em 0; padding-inline-end: 0.8em; }
tbody td, tbody th { padding: var(--windsock-gap, 0.55em) 0; padding-inline-end: 0.8em; border-block-start: 1px solid var(--windsock-line, color-mix(in srgb, currentColor 30%, transparent)); overflow-wrap: anywhere; }
.time, .expected, .flight, .gate { white-space: nowrap; }
[data-f=sched], [data-f=exp] { font-size: var(--windsock-time, 1.25em); }
[data-f=place], [data-f=sched] { font-weight: 700; }
[data-f=code], [data-f=why], [data-f=day], [data-f=qualifier], [data-f=belt] { font-size: 0.85em; }
[data-f=why], [data-f=qualifier], [data-f=belt] { display: block; }
@container (inline-size < 30em) {
  thead { position: absolute; clip-path: inset(50%); inline-size: 1px; block-size: 1px; overflow: hidden; }
  table, tbody, caption { display: block; }
  tbody tr { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 0.6em; padding-block: var(--windsock-gap, 0.55em); border-block-start: 1px solid var(--windsock-line, color-mix(in srgb, currentColor 30%, transparent)); }
  tbody td, tbody th { padding: 0; border: 0; min-inline-size: 0; }
  td:not(:has(:not(:empty))) { display: none; }
  .place { flex: 1 1 5em; }
  .status { flex: 1 1 8em; }
  .flight { order: 1; } .status { order: 2; }
  .gate { order: 0; }
  tbody tr::after { content: ""; order: 0; flex-basis: 100%; }
}`;

  /** The flights that have just changed; their rows are marked when drawn. @type {Set<string>} */
  news = new Set();
  /** @type {import("./wording.js").BoardContext|null} */
  at = null;

  get airport() { return (this.getAttribute("airport") ?? "").trim().toUpperCase(); }
  /** @returns {"departures"|"arrivals"} */
  get direction() { return this.getAttribute("direction") === "arrivals" ? "arrivals" : "departures"; }
  get hours() { return Number(this.getAttribute("hours")) || HOURS; }
  get zone() { return this.names.zones[this.airport] ?? "UTC"; }

  lay() {
    const { airport, direction } = this;
    const service = /** @type {import("./service.js").Service} */ (this.service);
    if (!airport) return this.refuse(gettext("The attribute {attribute} is missing: an airport such as JFK.", { attribute: "airport" }));
    const chosen = (this.getAttribute("columns") ?? "").split(/[\s,]+/).filter((name) => name in CELLS);
    const columns = /** @type {(keyof typeof CELLS)[]} */ (chosen.length ? chosen : Object.keys(CELLS));
    const heads = { time: gettext("Scheduled"), expected: gettext("Expected"), flight: gettext("Flight"), gate: gettext("Gate"), status: gettext("Status"),
      place: direction === "departures" ? pgettext("column", "To") : pgettext("column", "From") };
    this.main.innerHTML = `<table part="table" role="table"><caption part="caption"></caption><thead role="rowgroup"><tr role="row">${
      columns.map((name) => `<th role="columnheader" scope="col" class="${name}"></th>`).join("")}</tr></thead><tbody role="rowgroup"></tbody></table>`;
    for (const name of columns) this.find(`th.${name}`).textContent = heads[name];
    const template = document.createElement("template");
    template.innerHTML = `<tr part="row" role="row">${columns.map((name) => CELLS[name]).join("")}</tr>`;
    this.board = new OrderedRows({
      inside: (flight) => inWindow(flight, direction, new Date(this.now - BEHIND), new Date(this.now + this.hours * 60 * MINUTE)),
      row: (flight) => boardRow(flight, /** @type {any} */ (this.at)),
      key: (flight) => sortKey(flight, direction),
      matches: (row, flight) => !isPast(flight, row, direction, this.now),
      due: (flight, now) => nextMoment(momentsOf(flight), [0, service.late_minutes * MINUTE, RECENT + 1, CALLED_OFF + 1, -this.hours * 60 * MINUTE, BEHIND, WAITING_HOURS * 60 * MINUTE + BEHIND], now),
    });
    this.table = new KeyedRows(this.find("tbody"), template, (tr, entry, added) => {
      this.board?.reread(entry, this.now);
      if (entry.row) fillRow(tr, entry.row, { now: new Date(this.now), href: service.flight.replace("{id}", encodeURIComponent(entry.id)), mark: !added && this.news.has(entry.id) });
    });
    const link = this.find("[part=link]");
    link.href = service.board.replace("{airport}", airport).replace("{direction}", direction);
    this.write("link", direction === "departures" ? gettext("All departures") : gettext("All arrivals"));
    this.follow([`${direction}:${airport}`], [`programmes:${airport}`]);
    void this.learn([airport], []);
  }

  /** @returns {[import("./live-element.js").ElementState, string]} */
  get content() {
    const { airport, direction } = this;
    if (!this.names.answered.has(`airports${airport}`)) return ["connecting", gettext("Connecting")];
    if (!this.names.zones[airport]) return ["unknown", gettext("No airport has the code {code}.", { code: airport })];
    if (this.board?.visible.length) return ["live", ""];
    const hours = this.hours;
    return ["empty", direction === "departures" ? gettext("No departures in the next {hours} hours", { hours }) : gettext("No arrivals in the next {hours} hours", { hours })];
  }

  get now() { return this.at?.now.getTime() ?? Date.now(); }

  /** @private */
  look() {
    const client = /** @type {import("./client.js").WindsockClient} */ (this.client), { airport, direction } = this;
    const now = client.now();
    this.at = { direction, airport, zone: this.zone, now, names: this.names, lateMinutes: this.service?.late_minutes,
      because: becauseOf(client.programmes.get(airport)?.programmes ?? [], direction, now) };
  }

  draw() {
    const { client, board } = this;
    if (!client?.session.complete || !board) return;
    if (!this.names.zones[this.airport]) return void this.learn([this.airport], []);
    this.look();
    board.load(client.board.values(), this.now);
    this.show();
    const flights = board.visible.map(({ flight }) => flight);
    const place = this.names.airports[this.airport];
    this.write("caption", this.direction === "departures" ? gettext("Departures from {place}", { place }) : gettext("Arrivals at {place}", { place }));
    void this.learn(flights.flatMap((flight) => [flight.origin, flight.destination, flight.diverted_to]), flights.map((flight) => flight.carrier.iata ?? flight.carrier.icao));
  }

  /** @private */
  show() {
    const rows = Number(this.getAttribute("rows")) || ROWS;
    this.table?.draw((this.board?.visible ?? []).slice(0, rows));
    this.news.clear();
  }

  /** @param {any} detail */
  changed({ flight, before, changes }) {
    const { client, board } = this;
    if (!client?.session.complete || !board || !this.at) return this.draw();
    this.look();
    this.news.add(flight.id);
    for (const id of flight.former_ids ?? []) board.drop(id);
    if (!client.board.has(flight.id)) board.drop(flight.id);
    else board.put(flight, this.now);
    const quiet = before?.flags.includes("overdue") && changes.some((/** @type {any} */ change) => change.kind === "overdue.raised");
    const row = board.entries.get(flight.id)?.row;
    if (row && !quiet && changes.some((/** @type {any} */ { kind }) => ANNOUNCED[kind])) this.announce?.(announcement(row, changes));
    this.show();
    void this.learn([flight.origin, flight.destination, flight.diverted_to], [flight.carrier.iata ?? flight.carrier.icao]);
  }

  age() {
    if (!this.board) return;
    if (!this.at) return this.draw();
    this.look();
    if (this.board.tick(this.now).changed.length) this.show();
  }
}

if (globalThis.customElements && !customElements.get("flight-board")) customElements.define("flight-board", FlightBoard);
