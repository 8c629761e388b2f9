// @ts-check
/**
 * A display: it turns the pages of its sheet by the clock, asks for a new sheet when something changed, and says so, readable from
 * afar, when it cannot. The server chooses and words everything, so what is shown stays true to when it was last heard.
 */

import { WindsockClient } from "./client.js";
import { changedFlights, mark, showPage, write } from "./display-rows.js";
import { turnAt } from "./display-turns.js";

/** @typedef {import("./display-rows.js").Sheet} Sheet */

const root = /** @type {HTMLElement} */ (document.getElementById("display"));
const panels = /** @type {HTMLElement[]} */ ([...root.querySelectorAll("[data-panel]")]);
const templates = {
  row: /** @type {HTMLTemplateElement} */ (root.querySelector("template[data-row]")),
  line: /** @type {HTMLTemplateElement} */ (root.querySelector("template[data-line]")),
};
const { zone = "UTC", topics = "", sheet: sheetUrl = "" } = root.dataset;

/** Milliseconds between two sheets: without events, and while events come. Each one costs the server a page. */
const EVERY = 10_000, AT_LEAST = 3000;
/** Milliseconds after which an unanswered request is given up. */
const TIMEOUT = 8000;
/** Milliseconds without news until the band appears, and until the rows are no longer trusted. */
const LOST = 60_000, UNTRUSTED = 600_000;
/** Milliseconds for which a change is marked: one round of pages, and a little more. */
const FRESH = 60_000;
/** The local time of the silent reload, which brings a new version and an empty heap: when fewest people look. */
const RELOAD_AT = "03:30";
/** Where the picture stands in each minute, in pixels: no edge stays on the same spot for years. */
const SHIFTS = [[0, 0], [1, 0], [2, 0], [2, 1], [2, 2], [1, 2], [0, 2], [0, 1]];

const clockFace = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const client = new WindsockClient({ topics: topics.split(",") });

/** The newest sheet, and the one whose pages are dealt in this round. @type {Sheet} */
let sheet = JSON.parse(/** @type {HTMLElement} */ (document.getElementById("sheet")).textContent ?? "{}");
let dealt = sheet;
let dealtIn = -1, tag = "", asking = false, askedAt = 0, heard = performance.now();
/** The service's time of the last news, as people there read it. */
let lastNews = root.querySelector("[data-clock]")?.textContent ?? "";
/** Flight id → when its change is no longer marked. @type {Map<string, number>} */
const fresh = new Map();
/** What each panel shows: page and language. @type {string[]} */
const shown = panels.map(() => "");
/** @type {any} */
let timer = null;

/** Asks for the sheet now, or as soon as the last one is old enough. */
function askSoon() {
  if (timer) return;
  timer = setTimeout(() => {
    timer = null;
    void ask();
  }, Math.max(100, askedAt + AT_LEAST - performance.now()));
}

/** Returns the address without what differs between spellings of it. @param {string} address */
function plain(address) {
  const { pathname, searchParams } = new URL(address, location.href);
  return `${pathname}?${searchParams}`;
}

async function ask() {
  if (asking) return;
  asking = true;
  askedAt = performance.now();
  try {
    const answer = await fetch(sheetUrl, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT),
      headers: { ...(tag ? { "If-None-Match": tag } : {}), "Windsock-Screen": `${innerWidth}x${innerHeight}` } });
    if (answer.status === 401 || answer.status === 403) return location.reload(); // revoked: the page says so
    const wanted = answer.headers.get("Windsock-Shows");
    if (wanted && plain(wanted) !== plain(location.href)) return location.replace(wanted); // an operator chose another one
    if (answer.status === 200) {
      take(await answer.json());
      tag = answer.headers.get("ETag") ?? "";
    } else if (answer.status !== 304) return;
    heard = performance.now();
    lastNews = clockFace.format(client.now());
  } catch {
    // No connection: the band says so in time, and the next request is on its way.
  } finally {
    asking = false;
  }
}

/** @param {Sheet} newer */
function take(newer) {
  const now = performance.now();
  for (const [id, until] of fresh) if (until < now) fresh.delete(id);
  for (const id of changedFlights(sheet, newer)) fresh.set(id, now + FRESH);
  sheet = newer;
  draw();
}

/** Shows what is due now; cheap if nothing is. */
function draw() {
  const at = Date.now() + client.serverAhead;
  const { round } = turnAt(at, sheet.round, dealt.panels[0], 1);
  // Pages are dealt once per round: what comes in between changes texts, but moves no flight to a page that has been shown.
  if (round !== dealtIn) {
    dealt = sheet;
    dealtIn = round;
  }
  panels.forEach((section, index) => drawPanel(section, index, at));
  drawState();
}

/** @param {HTMLElement} section @param {number} index @param {number} at */
function drawPanel(section, index, at) {
  const panel = dealt.panels[index];
  const { page: number, language } = turnAt(at, dealt.round, panel, panel.languages.length);
  const spoken = panel.languages[language], newer = sheet.panels[index].languages[language];
  const page = spoken.pages[number] ?? spoken.pages[0];
  const key = `${number} ${language} ${dealtIn}`;
  const stays = shown[index] === key;
  const body = /** @type {HTMLElement} */ (section.querySelector("[data-rows]"));
  const news = new Map(newer.pages.flatMap((one) => one.rows).map((row) => [row.id, row]));
  const rows = page.rows.map((row) => news.get(row.id) ?? row);
  const now = performance.now();
  showPage(body, { ...page, rows }, templates, { stays, fresh: (id) => (fresh.get(id) ?? 0) > now, at });
  if (!stays) {
    mark(section, "lang", spoken.lang);
    mark(section, "dir", spoken.dir);
    write(/** @type {Element} */ (section.querySelector("[data-title]")), spoken.title);
    for (const head of /** @type {NodeListOf<HTMLElement>} */ (section.querySelectorAll("[data-head]"))) write(head, spoken.heads[head.dataset.head ?? ""] ?? "");
    write(/** @type {Element} */ (section.querySelector("[data-number]")), page.number);
    const empty = /** @type {HTMLElement} */ (section.querySelector("[data-empty]"));
    write(empty, spoken.empty);
    empty.hidden = page.rows.length + page.lines.length > 0;
    const turned = shown[index].split(" ").slice(0, 2).join(" ") !== `${number} ${language}`;
    body.classList.remove("turning");
    if (shown[index] && turned) {
      void body.offsetWidth;
      body.classList.add("turning");
    }
    shown[index] = key;
  }
  const silent = now - heard;
  say(section, "[data-band]", silent > LOST ? spoken.lost.replace("{time}", lastNews) : "");
  say(section, "[data-ask]", silent > UNTRUSTED && root.dataset.lost === "ask" ? spoken.ask : "");
}

/** @param {HTMLElement} section @param {string} selector @param {string} text */
function say(section, selector, text) {
  const place = /** @type {HTMLElement} */ (section.querySelector(selector));
  write(place, text);
  if (place.hidden === Boolean(text)) place.hidden = !text;
}

function drawState() {
  const silent = performance.now() - heard;
  mark(document.documentElement, "data-lost", silent > LOST ? "yes" : "no");
  if (client.heardAt || client.clock) for (const face of root.querySelectorAll("[data-clock]")) write(face, clockFace.format(client.now()));
  const minute = Math.floor(Date.now() / 60_000);
  const [x, y] = SHIFTS[minute % SHIFTS.length];
  const place = `translate(${x}px, ${y}px)`;
  if (root.style.transform !== place) root.style.transform = place;
  if (performance.now() > 3_600_000 && silent < LOST && clockFace.format(new Date()) === RELOAD_AT) location.reload();
}

/** Keeps the screen on, where the browser lets a page do that. */
async function stayAwake() {
  try {
    if (document.visibilityState === "visible") await navigator.wakeLock?.request("screen");
  } catch { /* the player's own settings decide */ }
}

for (const name of ["event", "snapshot", "programmes"]) client.addEventListener(name, askSoon);
addEventListener("online", askSoon);
document.addEventListener("visibilitychange", stayAwake);
setInterval(() => void ask(), EVERY);
setInterval(draw, 500);
client.start();
draw();
void stayAwake();
void ask();
