// @ts-check
/** My flights: the list of this browser, its cards fetched from the server after each event, and what changed since the last look. */

import { announcer } from "./announcer.js";
import { gettext, language } from "./language.js";
import { goLive } from "./live.js";
import { differences, look, seen } from "./since-looked.js";
import { CHANGED, watch, watched } from "./watched.js";

/** @typedef {import("./since-looked.js").Facts} Facts */

/** Milliseconds between two fetches of the cards: a storm's events come in bursts. */
const PAUSE = 1000;
/** Countdowns are in minutes. */
const EVERY = 60_000;
/** A card that was visible for this long was looked at. */
const LOOKED = 2000;

const root = /** @type {HTMLElement} */ (document.getElementById("mine"));
const form = /** @type {HTMLFormElement} */ (document.querySelector("form[data-add]"));
const input = /** @type {HTMLInputElement} */ (form.querySelector("input[type=search]"));
const panel = /** @type {HTMLElement} */ (document.getElementById("add-found"));
const said = /** @type {HTMLElement} */ (document.querySelector("[data-mine-said]"));
const announce = announcer(document.querySelector("[data-announce]"));
const ids = () => watched().map((each) => each.id);
const client = goLive(ids().map((id) => `flight:${id}`), Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC");
/** What was seen before this look; a look ends when the page is hidden. */
let before = seen();
/** What the cards say now, and what was announced of them. @type {Map<string, Facts>} */
let current = new Map();
let asking = false, wanted = false, last = 0;
/** @type {ReturnType<typeof setTimeout>|undefined} */
let timer;

/** @returns {HTMLElement[]} */
const cards = () => [...root.querySelectorAll("[data-card]")].map((card) => /** @type {HTMLElement} */ (card));

async function refresh() {
  clearTimeout(timer);
  timer = undefined;
  if (asking) {
    wanted = true;
    return;
  }
  asking = true;
  wanted = false;
  last = Date.now();
  try {
    const url = new URL(location.pathname, location.href);
    url.search = new URLSearchParams({ part: "1", ids: ids().join(",") }).toString();
    const response = await fetch(url);
    if (response.redirected || !response.ok) throw new Error(`HTTP ${response.status}`);
    show(new DOMParser().parseFromString(await response.text(), "text/html").body);
  } catch {
    wanted = false;
    timer ??= setTimeout(refresh, 2000); // the service restarts, or the network is away: the strip says so
  }
  asking = false;
  if (wanted) soon();
}

/** Refreshes at the allowed rate. */
function soon() {
  timer ??= setTimeout(refresh, Math.max(0, last + PAUSE - Date.now()));
}

/** @param {HTMLElement} part */
function show(part) {
  const open = root.querySelector("details")?.open ?? false;
  const active = document.activeElement, focused = active instanceof HTMLElement && root.contains(active) ? active.closest("[data-card]")?.getAttribute("data-card") : null;
  const what = active instanceof HTMLButtonElement ? "button" : "a";
  root.replaceChildren(...part.childNodes);
  const details = root.querySelector("details");
  if (details) details.open = open;
  adopt();
  if (focused) /** @type {HTMLElement|null} */ (root.querySelector(`[data-card="${CSS.escape(focused)}"] ${what}`))?.focus({ preventScroll: true });
}

/** Makes the cards in the document those of this browser. */
function adopt() {
  /** @type {Map<string, Facts>} */
  const facts = new Map();
  for (const card of cards()) {
    const id = card.dataset.card ?? "", asked = card.dataset.asked ?? id;
    if (asked !== id) {
      // The flight got another id: so does its entry.
      watch(id, true);
      watch(asked, false);
      if (before[asked]) before[id] ??= before[asked];
    }
    if (!card.dataset.facts) continue;
    /** @type {Facts} */
    const now = JSON.parse(card.dataset.facts);
    facts.set(id, now);
    const note = /** @type {HTMLElement} */ (card.querySelector("[data-since]"));
    const changes = before[id] ? differences(before[id], now) : [];
    note.textContent = changes.length ? gettext("Since you looked: {changes}", { changes: listed(changes) }) : "";
    const known = current.get(id), fresh = known ? differences(known, now) : [];
    if (fresh.length) announce(`${now.number}: ${listed(fresh)}.`);
    watcher.observe(card);
  }
  current = facts;
  looked();
}

/** @param {string[]} parts */
const listed = (parts) => new Intl.ListFormat(language, { style: "short", type: "unit" }).format(parts);

/** Flights whose card is in view. @type {Set<string>} */
const inView = new Set();
const watcher = new IntersectionObserver((changes) => {
  for (const change of changes) {
    const id = /** @type {HTMLElement} */ (change.target).dataset.card ?? "";
    if (change.isIntersecting) inView.add(id);
    else if (change.target.isConnected) inView.delete(id);
  }
  looked();
}, { threshold: 0.6 });

/** @type {ReturnType<typeof setTimeout>|undefined} */
let looking;
function looked() {
  clearTimeout(looking);
  looking = setTimeout(() => {
    if (document.hidden) return;
    const facts = Object.fromEntries([...current].filter(([id]) => inView.has(id)));
    look(facts);
    before = { ...facts, ...before }; // of a new card, this look is the first
  }, LOOKED);
}
document.addEventListener("visibilitychange", () => {
  if (document.hidden) clearTimeout(looking);
  else {
    before = seen(); // a new look begins
    void refresh();
  }
});

/** @param {string} text @param {() => void} [undo] */
function say(text, undo) {
  said.replaceChildren(text);
  if (undo) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = gettext("Undo");
    button.addEventListener("click", undo);
    said.append(" ", button);
  }
}

/** @param {string} id @param {string} number */
function add(id, number) {
  if (watched().some((each) => each.id === id)) say(gettext("{flight} is in your list already.", { flight: number }));
  else if (watch(id, true)) say(gettext("{flight} added.", { flight: number }));
  else say(gettext("This browser keeps nothing: its storage is full, or blocked as in a private window. {flight} was not added.", { flight: number }));
  input.value = "";
  input.dispatchEvent(new Event("input"));
  panel.hidden = true;
}

root.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? /** @type {HTMLButtonElement|null} */ (event.target.closest("button[name=flight]")) : null;
  if (!button) return;
  event.preventDefault();
  const id = button.value, number = button.dataset.number ?? id;
  if (!watch(id, false)) return say(gettext("This browser keeps nothing: {flight} could not be removed.", { flight: number }));
  say(gettext("{flight} removed.", { flight: number }), () => {
    watch(id, true);
    say(gettext("{flight} is back.", { flight: number }));
    input.focus();
  });
  /** @type {HTMLElement|null} */ (said.querySelector("button"))?.focus();
});

panel.addEventListener("click", (event) => {
  const hit = event.target instanceof Element ? /** @type {HTMLAnchorElement|null} */ (event.target.closest("a[data-flight]")) : null;
  if (!hit) return;
  event.preventDefault();
  add(hit.dataset.flight ?? "", hit.querySelector("bdi")?.textContent ?? "");
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = input.value.trim();
  if (!text) return;
  try {
    const response = await fetch(`${document.documentElement.dataset.root}api/v1/search?${new URLSearchParams({ q: text })}`);
    const found = await response.json();
    const hits = [...found.flights, ...found.other_days];
    const only = hits.find((hit) => hit.id === found.only_flight) ?? (hits.length === 1 ? hits[0] : null);
    if (only) return add(only.id, only.number);
    say(hits.length ? gettext("Several flights match: choose one from the list.") : gettext("No flight found for “{text}”. Type a flight number such as DL 1865.", { text }));
  } catch {
    say(gettext("The service cannot be reached. Try again in a moment."));
  }
});

/** @type {Set<string>} */
let topics = new Set(ids());
function follow() {
  const next = new Set(ids());
  const more = [...next].filter((id) => !topics.has(id)), fewer = [...topics].filter((id) => !next.has(id));
  if (more.length) client.subscribe(...more.map((id) => `flight:${id}`));
  if (fewer.length) client.unsubscribe(...fewer.map((id) => `flight:${id}`));
  topics = next;
  if (more.length || fewer.length) void refresh();
}

addEventListener(CHANGED, follow);
addEventListener("storage", follow);
for (const name of ["event", "snapshot", "resumed"]) client.addEventListener(name, soon);
setInterval(() => { if (!document.hidden) soon(); }, EVERY);
const rendered = cards().map((card) => card.dataset.asked).sort().join();
if (rendered === ids().sort().join()) adopt();
else void refresh();
