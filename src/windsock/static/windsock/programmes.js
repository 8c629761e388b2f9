// @ts-check
/**
 * What pages say of the programmes of an airport, in words. The server says the same (`windsock.pages.programmes`); both
 * are held to tests/js/programmes.json.
 *
 * @typedef {import("./types.js").Programme} Programme
 * @typedef {{kind: string, what: string, why: string, said: string}} Line
 */

import { dayMarker, duration, wallClock } from "./wording.js";

/** A closure that begins later than this concerns nobody who looks at a board now. */
const AHEAD = 12 * 3_600_000;
/** Of a reason; a closure's is a whole NOTAM. */
const MOST_LETTERS = 160;

/** By which of them a late flight without a reason of its own is explained, the strongest first. */
const EXPLAINS = {
  departures: ["closure", "departure_delay"],
  arrivals: ["ground_stop", "closure", "ground_delay", "arrival_delay"],
};
const UNCONCERNED = { departures: "arrival_delay", arrivals: "departure_delay" };
/** @type {Record<string, string>} */
const SHORT = { ground_stop: "ground stop", ground_delay: "ground delay", departure_delay: "departure delays",
  arrival_delay: "arrival delays", closure: "closure" };

/** Those that concern people at a board of this direction: not what is for few aircraft only, nor far ahead, nor of a
 * kind that is newer than this page. @param {Programme[]} programmes @param {"departures"|"arrivals"} direction @param {Date} now */
export function shownProgrammes(programmes, direction, now) {
  return programmes.filter((one) => SHORT[one.kind] && !one.only_for && one.kind !== UNCONCERNED[direction]
    && !(one.begins_at && Date.parse(one.begins_at) > now.getTime() + AHEAD));
}

/** Why flights of this direction are late that have no reason of their own; "" where nothing holds them up.
 * @param {Programme[]} programmes @param {"departures"|"arrivals"} direction @param {Date} now */
export function becauseOf(programmes, direction, now) {
  const begun = shownProgrammes(programmes, direction, now).filter((one) => !begins(one, now));
  for (const kind of EXPLAINS[direction]) {
    const one = begun.find((other) => other.kind === kind);
    if (!one) continue;
    const because = kind === "closure" ? "" : why(one); // a closure's reason is a NOTAM, which has no room in a row
    return `${SHORT[kind]} at ${one.airport}${because ? `: ${because}` : ""}`;
  }
  return "";
}

/** The programme in words, with times of the clocks at its airport. @param {Programme} one @param {string} zone @param {Date} now @returns {Line} */
export function programmeLine(one, zone, now) {
  const clock = (/** @type {string} */ at) => `${wallClock(new Date(at), zone).time} ${dayMarker(new Date(at), now, zone)}`.trim();
  const from = begins(one, now) ? ` from ${clock(/** @type {string} */ (one.begins_at))}` : "";
  const until = !one.ends_at ? "" : Date.parse(one.ends_at) > now.getTime() ? ` until ${clock(one.ends_at)}` : `; it was to end at ${clock(one.ends_at)}`;
  return { kind: one.kind, what: `${what(one)}${from}${until}`, why: why(one), said: one.source.length <= 4 ? one.source.toUpperCase() : one.source };
}

/** @param {Programme} one @param {Date} now whether it is still to begin */
const begins = (one, now) => Boolean(one.begins_at && Date.parse(one.begins_at) > now.getTime());

/** @param {Programme} one */
function what(one) {
  const code = one.airport;
  if (one.kind === "ground_stop") return `Ground stop: no flights leave for ${code}`;
  if (one.kind === "ground_delay") {
    if (one.average_minutes === undefined) return `Ground delay: flights to ${code} wait for their slots`;
    const most = one.maximum_minutes === undefined ? "" : `, at most ${duration(one.maximum_minutes)}`;
    return `Ground delay: flights to ${code} leave ${duration(one.average_minutes)} late on average${most}`;
  }
  if (one.kind === "departure_delay") return `Departures from ${code} are ${late(one)}`;
  if (one.kind === "arrival_delay") return `Arrivals at ${code} are ${late(one)}`;
  return `${code} is closed`;
}

/** @param {Programme} one */
function late({ minimum_minutes: least, maximum_minutes: most, trend }) {
  const going = trend === "increasing" ? ", and rising" : trend === "decreasing" ? ", and falling" : "";
  if (least !== undefined && most !== undefined && least < most) return `${duration(least)} to ${duration(most)} late${going}`;
  if (most !== undefined) return `up to ${duration(most)} late${going}`;
  return least !== undefined ? `at least ${duration(least)} late${going}` : `late${going}`;
}

/** The reason without the FAA's category before it ("VOL:Volume"), and not longer than a line or two. @param {Programme} one */
function why(one) {
  const told = (one.reason ?? "").replace(/^[A-Z]{2,4}:(?=[A-Za-z])/, "");
  return told.length <= MOST_LETTERS ? told : `${told.slice(0, MOST_LETTERS - 1)}…`;
}
