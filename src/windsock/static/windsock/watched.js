// @ts-check
/**
 * The flights that this browser watches. A removed flight leaves an entry behind, so that an account's other browsers, which may
 * still have it, do not bring it back.
 *
 * Lists are merged entry by entry: of two for one flight the later counts, at the same moment the one that adds. That is
 * commutative, associative and idempotent; the server does the same (`windsock.watchlist.merging`).
 *
 * @typedef {{id: string, since: string, removed?: boolean}} Watched `since` is when it was last added or removed (ISO 8601)
 */

const KEY = "windsock.flights";
/** The account with which the list was last merged. */
const ACCOUNT_KEY = "windsock.flights.account";

/** Nobody follows more journeys at once, and each is a topic of the page that shows them. */
export const MAX_WATCHED = 50;
/** Entries, with those of removed flights. */
const MAX_ENTRIES = 300;

/** Fires on `globalThis` after this page changed the list; a change in another tab fires `storage`. */
export const CHANGED = "windsock-watched";

/** @returns {Watched[]} all entries, the newest first, with those of removed flights */
export function entries() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(found) ? found.filter((each) => typeof each?.id === "string" && Number.isFinite(Date.parse(each.since))) : [];
  } catch {
    return []; // private mode, or written by something else
  }
}

/** @returns {Watched[]} the flights that are watched, the one added last first */
export function watched() {
  return entries().filter((each) => !each.removed).slice(0, MAX_WATCHED);
}

/** Adds a flight to the list or removes it. @param {string} id @param {boolean} on @returns {boolean} whether the browser could keep it */
export function watch(id, on) {
  // Later than what it replaces, even if a clock was set back meanwhile.
  const before = entries().find((each) => each.id === id);
  const since = new Date(Math.max(Date.now(), before ? Date.parse(before.since) + 1 : 0)).toISOString();
  return keep([on ? { id, since } : { id, since, removed: true }]);
}

/** Merges entries into the list of this browser. @param {Watched[]} more @returns {boolean} whether the browser could keep them */
export function keep(more) {
  const before = localStored(), next = JSON.stringify(limited(merged(entries(), more)));
  if (next === before) return true;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    return false; // private mode, or full
  }
  globalThis.dispatchEvent?.(new Event(CHANGED));
  return true;
}

/** Returns the entries that count, the newest first. @param {Watched[]} one @param {Watched[]} other @returns {Watched[]} */
export function merged(one, other) {
  /** @type {Map<string, Watched>} */
  const found = new Map();
  for (const entry of [...one, ...other]) {
    const known = found.get(entry.id);
    if (!known || later(entry, known)) found.set(entry.id, entry);
  }
  return [...found.values()].sort((a, b) => Date.parse(b.since) - Date.parse(a.since) || (a.id < b.id ? 1 : -1));
}

/** Makes the list that of this account. A list of nobody's is kept and will be merged; one of another account is put aside
 * until that returns, since browsers are shared. @param {string} account */
export function belongTo(account) {
  try {
    const owner = localStorage.getItem(ACCOUNT_KEY);
    if (owner === account) return;
    if (owner !== null) {
      localStorage.setItem(`${KEY}@${owner}`, localStored() ?? "[]");
      localStorage.setItem(KEY, localStorage.getItem(`${KEY}@${account}`) ?? "[]");
      localStorage.removeItem(`${KEY}@${account}`);
    }
    localStorage.setItem(ACCOUNT_KEY, account);
  } catch { /* private mode: there is no list to mix up */ }
}

/** @param {Watched} one @param {Watched} other */
function later(one, other) {
  const difference = Date.parse(one.since) - Date.parse(other.since);
  return difference > 0 || (difference === 0 && !one.removed && Boolean(other.removed));
}

/** @param {Watched[]} sorted */
function limited(sorted) {
  const on = sorted.filter((each) => !each.removed).slice(0, MAX_WATCHED);
  return [...on, ...sorted.filter((each) => each.removed).slice(0, MAX_ENTRIES - on.length)];
}

function localStored() {
  try { return localStorage.getItem(KEY); } catch { return null; }
}
