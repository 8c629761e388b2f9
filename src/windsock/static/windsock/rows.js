// @ts-check
/** Rows of a board in the DOM: filled leaf by leaf, so that only changed texts are touched, and marked if they changed. */

import { age } from "./wording.js";

/** @typedef {import("./wording.js").Row} Row */

/** Milliseconds for which a changed row is marked: long enough to find it at a glance, short enough for a calm board. */
const FRESH_MS = 6000;

/**
 * Fills `tr` with the row's texts; texts that differ turn over if `mark`.
 * @param {HTMLElement} tr @param {Row} row @param {{now: Date, href?: string, mark?: boolean}} options
 * @returns {boolean} whether a text changed
 */
export function fillRow(tr, row, { now, href, mark = false }) {
  let changed = false;
  for (const [name, value] of [["flight", row.id], ["tone", row.tone], ["group", row.group]]) if (tr.dataset[name] !== value) tr.dataset[name] = value;
  for (const leaf of leavesOf(tr)) {
    const name = /** @type {string} */ (leaf.dataset.f);
    if (name === "heard") {
      if (leaf.getAttribute("datetime") !== (row.heard ?? "")) leaf.setAttribute("datetime", row.heard ?? "");
      const text = row.heard ? age(new Date(row.heard), now) : "";
      if (leaf.textContent !== text) leaf.textContent = text;
      continue;
    }
    const text = /** @type {any} */ (row)[name];
    if (leaf.textContent === text) continue;
    leaf.textContent = text;
    changed = true;
    if (mark && text) turn(leaf);
  }
  const link = tr.querySelector("a");
  if (link && href && link.getAttribute("href") !== href) link.setAttribute("href", href);
  if (changed && mark) freshen(tr);
  return changed;
}

/** Row → its leaves, which never change: looking them up costs more than comparing them. @type {WeakMap<HTMLElement, HTMLElement[]>} */
const leaves = new WeakMap();

/** @param {HTMLElement} tr @returns {HTMLElement[]} */
function leavesOf(tr) {
  let found = leaves.get(tr);
  if (!found) leaves.set(tr, found = [.../** @type {NodeListOf<HTMLElement>} */ (tr.querySelectorAll("[data-f]"))]);
  return found;
}

/** Turns a text over once, as a flap does. Two classes with equal animations, since another one is what starts it again. @param {HTMLElement} leaf */
export function turn(leaf) {
  if (leaf.classList.contains("turned")) leaf.classList.replace("turned", "turned-again");
  else if (!leaf.classList.replace("turned-again", "turned")) leaf.classList.add("turned");
}

/** @type {WeakMap<HTMLElement, any>} */
const timers = new WeakMap();

/** Marks an element as changed for a few seconds. @param {HTMLElement} element */
export function freshen(element) {
  clearTimeout(timers.get(element));
  if (element.classList.contains("fading")) element.classList.remove("fading");
  if (!element.classList.contains("fresh")) element.classList.add("fresh");
  timers.set(element, setTimeout(() => {
    element.classList.replace("fresh", "fading");
    timers.set(element, setTimeout(() => element.classList.remove("fading"), 2600));
  }, FRESH_MS));
}
