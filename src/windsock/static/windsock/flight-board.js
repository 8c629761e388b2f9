// @ts-check
/**
 * `<flight-board airport="JFK" direction="departures">`: a live board for any page.
 *
 * Attributes: `airport`, `direction` (departures, arrivals), `service` (the address of the Windsock service; default: the one that
 * served this script), `hours` (hours ahead, default 6), `ticket-url` (for services that require tickets: an address of the
 * page's own site that answers with a ticket, fetched for each connection). It looks like the page around it: fonts and
 * colors are inherited; `::part(table)`, `::part(row)` and the custom properties --windsock-late,
 * --windsock-cancelled, --windsock-line style it further. The host page needs no CSP beyond connect-src for the service.
 */

import { WindsockClient, socketUrl } from "./client.js";
import { becauseOf } from "./programmes.js";
import { fillRow } from "./rows.js";
import { boardRow, inWindow, sortKey } from "./wording.js";

const HOUR = 3_600_000;
const Element = /** @type {typeof HTMLElement} */ (globalThis.HTMLElement ?? class {}); // node has none

const STYLE = `
  :host { display: block; font-variant-numeric: tabular-nums; }
  table { width: 100%; border-collapse: collapse; }
  caption, th, td { text-align: left; }
  caption { padding: 0 0 0.5em; }
  thead th { font-weight: 400; font-size: 0.85em; opacity: 0.75; padding: 0.3em 0.8em 0.3em 0; }
  tbody td, tbody th { padding: 0.55em 0.8em 0.55em 0; font-weight: 400; border-top: 1px solid var(--windsock-line, color-mix(in srgb, currentColor 22%, transparent)); }
  [data-f=sched], [data-f=exp] { font-size: 1.25em; }
  [data-f=place], [data-f=sched] { font-weight: 700; }
  [data-f=code], [data-f=why], [data-f=day] { font-size: 0.85em; opacity: 0.8; margin-left: 0.35em; }
  [data-f=why], [data-f=qualifier], [data-f=belt] { display: block; margin: 0; }
  [data-f=qualifier], [data-f=belt] { font-size: 0.85em; opacity: 0.8; }
  [data-tone=late] [data-f=state], [data-tone=overdue] [data-f=state] { color: var(--windsock-late, light-dark(#a33d00, #ffa45c)); font-weight: 700; }
  [data-tone=cancelled] [data-f=state], [data-tone=diverted] [data-f=state] { color: var(--windsock-cancelled, light-dark(#b01818, #ff8078)); font-weight: 700; }
  [data-tone=gone] { opacity: 0.75; }
  tr.fresh > * { background: color-mix(in srgb, currentColor 14%, transparent); }
  tr.fading > * { transition: background-color 2s; }
  @media (prefers-reduced-motion: reduce) { * { transition: none !important; } }
`;
const ROW = `<tr part="row"><td><span data-f="sched"></span><span data-f="day"></span></td><td><span data-f="qualifier"></span><span data-f="exp"></span></td>
  <td><span data-f="place"></span><span data-f="code"></span></td><th scope="row"><a data-f="flight" part="flight"></a></th>
  <td><span data-f="gate" part="gate"></span><span data-f="belt" part="belt"></span></td><td><span data-f="state" part="state"></span><span data-f="why"></span></td></tr>`;
const FRAME = `<table part="table"><caption part="caption"></caption><thead><tr><th scope="col">Scheduled</th><th scope="col">Expected</th>
  <th scope="col" class="place"></th><th scope="col">Flight</th><th scope="col">Gate</th><th scope="col">Status</th></tr></thead>
  <tbody></tbody></table>`;

export class FlightBoard extends Element {
  static observedAttributes = ["airport", "direction", "service", "hours"];

  /** @type {WindsockClient|null} */
  client = null;
  /** @type {{airports: Record<string, string>, carriers: Record<string, string>, zones: Record<string, string>}} */
  names = { airports: {}, carriers: {}, zones: {} };
  /** @type {Map<string, HTMLElement>} */
  rows = new Map();
  /** @type {Set<string>} */
  asked = new Set();
  /** @type {Set<string>} */
  news = new Set();
  /** @type {any} */
  timer = null;

  get airport() { return (this.getAttribute("airport") ?? "").toUpperCase(); }
  /** @returns {"departures"|"arrivals"} */
  get direction() { return this.getAttribute("direction") === "arrivals" ? "arrivals" : "departures"; }
  /** The service's address with its path, ending in a slash; the service may be below a path. */
  get service() {
    const script = new URL(import.meta.url);
    const given = this.getAttribute("service") ?? script.origin + (/^(.*\/)static\/windsock\//.exec(script.pathname)?.[1] ?? "/");
    const url = new URL(given, script);
    if (!url.pathname.endsWith("/")) url.pathname += "/";
    return url.href;
  }

  /** The address of its socket. */
  get socket() {
    const url = new URL(socketUrl(this.service));
    url.pathname = new URL("ws/flight-delay/", this.service).pathname;
    return url.href;
  }

  connectedCallback() {
    if (!this.shadowRoot) {
      const root = this.attachShadow({ mode: "open" });
      const sheet = new CSSStyleSheet(); // a constructed sheet needs no 'unsafe-inline'
      sheet.replaceSync(STYLE);
      root.adoptedStyleSheets = [sheet];
      root.innerHTML = FRAME;
    }
    this.begin();
  }

  disconnectedCallback() { this.end(); }

  attributeChangedCallback() {
    if (this.client) {
      this.end();
      this.begin();
    }
  }

  begin() {
    if (!this.airport) return;
    const shadow = /** @type {ShadowRoot} */ (this.shadowRoot);
    /** @type {any} */ (shadow.querySelector(".place")).textContent = this.direction === "departures" ? "To" : "From";
    const ticketUrl = this.getAttribute("ticket-url");
    this.client = new WindsockClient({
      url: this.socket,
      topics: [`${this.direction}:${this.airport}`],
      ticket: ticketUrl ? async () => (await (await fetch(ticketUrl, { method: "POST" })).json()).ticket : undefined,
    });
    const caption = /** @type {HTMLElement} */ (shadow.querySelector("caption"));
    const label = () => {
      const city = this.names.airports[this.airport] ?? this.airport;
      const live = this.client?.state === "live" ? "" : this.client?.state === "closed" ? " (offline)" : " (connecting)";
      caption.textContent = `${this.direction === "departures" ? "Departures" : "Arrivals"} ${city}${live}`;
    };
    this.client.addEventListener("state", () => {
      label();
      // In a request of its own, so that a service that is older than this script refuses nothing else.
      if (this.client?.state === "live") this.client.subscribe(`programmes:${this.airport}`);
      this.draw();
    });
    this.client.addEventListener("programmes", () => this.draw());
    this.client.addEventListener("snapshot", () => this.draw());
    this.client.addEventListener("event", (event) => {
      this.news.add(/** @type {CustomEvent} */ (event).detail.flight.id);
      this.draw();
    });
    this.client.start();
    this.timer = setInterval(() => this.draw(), 10_000);
    void this.learn([this.airport], []).then(label);
  }

  end() {
    clearInterval(this.timer);
    this.client?.stop();
    this.client = null;
    for (const tr of this.rows.values()) tr.remove();
    this.rows.clear();
  }

  draw() {
    const { client, direction, airport } = this;
    const zone = this.names.zones[airport];
    if (!client || !zone || !client.session.complete) return;
    const now = client.now();
    const from = new Date(now.getTime() - HOUR / 2), to = new Date(now.getTime() + Number(this.getAttribute("hours") ?? 6) * HOUR);
    const flights = [...client.board.values()].filter((flight) => inWindow(flight, direction, from, to));
    flights.sort((a, b) => (sortKey(a, direction) < sortKey(b, direction) ? -1 : 1));
    const body = /** @type {HTMLElement} */ (this.shadowRoot?.querySelector("tbody"));
    const template = document.createElement("template");
    template.innerHTML = ROW;
    const keep = new Set(flights.map((flight) => flight.id));
    for (const [id, tr] of this.rows) {
      if (keep.has(id)) continue;
      tr.remove();
      this.rows.delete(id);
    }
    let next = body.firstElementChild;
    const because = becauseOf(client.programmes.get(airport)?.programmes ?? [], direction, now);
    for (const flight of flights) {
      const row = boardRow(flight, { direction, airport, zone, now, names: this.names, because });
      const known = this.rows.get(row.id);
      const tr = known ?? /** @type {HTMLElement} */ (/** @type {any} */ (template.content.firstElementChild).cloneNode(true));
      this.rows.set(row.id, tr);
      fillRow(tr, row, { now, href: new URL(`flights/${encodeURIComponent(row.id)}/`, this.service).href, mark: Boolean(known) && this.news.has(row.id) });
      if (tr === next) next = next.nextElementSibling;
      else body.insertBefore(tr, next);
    }
    this.news.clear();
    void this.learn(
      flights.flatMap((flight) => [flight.origin, flight.destination, flight.diverted_to]),
      flights.map((flight) => flight.carrier.iata ?? flight.carrier.icao),
    );
  }

  /** Fetches names that have not been fetched before, then draws again. @param {(string|null)[]} airports @param {(string|null)[]} carriers */
  async learn(airports, carriers) {
    const fresh = (/** @type {(string|null)[]} */ codes) => [...new Set(codes)].filter((code) => code && !this.asked.has(code)).slice(0, 300);
    const [places, lines] = [fresh(airports), fresh(carriers)];
    if (!places.length && !lines.length) return;
    for (const code of [...places, ...lines]) this.asked.add(/** @type {string} */ (code));
    const url = new URL("names.json", this.service);
    if (places.length) url.searchParams.set("airports", places.join(","));
    if (lines.length) url.searchParams.set("carriers", lines.join(","));
    try {
      const found = await (await fetch(url)).json();
      for (const kind of /** @type {const} */ (["airports", "carriers", "zones"])) Object.assign(this.names[kind], found[kind]);
      this.draw();
    } catch {
      for (const code of [...places, ...lines]) this.asked.delete(/** @type {string} */ (code));
    }
  }
}

if (globalThis.customElements && !customElements.get("flight-board")) customElements.define("flight-board", FlightBoard);
