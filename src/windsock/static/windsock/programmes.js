// @ts-check
/**
 * The programmes of an airport, in words. The server has the same words (`windsock.wording.programmes`); tests/js/programmes.json
 * holds both to them.
 *
 * @typedef {import("./types.js").Programme} Programme
 * @typedef {{kind: string, what: string, why: string, source: string}} Line
 */

import { dayMarker, duration, wallClock } from "./wording.js";

/** A closure that begins later than this does not matter to a reader of the board now. */
const AHEAD = 12 * 3_600_000;
/** Characters of a reason; the reason of a closure is a whole NOTAM. */
const MAX_REASON_LENGTH = 160;

/** The kinds that explain a late flight without a reason of its own, the strongest first. */
const EXPLAINS = {
  departures: ["closure", "departure_delay"],
  arrivals: ["ground_stop", "closure", "ground_delay", "arrival_delay"],
};
const IRRELEVANT = { departures: "arrival_delay", arrivals: "departure_delay" };
/** @type {Record<string, string>} */
const SHORT = { ground_stop: "ground stop", ground_delay: "ground delay", departure_delay: "departure delays",
  arrival_delay: "arrival delays", closure: "closure" };

/** Returns the programmes that matter to readers of this board: not those for few aircraft, nor far ahead, nor of a kind that
 * is newer than this page. @param {Programme[]} programmes @param {"departures"|"arrivals"} direction @param {Date} now */
export function shownProgrammes(programmes, direction, now) {
  return programmes.filter((programme) => SHORT[programme.kind] && !programme.only_for && programme.kind !== IRRELEVANT[direction]
    && !(programme.begins_at && Date.parse(programme.begins_at) > now.getTime() + AHEAD));
}

/** Returns why flights without a reason of their own are late in this direction; "" if nothing holds them up.
 * @param {Programme[]} programmes @param {"departures"|"arrivals"} direction @param {Date} now */
export function becauseOf(programmes, direction, now) {
  const begun = shownProgrammes(programmes, direction, now).filter((programme) => !begins(programme, now));
  for (const kind of EXPLAINS[direction]) {
    const programme = begun.find((other) => other.kind === kind);
    if (!programme) continue;
    const because = kind === "closure" ? "" : why(programme); // a closure's reason is a NOTAM, which has no room in a row
    return `${SHORT[kind]} at ${programme.airport}${because ? `: ${because}` : ""}`;
  }
  return "";
}

/** Words a programme, with times of the clocks at its airport. @param {Programme} programme @param {string} zone @param {Date} now @returns {Line} */
export function programmeLine(programme, zone, now) {
  const clock = (/** @type {string} */ at) => `${wallClock(new Date(at), zone).time} ${dayMarker(new Date(at), now, zone)}`.trim();
  const from = begins(programme, now) ? ` from ${clock(/** @type {string} */ (programme.begins_at))}` : "";
  const until = !programme.ends_at ? "" : Date.parse(programme.ends_at) > now.getTime() ? ` until ${clock(programme.ends_at)}` : ` (was due to end at ${clock(programme.ends_at)})`;
  return { kind: programme.kind, what: `${what(programme)}${from}${until}`, why: why(programme), source: programme.source.length <= 4 ? programme.source.toUpperCase() : programme.source };
}

/** @param {Programme} programme @param {Date} now whether it is still to begin */
const begins = (programme, now) => Boolean(programme.begins_at && Date.parse(programme.begins_at) > now.getTime());

/** @param {Programme} programme */
function what(programme) {
  const code = programme.airport;
  if (programme.kind === "ground_stop") return `Ground stop: flights to ${code} are held at their origins`;
  if (programme.kind === "ground_delay") {
    if (programme.average_minutes === undefined) return `Ground delay: flights to ${code} wait for departure slots`;
    const limit = programme.maximum_minutes === undefined ? "" : `, up to ${duration(programme.maximum_minutes)}`;
    return `Ground delay: flights to ${code} depart ${duration(programme.average_minutes)} late on average${limit}`;
  }
  if (programme.kind === "departure_delay") return `Departures from ${code} are ${late(programme)}`;
  if (programme.kind === "arrival_delay") return `Arrivals at ${code} are ${late(programme)}`;
  return `${code} is closed`;
}

/** @param {Programme} programme */
function late({ minimum_minutes: least, maximum_minutes: most, trend }) {
  const going = trend === "increasing" ? ", and rising" : trend === "decreasing" ? ", and falling" : "";
  if (least !== undefined && most !== undefined && least < most) return `${duration(least)} to ${duration(most)} late${going}`;
  if (most !== undefined) return `up to ${duration(most)} late${going}`;
  return least !== undefined ? `at least ${duration(least)} late${going}` : `late${going}`;
}

/** Returns the reason without the FAA's category before it ("VOL:Volume"), cut to a line or two. @param {Programme} programme */
function why(programme) {
  const reason = (programme.reason ?? "").replace(/^[A-Z]{2,4}:(?=[A-Za-z])/, "");
  return reason.length <= MAX_REASON_LENGTH ? reason : `${reason.slice(0, MAX_REASON_LENGTH - 1)}…`;
}
