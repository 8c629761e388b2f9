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
  tr.dataset.flight = row.id;
  tr.dataset.tone = row.tone;
  tr.dataset.group = row.group;
  for (const leaf of /** @type {NodeListOf<HTMLElement>} */ (tr.querySelectorAll("[data-f]"))) {
    const name = /** @type {string} */ (leaf.dataset.f);
    if (name === "heard") {
      leaf.setAttribute("datetime", row.heard ?? "");
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

/** @param {HTMLElement} leaf */
function turn(leaf) {
  leaf.classList.remove("turned");
  void leaf.offsetWidth; // restarts the animation
  leaf.classList.add("turned");
}

/** @type {WeakMap<HTMLElement, any>} */
const timers = new WeakMap();

/** Marks an element as changed for a few seconds. @param {HTMLElement} element */
export function freshen(element) {
  clearTimeout(timers.get(element));
  element.classList.remove("fading");
  element.classList.add("fresh");
  timers.set(element, setTimeout(() => {
    element.classList.add("fading");
    element.classList.remove("fresh");
    timers.set(element, setTimeout(() => element.classList.remove("fading"), 2600));
  }, FRESH_MS));
}
