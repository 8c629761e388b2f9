// @ts-check
/**
 * What changed of a watched flight since its card was last looked at, in words. The facts come with the card from the server
 * (`pages/mine/cards.py`); those that were looked at stay in the browser.
 *
 * @typedef {{number: string, state: string, status: string, terminal: string, gate: string, belt: string, arriving: boolean,
 *   departs: string|null, arrives: string|null}} Facts
 */

import { gettext } from "./language.js";
import { duration } from "./wording.js";

const KEY = "windsock.flights.seen";
/** More than can be watched: a flight that was removed and is put back still knows what was seen. */
const MAX_SEEN = 100;
/** A time that moved by less is the same for whoever waits. */
const MOVED_MINUTES = 5;

/** Returns what changed, each in a few words. @param {Facts} before @param {Facts} now @returns {string[]} */
export function differences(before, now) {
  const found = [];
  if (before.status !== now.status) found.push(gettext("now: {state}", { state: now.state }));
  // Before it leaves, the gate is where it leaves from, afterwards where it arrives: they do not compare.
  if (before.arriving === now.arriving) {
    found.push(moved(gettext("terminal"), before.terminal, now.terminal), moved(gettext("gate"), before.gate, now.gate), moved(gettext("belt"), before.belt, now.belt));
  } else if (now.belt) found.push(moved(gettext("belt"), "", now.belt));
  const end = now.arriving ? "arrives" : "departs";
  const from = before[end], to = now[end];
  if (from && to) {
    const minutes = Math.round((Date.parse(to) - Date.parse(from)) / 60_000);
    if (minutes >= MOVED_MINUTES) found.push(gettext("{duration} later", { duration: duration(minutes) }));
    if (minutes <= -MOVED_MINUTES) found.push(gettext("{duration} earlier", { duration: duration(minutes) }));
  }
  return found.filter(Boolean);
}

/** @param {string} what @param {string} from @param {string} to */
function moved(what, from, to) {
  if (from === to) return "";
  if (!to) return gettext("{what} {before} withdrawn", { what, before: from });
  return from ? gettext("{what} {before} → {after}", { what, before: from, after: to }) : gettext("{what} {after}", { what, after: to });
}

/** @returns {Record<string, Facts>} what was last looked at, by flight */
export function seen() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return found && typeof found === "object" && !Array.isArray(found) ? found : {};
  } catch {
    return {}; // private mode, or written by something else
  }
}

/** Remembers that these cards were looked at. @param {Record<string, Facts>} facts by flight */
export function look(facts) {
  const others = Object.entries(seen()).filter(([id]) => !(id in facts));
  const kept = [...others, ...Object.entries(facts)].slice(-MAX_SEEN);
  try { localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(kept))); } catch { /* said where flights are added */ }
}
