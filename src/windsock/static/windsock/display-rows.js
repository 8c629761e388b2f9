// @ts-check
/**
 * The rows of a display in the DOM. Places are filled anew when a page turns; while a page stays, only the texts that changed
 * turn over, so that a bad day does not flicker.
 *
 * @typedef {{id: string, tone: string, sched: string, struck: boolean, exp: string, qualifier: string, place: string, flights: string[], where: string, state: string,
 *   why: string, long: string[]}} DisplayRow
 * @typedef {{why: string, what: string, names: string[]}} DisplayLine
 * @typedef {{number: string, lines: DisplayLine[], rows: DisplayRow[]}} DisplayPage
 * @typedef {{lang: string, dir: string, title: string, heads: Record<string, string>, empty: string, pages: DisplayPage[], lost: string, ask: string}} Spoken
 * @typedef {{direction: string, seconds: number, count: number, languages: Spoken[]}} Panel
 * @typedef {{round: number, panels: Panel[]}} Sheet
 */

import { turn } from "./rows.js";

/** Milliseconds for which each name of a codeshared flight is shown. */
const NAME_MS = 4000;

/** Texts whose change is worth being seen from afar. */
const SEEN = ["exp", "where", "state", "place"];

/** @param {Element} element @param {string} text @param {boolean} [turns] whether it turns over like a flap */
export function write(element, text, turns = false) {
  if (element.textContent === text) return;
  element.textContent = text;
  if (turns && text) turn(/** @type {HTMLElement} */ (element));
}

/** @param {Element} element @param {string} name @param {string} value */
export function mark(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/**
 * Shows a page in `body`.
 * @param {HTMLElement} body @param {DisplayPage} page @param {{row: HTMLTemplateElement, line: HTMLTemplateElement}} templates
 * @param {{stays: boolean, fresh: (id: string) => boolean, at: number}} how `stays`: the same page in the same language was shown
 */
export function showPage(body, page, templates, { stays, fresh, at }) {
  const items = [...page.lines, ...page.rows];
  items.forEach((item, index) => {
    const line = "what" in item;
    let tr = /** @type {HTMLElement|undefined} */ (body.children[index]);
    if (!tr || tr.classList.contains("line") !== line) {
      const made = /** @type {HTMLElement} */ (/** @type {any} */ (templates[line ? "line" : "row"].content.firstElementChild).cloneNode(true));
      if (tr) tr.replaceWith(made);
      else body.append(made);
      tr = made;
    }
    if (line) fillLine(tr, /** @type {DisplayLine} */ (item));
    else fillRow(tr, /** @type {DisplayRow} */ (item), stays && tr.dataset.flight === item.id, fresh(item.id), at);
  });
  while (body.children.length > items.length) body.lastElementChild?.remove();
}

/** @param {HTMLElement} tr @param {DisplayRow} row @param {boolean} turns @param {boolean} fresh @param {number} at */
function fillRow(tr, row, turns, fresh, at) {
  mark(tr, "data-flight", row.id);
  mark(tr, "data-tone", row.tone);
  mark(tr, "data-struck", String(row.struck));
  mark(tr, "data-long", row.long.join(" "));
  if (tr.classList.contains("fresh") !== fresh) tr.classList.toggle("fresh", fresh);
  for (const leaf of tr.querySelectorAll("[data-f]")) {
    const name = /** @type {HTMLElement} */ (leaf).dataset.f ?? "";
    if (name === "flight") write(leaf, nameAt(row.flights, at));
    else write(leaf, /** @type {any} */ (row)[name], turns);
  }
}

/** Returns the name that is shown now: the flight's own one twice as long as each of its codeshares. @param {string[]} names @param {number} at */
export function nameAt(names, at) {
  return names[Math.max(0, Math.floor(at / NAME_MS) % (names.length + 1) - 1)];
}

/** @param {HTMLElement} tr @param {DisplayLine} line */
function fillLine(tr, line) {
  mark(tr, "data-why", line.why);
  const [what, names] = tr.children;
  write(/** @type {Element} */ (what.firstElementChild), line.what);
  if ([...names.children].map((name) => name.textContent).join() === line.names.join()) return;
  names.replaceChildren(...line.names.flatMap((text) => {
    const name = document.createElement("bdi");
    name.textContent = text;
    return [name, " "];
  }));
}

/** Returns the ids of the flights whose row says something else now. An overdue flight that grows later is not news.
 * @param {Sheet} before @param {Sheet} after @returns {string[]} */
export function changedFlights(before, after) {
  const known = rowsOf(before);
  const found = [];
  for (const [id, row] of rowsOf(after)) {
    const old = known.get(id);
    if (!old || (old.tone === "overdue" && row.tone === "overdue" && old.where === row.where)) continue;
    if (SEEN.some((name) => /** @type {any} */ (old)[name] !== /** @type {any} */ (row)[name])) found.push(id);
  }
  return found;
}

/** @param {Sheet} sheet @returns {Map<string, DisplayRow>} the rows in the first language */
function rowsOf(sheet) {
  return new Map(sheet.panels.flatMap((panel) => panel.languages[0].pages.flatMap((page) => page.rows)).map((row) => [row.id, row]));
}
