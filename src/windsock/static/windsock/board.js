// @ts-check
/** The board page: the rows the server rendered, kept live. */

import { announcer } from "./announcer.js";
import { CALLED_OFF, RECENT, USUAL, changeOf, isPast, matches, narrows, orderKey, searchedFirst } from "./board-choice.js";
import { listenToKeys } from "./board-keys.js";
import { gettext, ngettext } from "./language.js";
import { goLive } from "./live.js";
import { becauseOf, programmeLine, shownProgrammes } from "./programmes.js";
import { OrderedRows, momentsOf, nextMoment } from "./ordered-rows.js";
import { RowTable } from "./row-table.js";
import { fillRow, freshen } from "./rows.js";
import { ANNOUNCED, WAITING_HOURS, announcement, boardRow, inWindow, sortKey, spaced, wallClock } from "./wording.js";

/** @typedef {import("./types.js").Flight} Flight */

const root = /** @type {HTMLElement} */ (document.getElementById("board"));
const body = /** @type {HTMLElement} */ (root.querySelector("[data-rows]"));
const pastLine = /** @type {HTMLElement} */ (root.querySelector("[data-past]"));
const template = /** @type {HTMLTemplateElement} */ (root.querySelector("[data-row-template]"));
const none = /** @type {HTMLElement} */ (root.querySelector("[data-none]"));
const form = /** @type {HTMLFormElement} */ (root.querySelector("form"));
const search = /** @type {HTMLInputElement} */ (form.querySelector("[name=q]"));
/** @type {[keyof import("./board-choice.js").Choice, string][]} */
const FIELDS = [["text", "q"], ["show", "show"], ["terminal", "terminal"], ["carrier", "carrier"], ["sort", "sort"], ["times", "times"]];
const { airport = "", zone = "UTC", flightUrl = "", namesUrl = "" } = root.dataset;
const direction = /** @type {"departures"|"arrivals"} */ (root.dataset.direction);
const names = JSON.parse(/** @type {HTMLElement} */ (document.getElementById("names")).textContent ?? "{}");
const ownZone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
const lateMinutes = Number(root.dataset.late);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Milliseconds between two ticks at least: a replay at 60× has a minute every second, which is as often as anybody looks. */
const MIN_TICK = 1000;
const STEP = 3 * HOUR;

let from = Date.parse(/** @type {string} */ (root.dataset.from));
let to = Date.parse(/** @type {string} */ (root.dataset.to));
// A window that nobody chose moves along with the clock.
const start = Date.parse(/** @type {string} */ (root.dataset.now));
let before = start - from, ahead = to - start;
const follow = root.dataset.follow === "true";

const announce = announcer(document.querySelector("[data-announce]"));
const client = goLive([`${direction}:${airport}`], zone, [`programmes:${airport}`]);
const list = /** @type {HTMLElement} */ (root.querySelector("[data-programmes]"));
const lineTemplate = /** @type {HTMLTemplateElement} */ (root.querySelector("[data-programme-template]"));

/** @returns {import("./wording.js").BoardContext} */
const context = () => ({ direction, airport, zone: { utc: "UTC", own: ownZone }[choice.times] ?? zone, now: client.now(), names, lateMinutes, because: becauseOf(standing(), direction, client.now()) });
/** Returns the programmes at the airport; until the socket has delivered them, those that the page was rendered with. @returns {import("./programmes.js").Programme[]} */
const standing = () => client.session.topics.get(`programmes:${airport}`) ? client.programmes.get(airport)?.programmes ?? [] : rendered;
const rendered = JSON.parse(/** @type {HTMLElement} */ (document.getElementById("standing")).textContent ?? "[]");
/** What the form says. @returns {import("./board-choice.js").Choice} */
function chosen() {
  const data = new FormData(form);
  const found = { ...USUAL };
  for (const [name, field] of FIELDS) found[name] = String(data.get(field) ?? USUAL[name]).trim();
  return found;
}

let choice = chosen();
let past = root.dataset.past === "true";
/** What has changed of a row, for a minute. @type {Map<string, string>} */
const changes = new Map();

let at = context();
const board = new OrderedRows({
  inside: (flight) => inWindow(flight, direction, new Date(from), new Date(to)),
  row: (flight) => boardRow(flight, at),
  key: (flight, row) => orderKey(flight, row, direction, choice.sort, sortKey(flight, direction)),
  matches: (row, flight) => matches(flight, row, direction, choice) && (past || !follow || narrows(choice) || !isPast(flight, row, direction, at.now.getTime())),
  groups: (row, flight) => [...(row.group ? [row.group] : []), ...(row.waiting ? ["waiting"] : []),
    ...(row.gate || row.terminal || row.belt ? ["gated"] : []), ...(isPast(flight, row, direction, at.now.getTime()) ? ["past"] : [])],
  // A row enters the hours shown, grows late, becomes an earlier one, and leaves them.
  due: (flight, now) => nextMoment(momentsOf(flight), [0, lateMinutes * MINUTE, RECENT + 1, CALLED_OFF + 1, -ahead, before, before + WAITING_HOURS * HOUR], now),
});
/** The flights that have just changed; their rows are marked when drawn. @type {Set<string>} */
const news = new Set();
const table = new RowTable(body, template, (tr, entry, added) => {
  board.reread(entry, at.now.getTime());
  const { id, row } = entry;
  if (!row) return;
  const shown = { ...row, change: changes.get(id) ?? "", also: searchedFirst(row.also, choice.text),
    exp: choice.times === "left" && row.countdown ? row.countdown : row.exp };
  fillRow(tr, shown, { now: at.now, href: flightUrl.replace("ID", encodeURIComponent(id)), mark: !added && news.has(id) });
});

/** Says what changed of a row, for a minute. @param {string} id @param {string} words */
function sayChange(id, words) {
  if (!words) return;
  changes.set(id, words);
  setTimeout(() => {
    if (changes.get(id) !== words) return;
    changes.delete(id);
    const entry = board.entries.get(id);
    if (entry) table.touch(entry);
  }, MINUTE);
}

/** The flights to read again in the next frame, and whether that is all of them. @type {Set<string>} */
const changed = new Set();
let everything = false, drawing = false;

/** Draws in the next frame, and only once for all events until then. @param {string[]|null} ids null: everything may differ */
function draw(ids = null) {
  if (ids) for (const id of ids) changed.add(id);
  else everything = true;
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    drawNow();
  });
}

function drawNow() {
  if (!client.session.complete) return; // until the snapshot arrives, the rows rendered by the server are right
  at = context();
  const now = at.now.getTime();
  if (everything) {
    if (follow) [from, to] = [now - before, now + ahead];
    board.load(client.board.values(), now);
    learn(client.board.values());
    offer([...board.entries.values()].filter(({ inside }) => inside).map(({ flight }) => flight));
    table.draw(board.visible, { glide: true });
    root.querySelector("[data-parts]")?.remove(); // all parts are here now
    drawProgrammes(at.now);
    drawHours();
  } else {
    const flights = [];
    let order = false;
    for (const id of changed) {
      const flight = client.board.get(id);
      if (flight) flights.push(flight);
      const former = news.has(id) ? board.entries.get(id)?.row ?? null : null;
      const what = flight ? board.put(flight, now) : board.drop(id);
      const current = board.entries.get(id)?.row;
      if (former && current) sayChange(id, changeOf(former, current));
      if (what === "order") order = true;
      const entry = board.entries.get(id);
      if (what === "row" && entry) table.touch(entry);
    }
    if (order) table.draw(board.visible, { glide: true });
    learn(flights);
    offer(flights.filter(({ id }) => board.entries.get(id)?.inside));
  }
  changed.clear();
  news.clear();
  everything = false;
  drawCounts();
}

/** Time alone changes a board, from minute to minute: flights come and leave, and updates grow old. */
function tick() {
  if (client.session.complete && !everything) {
    at = context();
    const now = at.now.getTime();
    if (follow) [from, to] = [now - before, now + ahead];
    if (board.tick(now).order) table.draw(board.visible, { glide: true });
    else table.touchAll(); // ages, and the time that is left
    drawProgrammes(at.now);
    drawHours();
    drawCounts();
  }
  arm();
}

/** The next flight by the plan. */
let next = "";
/** @type {any} */
let timer = null;
/** Ticks at the next minute of the service's clock, which a replay may turn much faster. */
function arm() {
  clearTimeout(timer);
  const speed = client.clock ? client.clock.speed : 1;
  const wait = speed > 0 ? (MINUTE - client.now().getTime() % MINUTE) / speed : MINUTE;
  timer = setTimeout(tick, Math.min(MINUTE, Math.max(MIN_TICK, wait)));
}

function drawCounts() {
  const now = at.now.getTime();
  next = board.visible.find(({ row }) => row && row.planned !== null && row.planned >= now)?.id ?? "";
  for (const tr of table.rows.values()) {
    const is = tr.dataset.flight === next;
    if (tr.classList.contains("next") !== is) tr.classList.toggle("next", is);
  }
  drawPast();
  const empty = board.visible.length === 0;
  if (none.hidden === empty) none.hidden = !empty;
  if (empty) write(none, narrows(choice) ? gettext("No matching flights.") : direction === "departures" ? gettext("No departures in these hours.") : gettext("No arrivals in these hours."));
  const gated = (board.counts.get("gated") ?? 0) > 0;
  if (table.table.classList.contains("has-gates") !== gated) table.table.classList.toggle("has-gates", gated);
  for (const value of ["all", "delayed", "waiting", "cancelled"]) {
    const place = root.querySelector(`[data-count="${value}"]`);
    if (place) write(place, String(board.counts.get(value) ?? 0));
  }
}

/** Offers the earlier flights, of which a board that begins now leaves out most. */
function drawPast() {
  const count = follow && !narrows(choice) ? board.counts.get("past") ?? 0 : 0;
  if (pastLine.classList.contains("nothing") !== (count === 0)) pastLine.classList.toggle("nothing", count === 0);
  const link = pastLine.querySelector("a");
  if (link && count) write(link, past ? gettext("Hide earlier flights") : ngettext("{count} earlier flight", "{count} earlier flights", count));
}

function drawHours() {
  const words = root.querySelector("[data-window-text]");
  if (words) write(words, gettext("{since} to {until}", { since: wallClock(new Date(from), zone).time, until: wallClock(new Date(to), zone).time }));
}

/** Offers the terminals and airlines of flights that have come since the page was rendered. @param {Iterable<Flight>} flights */
function offer(flights) {
  for (const flight of flights) {
    const { terminal } = direction === "departures" ? flight.departure : flight.arrival;
    if (terminal) addOption("terminal", terminal, terminal);
    const [code] = spaced(flight.designator).split(" "), carrier = flight.carrier.iata ?? flight.carrier.icao ?? "";
    addOption("carrier", code, names.carriers[carrier] || carrier || code);
  }
}

/** What was offered before, since a large board asks for the same again and again. @type {Set<string>} */
const offered = new Set();

/** @param {"terminal"|"carrier"} name @param {string} value @param {string} words */
function addOption(name, value, words) {
  const seen = `${name} ${value} ${words}`;
  if (offered.has(seen)) return;
  offered.add(seen);
  const select = /** @type {HTMLSelectElement} */ (form.querySelector(`[name=${name}]`));
  const options = [...select.options];
  const known = options.find((option) => option.value === value);
  if (known) return write(known, words);
  // The first one means all of them.
  const after = options.find((option, index) => index > 0 && option.text.localeCompare(words) > 0);
  select.add(new Option(words, value), after ?? null);
  /** @type {HTMLElement} */ (select.closest("label")).hidden = false;
}

/** @param {string} name of a select @returns {string} the words of what is chosen there */
const wordsOf = (name) => /** @type {HTMLSelectElement} */ (form.querySelector(`[name=${name}]`)).selectedOptions[0]?.text ?? "";

/** @param {Element} place @param {string} words */
function write(place, words) {
  if (place.textContent !== words) place.textContent = words;
}

/** @param {Date} now */
function drawProgrammes(now) {
  table.still(() => drawLines(now));
}

/** @param {Date} now */
function drawLines(now) {
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

/** Fetches the names of codes that the page was rendered without. @param {Iterable<Flight>} flights */
async function learn(flights) {
  const airports = new Set(), carriers = new Set();
  for (const flight of flights) {
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
    announce(`${kind === "programme.ended" ? gettext("Ended: {measure}", { measure: what }) : [what, why].filter(Boolean).join(", ")}.`);
  }
  draw();
});
client.addEventListener("snapshot", () => draw());
client.addEventListener("resumed", () => draw());
// A replay may have begun, or been given another speed.
client.addEventListener("head", arm);
client.addEventListener("event", (event) => {
  const { flight, before, changes } = /** @type {CustomEvent} */ (event).detail;
  // An overdue flight grows later every quarter of an hour: its row changes quietly, or a bad day would only flicker.
  const step = before?.flags.includes("overdue") && changes.some((/** @type {any} */ change) => change.kind === "overdue.raised");
  const ids = [flight.id, ...(flight.former_ids ?? [])];
  if (step) return draw(ids);
  news.add(flight.id);
  if (changes.some((/** @type {any} */ { kind }) => ANNOUNCED[kind]) && inWindow(flight, direction, new Date(from), new Date(to))) {
    announce(announcement(boardRow(flight, context()), changes));
  }
  draw(ids);
});
arm();

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

/** Puts the choice into the address, so that it can be kept and shared, and draws it. */
function remember() {
  const rewritten = choice.times;
  choice = chosen();
  const url = new URL(location.href);
  url.searchParams.delete("part");
  for (const [name, field] of FIELDS) {
    if (choice[name] === USUAL[name]) url.searchParams.delete(field);
    else url.searchParams.set(field, choice[name]);
  }
  history.replaceState(null, "", url);
  const order = root.querySelector("[data-order]");
  if (order) write(order, gettext("Sorted by: {order}. Times: {times}.", { order: wordsOf("sort"), times: wordsOf("times") }));
  if (!client.session.complete) return;
  if (choice.times !== rewritten) return draw();
  board.filter();
  table.draw(board.visible);
  drawCounts();
}

pastLine.querySelector("a")?.addEventListener("click", (event) => {
  if (!client.session.complete) return; // not live: follow the link
  event.preventDefault();
  past = !past;
  board.filter();
  table.draw(board.visible);
  drawCounts();
});

/** Gives all times in another way. */
function turnTimes() {
  const times = /** @type {HTMLSelectElement} */ (form.querySelector("[name=times]"));
  times.selectedIndex = (times.selectedIndex + 1) % times.options.length;
  remember();
}
body.addEventListener("click", (event) => {
  if (/** @type {HTMLElement} */ (event.target).closest(".c-time, .c-exp")) turnTimes();
});

/** Goes to the row at this place. @param {number} index */
const goTo = (index) => table.reveal(index)?.querySelector("a")?.focus({ preventScroll: true });
listenToKeys(root, {
  step: (id, by) => goTo(board.indexOf(id) + by),
  next: () => goTo(Math.max(0, board.visible.findIndex(({ id }) => id === next))),
  turnTimes,
});
