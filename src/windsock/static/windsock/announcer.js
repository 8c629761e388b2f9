// @ts-check
/** Polite announcements for screen readers. */

import { ngettext } from "./language.js";

/** Milliseconds in which announcements are gathered, so that a burst does not flood a screen reader. */
const ANNOUNCE_EVERY = 5000;

/** Returns a function that announces sentences politely: gathered, and counted if there are too many to listen to.
 * @param {Element|null} place a live region */
export function announcer(place) {
  /** @type {string[]} */
  let waiting = [];
  /** @type {any} */
  let timer = null;
  const flush = () => {
    timer = null;
    if (!place || !waiting.length) return;
    place.textContent = waiting.length > 3 ? `${ngettext("{count} flight changed.", "{count} flights changed.", waiting.length)} ${waiting.slice(-2).join(" ")}` : waiting.join(" ");
    waiting = [];
    timer = setTimeout(flush, ANNOUNCE_EVERY);
  };
  return (/** @type {string} */ sentence) => {
    if (!sentence) return;
    waiting.push(sentence);
    timer ??= setTimeout(flush, 300);
  };
}
