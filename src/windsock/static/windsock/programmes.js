// @ts-check
/**
 * The programmes of an airport, in words. The server has the same words (`windsock.wording.programmes`); tests/js/programmes.json
 * holds both to them.
 *
 * @typedef {import("./types.js").Programme} Programme
 * @typedef {{kind: string, what: string, why: string, source: string}} Line
 */

import { gettext } from "./language.js";
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
/** What each kind is called in a row of the board. @type {Record<string, (airport: string) => string>} */
const SHORT = {
  ground_stop: (airport) => gettext("ground stop at {airport}", { airport }),
  ground_delay: (airport) => gettext("ground delay at {airport}", { airport }),
  departure_delay: (airport) => gettext("departure delays at {airport}", { airport }),
  arrival_delay: (airport) => gettext("arrival delays at {airport}", { airport }),
  closure: (airport) => gettext("closure at {airport}", { airport }),
};

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
    const short = SHORT[kind](programme.airport);
    return because ? gettext("{measure}: {reason}", { measure: short, reason: because }) : short;
  }
  return "";
}

/** Words a programme, with times of the clocks at its airport. @param {Programme} programme @param {string} zone @param {Date} now @returns {Line} */
export function programmeLine(programme, zone, now) {
  const clock = (/** @type {string} */ at) => `${wallClock(new Date(at), zone).time} ${dayMarker(new Date(at), now, zone)}`.trim();
  let words = what(programme);
  if (begins(programme, now)) words = gettext("{measure} from {time}", { measure: words, time: clock(/** @type {string} */ (programme.begins_at)) });
  if (programme.ends_at) {
    const time = clock(programme.ends_at);
    words = Date.parse(programme.ends_at) > now.getTime() ? gettext("{measure} until {time}", { measure: words, time })
      : gettext("{measure} (was due to end at {time})", { measure: words, time });
  }
  return { kind: programme.kind, what: words, why: why(programme), source: programme.source.length <= 4 ? programme.source.toUpperCase() : programme.source };
}

/** @param {Programme} programme @param {Date} now whether it is still to begin */
const begins = (programme, now) => Boolean(programme.begins_at && Date.parse(programme.begins_at) > now.getTime());

/** @param {Programme} programme */
function what(programme) {
  const airport = programme.airport, limit = programme.maximum_minutes;
  switch (programme.kind) {
    case "ground_stop": return gettext("Ground stop: flights to {airport} are held at their origins", { airport });
    case "ground_delay": {
      if (programme.average_minutes === undefined) return gettext("Ground delay: flights to {airport} wait for departure slots", { airport });
      const average = duration(programme.average_minutes);
      return limit === undefined ? gettext("Ground delay: flights to {airport} depart {average} late on average", { airport, average })
        : gettext("Ground delay: flights to {airport} depart {average} late on average, up to {limit}", { airport, average, limit: duration(limit) });
    }
    case "departure_delay": return gettext("Departures from {airport} are {late}", { airport, late: late(programme) });
    case "arrival_delay": return gettext("Arrivals at {airport} are {late}", { airport, late: late(programme) });
    default: return gettext("{airport} is closed", { airport });
  }
}

/** @param {Programme} programme */
function late({ minimum_minutes: least, maximum_minutes: most, trend }) {
  const words = least !== undefined && most !== undefined && least < most ? gettext("{least} to {most} late", { least: duration(least), most: duration(most) })
    : most !== undefined ? gettext("up to {most} late", { most: duration(most) })
    : least !== undefined ? gettext("at least {duration} late", { duration: duration(least) })
    : gettext("late");
  return trend === "increasing" ? gettext("{late}, and rising", { late: words })
    : trend === "decreasing" ? gettext("{late}, and falling", { late: words }) : words;
}

/** Returns the reason without the FAA's category before it ("VOL:Volume"), cut to a line or two. @param {Programme} programme */
function why(programme) {
  const reason = (programme.reason ?? "").replace(/^[A-Z]{2,4}:(?=[A-Za-z])/, "");
  return reason.length <= MAX_REASON_LENGTH ? reason : `${reason.slice(0, MAX_REASON_LENGTH - 1)}…`;
}
