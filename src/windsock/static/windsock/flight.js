// @ts-check
/** The page of one flight: after each of its events it fetches the part that changes from the server, and changes only that. */

import { announcer } from "./announcer.js";
import { wireActions } from "./flight-actions.js";
import { goLive } from "./live.js";
import { patch } from "./patch.js";
import { freshen, turn } from "./rows.js";
import { showTimes } from "./time-choice.js";
import { minutesBetween, MINUTE } from "./times.js";
import { duration } from "./wording.js";

/** Milliseconds for which a text that changed says what it was. */
const FROM_MS = 60_000;

/** Without an event, states and lower bounds move on with the clock, in steps of five minutes. */
const RENEW_EVERY = 5 * MINUTE;

/** Real milliseconds between two fetches without an event, at least: a replay's minutes may be seconds. */
const RENEW_PAUSE = 20_000;

const root = /** @type {HTMLElement} */ (document.getElementById("flight"));
const id = root.dataset.flight ?? "";
const announce = announcer(document.querySelector("[data-announce]"));
/** Airport → the version of its programmes that the page shows. @type {Record<string, number>} */
let shown = JSON.parse(/** @type {HTMLElement} */ (document.getElementById("programme-versions")).textContent ?? "{}");
/** Flight → the version that the page shows: its own, and its aircraft's previous one. @type {Record<string, number>} */
let versions = { [id]: Number(root.dataset.version), ...related() };
const client = goLive([`flight:${id}`], root.dataset.zone ?? "UTC", [...Object.keys(shown).map((code) => `programmes:${code}`), ...Object.keys(related()).map((flight) => `flight:${flight}`)]);
const actions = wireActions(root, () => client.now(), announce);
const newer = () => Object.entries(versions).some(([flight, version]) => (client.board.get(flight)?.version ?? 0) > version)
  || [...client.programmes.values()].some((standing) => standing.version > (shown[standing.airport] ?? 0));
let asking = false, asked = Date.now(), renewed = client.now().getTime();

/** @returns {Record<string, number>} the other flights that the page shows and follows, with their versions */
function related() {
  const found = /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-follow]"));
  return Object.fromEntries([...found].map((line) => [line.dataset.follow ?? "", Number(line.dataset.version)]));
}

/** @param {boolean} [anyway] also if nothing is newer */
async function refresh(anyway = false) {
  if (asking || !(anyway || newer())) return;
  asking = true;
  asked = Date.now();
  renewed = client.now().getTime();
  // Whatever the server renders from here on is at least as new as these versions.
  const programmes = Object.fromEntries([...client.programmes.values()].map((standing) => [standing.airport, standing.version]));
  const flights = Object.fromEntries(Object.keys(versions).map((flight) => [flight, client.board.get(flight)?.version ?? 0]));
  try {
    const response = await fetch("?part=1");
    if (response.redirected || !response.ok) throw new Error(`HTTP ${response.status}`);
    const before = versions[id];
    const known = new Set([...root.querySelectorAll("li[data-key]")].map((entry) => /** @type {HTMLElement} */ (entry).dataset.key));
    const part = new DOMParser().parseFromString(await response.text(), "text/html");
    showTimes(part, actions.clock(), client.now());
    patch(root, part.body.appendChild(fresh(part)), mark);
    const follows = related();
    for (const flight of Object.keys(follows)) if (!(flight in versions)) client.subscribe(`flight:${flight}`);
    versions = { [id]: Math.max(Number(response.headers.get("X-Flight-Version")), flights[id] ?? 0), ...follows };
    for (const flight of Object.keys(follows)) versions[flight] = Math.max(versions[flight], flights[flight] ?? 0);
    shown = { ...shown, ...programmes };
    for (const entry of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("li[data-key]"))) {
      if (!known.has(entry.dataset.key)) freshen(entry);
    }
    document.title = /** @type {HTMLElement} */ (root.querySelector("[data-title]"))?.dataset.title ?? document.title;
    if (!anyway) announce(root.querySelector(versions[id] > before ? ".verdict" : ".programmes b")?.textContent ?? "");
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 2000)); // the service restarts: try again shortly
  }
  asking = false;
  void refresh();
}

/** @param {Document} part @returns {HTMLElement} an element like the root that holds the part's content */
function fresh(part) {
  const holder = /** @type {HTMLElement} */ (root.cloneNode(false));
  holder.append(...part.body.childNodes);
  return holder;
}

/** @type {WeakMap<Element, any>} */
const timers = new WeakMap();

/** Turns a text that changed, and says for a while what it was. @param {Element} element @param {string} before */
function mark(element, before) {
  if (actions.clock() === "from now") return; // it changes every minute
  turn(/** @type {HTMLElement} */ (element));
  element.setAttribute("data-from", before);
  clearTimeout(timers.get(element));
  timers.set(element, setTimeout(() => element.removeAttribute("data-from"), FROM_MS));
}

/** Moves on with the clock: the number counts down, and what depends on the time alone is fetched again at times. */
function tick() {
  const now = client.now();
  const number = /** @type {HTMLElement|null} */ (root.querySelector("[data-until]"));
  let passed = false;
  if (number) {
    const minutes = minutesBetween(Math.floor(now.getTime() / MINUTE) * MINUTE, Date.parse(number.dataset.until ?? ""));
    const text = duration(minutes);
    if (minutes > 0 && number.textContent !== text) number.textContent = text;
    passed = minutes <= 0;
  }
  if (actions.clock() === "from now") showTimes(root, "from now", now);
  const due = passed || now.getTime() - renewed >= RENEW_EVERY;
  if (due && client.state === "live" && !document.hidden && Date.now() - asked >= RENEW_PAUSE) void refresh(true);
}

for (const name of ["event", "programmes", "snapshot", "resumed"]) client.addEventListener(name, () => void refresh());
setInterval(tick, 1000);
