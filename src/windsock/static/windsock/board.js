// @ts-check
/** The board page: the rows the server rendered, kept live. */

import { announcer, goLive } from "./live.js";
import { becauseOf, programmeLine, shownProgrammes } from "./programmes.js";
import { fillRow, freshen } from "./rows.js";
import { announcement, boardRow, inWindow, sortKey, wallClock } from "./wording.js";

/** @typedef {import("./types.js").Flight} Flight */

const root = /** @type {HTMLElement} */ (document.getElementById("board"));
const body = /** @type {HTMLElement} */ (root.querySelector("[data-rows]"));
const template = /** @type {HTMLTemplateElement} */ (root.querySelector("[data-row-template]"));
const none = /** @type {HTMLElement} */ (root.querySelector("[data-none]"));
const form = /** @type {HTMLFormElement} */ (root.querySelector("form"));
const search = /** @type {HTMLInputElement} */ (form.querySelector("[name=q]"));
const { airport = "", zone = "UTC", flightUrl = "", namesUrl = "" } = root.dataset;
const direction = /** @type {"departures"|"arrivals"} */ (root.dataset.direction);
const names = JSON.parse(/** @type {HTMLElement} */ (document.getElementById("names")).textContent ?? "{}");
const lateMinutes = Number(root.dataset.late);
const wall = document.documentElement.classList.contains("wall");
const HOUR = 3_600_000;
const STEP = 3 * HOUR;

let from = Date.parse(/** @type {string} */ (root.dataset.from));
let to = Date.parse(/** @type {string} */ (root.dataset.to));
// A window that nobody chose moves along with the clock.
const start = Date.parse(/** @type {string} */ (root.dataset.now));
let before = start - from, ahead = to - start;
const follow = root.dataset.follow === "true";
if (wall) before = HOUR / 4; // on a wall the next flights matter most

const announce = announcer();
const client = goLive([`${direction}:${airport}`], zone, [`programmes:${airport}`]);
const list = /** @type {HTMLElement} */ (root.querySelector("[data-programmes]"));
const lineTemplate = /** @type {HTMLTemplateElement} */ (root.querySelector("[data-programme-template]"));

/** @type {Map<string, HTMLElement>} */
const rows = new Map();
for (const tr of /** @type {NodeListOf<HTMLElement>} */ (body.querySelectorAll("tr"))) rows.set(tr.dataset.flight ?? "", tr);

/** @returns {import("./wording.js").BoardContext} */
const context = () => ({ direction, airport, zone, now: client.now(), names, lateMinutes, because: becauseOf(standing(), direction, client.now()) });
/** Returns the programmes at the airport; until the socket has delivered them, those that the page was rendered with. @returns {import("./programmes.js").Programme[]} */
const standing = () => client.session.topics.get(`programmes:${airport}`) ? client.programmes.get(airport)?.programmes ?? [] : rendered;
const rendered = JSON.parse(/** @type {HTMLElement} */ (document.getElementById("standing")).textContent ?? "[]");
const shown = () => /** @type {HTMLInputElement} */ (form.querySelector("[name=show]:checked"))?.value ?? "all";

/** The flights that have just changed; their rows are marked when drawn. @type {Set<string>} */
const news = new Set();
let drawing = false;

/** Draws soon, and only once for all events of this turn. */
function draw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    drawNow();
  });
}

function drawNow() {
  if (!client.session.complete) return; // until the snapshot arrives, the rows rendered by the server are right
  const now = client.now();
  drawProgrammes(now);
  if (follow) [from, to] = [now.getTime() - before, now.getTime() + ahead];
  const at = context();
  const inside = [...client.board.values()].filter((flight) => inWindow(flight, direction, new Date(from), new Date(to)));
  const texts = inside.map((flight) => ({ key: sortKey(flight, direction), row: boardRow(flight, at) }));
  texts.sort((a, b) => (a.key < b.key ? -1 : 1));
  // A number as people type it: "DL 1" and "dl0001" are DL1.
  const text = search.value.trim().toLowerCase().replace(/^([a-z]{3}|[a-z][a-z0-9]|[0-9][a-z])[ -]*0*([1-9]\d{0,3}[a-z]?)$/, "$1$2");
  const show = shown();
  const visible = texts.filter(({ row }) => (show === "all" || row.group === show) && row.search.includes(text));

  const keep = new Set(visible.map(({ row }) => row.id));
  for (const [id, tr] of rows) {
    if (keep.has(id)) continue;
    tr.remove();
    rows.delete(id);
  }
  /** @type {Element|null} */
  let next = body.firstElementChild;
  const upcoming = visible.find(({ row }) => row.planned !== null && row.planned >= now.getTime())?.row.id;
  for (const { row } of visible) {
    let tr = rows.get(row.id);
    const known = Boolean(tr);
    if (!tr) {
      tr = /** @type {HTMLElement} */ (/** @type {any} */ (template.content.firstElementChild).cloneNode(true));
      rows.set(row.id, tr);
    }
    fillRow(tr, row, { now, href: flightUrl.replace("ID", encodeURIComponent(row.id)), mark: known && news.has(row.id) });
    tr.classList.toggle("next", row.id === upcoming);
    if (tr === next) next = next.nextElementSibling;
    else body.insertBefore(tr, next);
  }
  news.clear();
  none.hidden = visible.length > 0;
  none.textContent = text || show !== "all" ? "No matching flights." : `No ${direction} in these hours.`;
  root.querySelector("table")?.classList.toggle("has-gates", visible.some(({ row }) => row.gate || row.terminal));
  for (const [value, count] of [["all", texts.length], ["delayed", texts.filter(({ row }) => row.group === "delayed").length],
    ["cancelled", texts.filter(({ row }) => row.group === "cancelled").length]]) {
    const place = root.querySelector(`[data-count="${value}"]`);
    if (place && place.textContent !== String(count)) place.textContent = String(count);
  }
  const words = root.querySelector("[data-window-text]");
  if (words) words.textContent = `${wallClock(new Date(from), zone).time} to ${wallClock(new Date(to), zone).time}`;
  void learn();
}

/** @param {Date} now */
function drawProgrammes(now) {
  const lines = shownProgrammes(standing(), direction, now).map((programme) => programmeLine(programme, zone, now));
  const items = /** @type {HTMLElement[]} */ ([...list.children]);
  for (const item of items.splice(lines.length)) item.remove();
  lines.forEach((line, index) => {
    let item = items[index];
    if (!item) list.append(item = /** @type {HTMLElement} */ (/** @type {any} */ (lineTemplate.content.firstElementChild).cloneNode(true)));
    item.dataset.kind = line.kind;
    let changed = false;
    for (const leaf of /** @type {NodeListOf<HTMLElement>} */ (item.querySelectorAll("[data-f]"))) {
      const text = /** @type {any} */ (line)[/** @type {string} */ (leaf.dataset.f)];
      if (leaf.textContent === text) continue;
      leaf.textContent = text;
      changed = true;
    }
    if (changed) freshen(item);
  });
  list.hidden = lines.length === 0;
}

/** Codes that have been looked up, so that an unknown one is looked up once. @type {Set<string>} */
const asked = new Set();

/** Fetches the names of codes that the page was rendered without. */
async function learn() {
  const airports = new Set(), carriers = new Set();
  for (const flight of client.board.values()) {
    for (const code of [flight.origin, flight.destination, flight.diverted_to]) if (code && !names.airports[code] && !asked.has(code)) airports.add(code);
    const carrier = flight.carrier.iata ?? flight.carrier.icao;
    if (carrier && !names.carriers[carrier] && !asked.has(carrier)) carriers.add(carrier);
  }
  if (!airports.size && !carriers.size) return;
  for (const code of [...airports, ...carriers]) asked.add(code);
  const query = new URLSearchParams();
  if (airports.size) query.set("airports", [...airports].slice(0, 300).join(","));
  if (carriers.size) query.set("carriers", [...carriers].slice(0, 300).join(","));
  try {
    const found = await (await fetch(`${namesUrl}?${query}`)).json();
    Object.assign(names.airports, found.airports);
    Object.assign(names.carriers, found.carriers);
    draw();
  } catch { /* the codes themselves stay: correct, if not pretty */ }
}

client.addEventListener("programmes", (event) => {
  const { changes } = /** @type {CustomEvent} */ (event).detail;
  for (const { kind, programme } of changes) {
    const [concerned] = shownProgrammes([programme], direction, client.now());
    if (!concerned) continue;
    const { what, why } = programmeLine(concerned, zone, client.now());
    announce(kind === "programme.ended" ? `Ended: ${what}.` : `${what}${why ? `, ${why}` : ""}.`);
  }
  draw();
});
client.addEventListener("snapshot", draw);
client.addEventListener("resumed", draw);
client.addEventListener("event", (event) => {
  const { flight, before, changes } = /** @type {CustomEvent} */ (event).detail;
  // An overdue flight grows later every quarter of an hour: its row changes quietly, or a bad day would only flicker.
  const step = before?.flags.includes("overdue") && changes.some((/** @type {any} */ change) => change.kind === "overdue.raised");
  if (step) return draw();
  news.add(flight.id);
  if (inWindow(flight, direction, new Date(from), new Date(to))) announce(announcement(boardRow(flight, context()), changes));
  draw();
});
// Time alone changes a board: flights leave the window, and updates grow old.
setInterval(draw, 5000);

search.addEventListener("input", remember);
form.addEventListener("change", remember);
form.addEventListener("submit", (event) => event.preventDefault());
for (const [name, move] of /** @type {[string, () => void][]} */ ([
  ["earlier", () => { from -= STEP; before += STEP; }],
  ["later", () => { to += STEP; ahead += STEP; }],
])) {
  root.querySelector(`[data-${name}]`)?.addEventListener("click", (event) => {
    if (!client.session.complete) return; // not live: follow the link
    event.preventDefault();
    move();
    draw();
  });
}

/** Puts the choice into the address, so that it can be kept and shared. */
function remember() {
  const url = new URL(location.href);
  for (const [name, value] of [["q", search.value.trim()], ["show", shown() === "all" ? "" : shown()]]) {
    if (value) url.searchParams.set(name, value);
    else url.searchParams.delete(name);
  }
  history.replaceState(null, "", url);
  draw();
}
