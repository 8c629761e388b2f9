// @ts-check
/** The flights that this browser watches, the one added last first. They never leave the browser. */

const KEY = "windsock.flights";

/** Nobody follows more journeys at once, and each is a topic of the page that shows them. */
const MAX_WATCHED = 50;

/** @typedef {{id: string, since: string}} Watched `since` is when it was added (ISO 8601) */

/** @returns {Watched[]} */
export function watched() {
  try {
    const flights = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(flights) ? flights.filter((each) => typeof each?.id === "string").slice(0, MAX_WATCHED) : [];
  } catch {
    return []; // private mode, or written by something else
  }
}

/** @param {string} id @param {boolean} on @returns {boolean} whether the browser could keep it */
export function watch(id, on) {
  const others = watched().filter((each) => each.id !== id);
  const flights = on ? [{ id, since: new Date().toISOString() }, ...others].slice(0, MAX_WATCHED) : others;
  try {
    localStorage.setItem(KEY, JSON.stringify(flights));
    return true;
  } catch {
    return false; // private mode, or full
  }
}
