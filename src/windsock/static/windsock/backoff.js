// @ts-check
/** Whether and when to reconnect: exponential back-off with full jitter, and the reaction to each close code. */

/** Back-off: delays drawn evenly below a ceiling that doubles with every failed attempt (full jitter). */
const FIRST_CEILING = 0.5, LAST_CEILING = 30;

/** Returns the seconds before attempt number `attempt` (from 0). @param {number} attempt @param {() => number} random @param {number} [atLeast] */
export function backOff(attempt, random, atLeast = 0) {
  return atLeast + random() * Math.min(LAST_CEILING, FIRST_CEILING * 2 ** Math.min(attempt, 20));
}

/** Returns the reaction to a close code (null: broke without one). The range decides, so later codes are obeyed as well.
 * @param {number|null} code @returns {"stop"|"at-once"|"back-off"} */
export function reaction(code) {
  if (code === 1000 || code === 1009 || (code !== null && code >= 4000 && code <= 4099)) return "stop";
  return code !== null && code >= 4200 && code <= 4299 ? "at-once" : "back-off";
}
