// @ts-check
/**
 * Flights in words, for boards and announcements. The server has the same words (`windsock.wording`); tests/js/wording.json
 * holds both to them, so that a row does not change its wording when the live update replaces the rendered one.
 *
 * @typedef {import("./types.js").Flight} Flight
 * @typedef {import("./types.js").Change} Change
 * @typedef {{airports: Record<string, string>, carriers: Record<string, string>}} Names
 * @typedef {{direction: "departures"|"arrivals", airport: string, zone: string, now: Date, names: Names,
 *   lateMinutes?: number, because?: string}} BoardContext
 * @typedef {{sched: string, day: string, exp: string, place: string, code: string, flight: string, airline: string,
 *   also: string, terminal: string, gate: string, state: string, why: string, heard: string|null}} RowText
 * @typedef {RowText & {id: string, tone: string, planned: number|null, group: "delayed"|"cancelled"|"", search: string}} Row
 */

/** 15 minutes make a flight late: the industry's D15/A15. */
export const LATE_MINUTES = 15;
/** A flight without reports stays on the board this long past its time; after that it is a schedule without a feed. */
export const WAITING_HOURS = 12;

const GONE = new Set(["out", "airborne", "landed", "arrived"]);
const DOWN = new Set(["landed", "arrived"]);
const MINUTE = 60_000;

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @param {Date} at @param {string} zone @returns {{date: string, time: string}} the wall clock at a place */
export function wallClock(at, zone) {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit",
      day: "2-digit", hour: "2-digit", minute: "2-digit" });
    formats.set(zone, format);
  }
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  return { date: `${part.year}-${part.month}-${part.day}`, time: `${part.hour}:${part.minute}` };
}

/** @param {Date} at @param {Date} now @param {string} zone @returns {string} "+1" for tomorrow there, "" for today */
export function dayMarker(at, now, zone) {
  const days = Math.round((Date.parse(wallClock(at, zone).date) - Date.parse(wallClock(now, zone).date)) / 86_400_000);
  return days === 0 ? "" : days > 0 ? `+${days}` : `−${-days}`;
}

/** @param {number} minutes @returns {string} "35 min", "2 h 5 min" */
export function duration(minutes) {
  const whole = Math.abs(Math.round(minutes));
  if (whole < 60) return `${whole} min`;
  return whole % 60 ? `${Math.floor(whole / 60)} h ${whole % 60} min` : `${whole / 60} h`;
}

/** @param {number|null|undefined} minutes @returns {string} "35 min late", "4 min early", "on time", or "" */
export function lateness(minutes) {
  if (minutes === null || minutes === undefined) return "";
  if (minutes === 0) return "on time";
  return `${duration(minutes)} ${minutes > 0 ? "late" : "early"}`;
}

/** @param {Date} then @param {Date} now @returns {string} the time since then, in short */
export function age(then, now) {
  const minutes = Math.floor((now.getTime() - then.getTime()) / MINUTE);
  if (minutes < 1) return "now";
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h`;
  return `${Math.floor(minutes / 1440)} d`;
}

/** @param {Flight} flight @returns {string} the reason of the delay in words; the source's own code if it has none */
export function reason(flight) {
  const first = flight.delay_reasons?.[0];
  if (!first) return "";
  return first.text || (first.code ? `reason code ${first.code}` : "");
}

/** @param {string} designator @returns {string} "DL 1865" for "DL1865" */
export function spaced(designator) {
  return designator.replace(/^([A-Z]{3}|[A-Z0-9]{2})(\d+[A-Z]?)$/, "$1 $2");
}

/** @param {Flight} flight @param {"departures"|"arrivals"} direction */
function sideOf(flight, direction) {
  const departing = direction === "departures";
  const gate = departing ? flight.departure : flight.arrival;
  const runway = departing ? flight.takeoff : flight.landing;
  const expected = gate.actual ?? gate.estimated ?? runway?.actual ?? runway?.estimated ?? null;
  return { departing, gate, expected, scheduled: gate.scheduled ?? expected,
    over: Boolean(gate.actual ?? runway?.actual) || (departing ? GONE : DOWN).has(flight.status),
    // It is only stated that it left, or came down.
    untimed: flight.stated_status && !gate.actual && !runway?.actual && (departing || DOWN.has(flight.stated_status)) ? "time not known" : "" };
}

/**
 * Returns whether a board of `from`–`to` shows this flight. An overdue flight stays visible.
 * @param {Flight} flight @param {"departures"|"arrivals"} direction @param {Date} from @param {Date} to
 */
export function inWindow(flight, direction, from, to) {
  const side = sideOf(flight, direction);
  const at = side.expected ?? side.scheduled;
  if (!at) return false;
  const time = Date.parse(at);
  if (time > to.getTime()) return Boolean(side.scheduled && Date.parse(side.scheduled) <= to.getTime());
  if (time >= from.getTime()) return true;
  const waiting = !side.over && flight.status !== "cancelled" && !(flight.diverted_to && !side.departing);
  return waiting && time >= from.getTime() - WAITING_HOURS * 3_600_000;
}

/** @param {Flight} flight @param {"departures"|"arrivals"} direction @returns {string} what boards are sorted by: the schedule, as in printed timetables */
export function sortKey(flight, direction) {
  return `${sideOf(flight, direction).scheduled ?? "9"} ${flight.id}`;
}

/** @param {Flight} flight @param {BoardContext} context @returns {Row} */
export function boardRow(flight, context) {
  const { direction, zone, now, names } = context;
  const side = sideOf(flight, direction);
  const code = (side.departing ? flight.destination : flight.origin) ?? "";
  const carrier = flight.carrier.iata ?? flight.carrier.icao ?? "";
  const scheduled = side.scheduled ? new Date(side.scheduled) : null;
  // An expected time is not a schedule: a telex gives the time of landing, not the time it was planned for.
  const sched = side.gate.scheduled ? wallClock(new Date(side.gate.scheduled), zone).time : "–";
  const exp = side.expected ? wallClock(new Date(side.expected), zone).time : "";
  const place = names.airports[code] || code || "unknown";
  const airline = names.carriers[carrier] || carrier;
  const { state, why, tone } = situation(flight, context);
  const late = (side.gate.delay_minutes ?? 0) >= (context.lateMinutes ?? LATE_MINUTES);
  const designator = spaced(flight.designator);
  const also = flight.codeshares.map(spaced).join(", ");
  return {
    id: flight.id, tone, sched, day: scheduled ? dayMarker(scheduled, now, zone) : "",
    // Once a flight is overdue, its old estimate is no longer believed: showing it would contradict the status.
    exp: exp === sched || (tone === "overdue" && side.gate.scheduled) ? "" : exp,
    place, code, flight: designator, airline, also,
    terminal: side.gate.terminal ? `Terminal ${side.gate.terminal}` : "", gate: side.gate.gate ?? "",
    state, why, heard: flight.updated_at, planned: scheduled ? scheduled.getTime() : null,
    group: tone === "cancelled" || tone === "diverted" ? "cancelled" : late || tone === "late" || tone === "overdue" ? "delayed" : "",
    search: [flight.designator, designator, ...flight.codeshares, also, place, code, airline].join(" ").toLowerCase(),
  };
}

/** @param {...string} parts */
const dotted = (...parts) => parts.filter(Boolean).join(" · ");

/** @param {Flight} flight @param {BoardContext} context @returns {{state: string, why: string, tone: string}} */
function situation(flight, { direction, airport, names, lateMinutes = LATE_MINUTES, because: general = "" }) {
  const { departing, gate, untimed } = sideOf(flight, direction);
  const name = (/** @type {string|null} */ code) => (code && names.airports[code]) || code || "another airport";
  const { status } = flight;
  const delay = gate.delay_minutes;
  const because = reason(flight);
  const stale = flight.flags.includes("stale") ? "no recent updates" : "";
  if (status === "cancelled") return { state: "Cancelled", why: because, tone: "cancelled" };
  if (status === "diverted" || flight.diverted_to) {
    const here = !departing && flight.diverted_to === airport && flight.destination !== airport;
    return { state: here ? "Diverted here" : `Diverted to ${name(flight.diverted_to)}`, why: because, tone: "diverted" };
  }
  const late = delay !== null && delay >= lateMinutes;
  if (departing && GONE.has(status)) {
    return { state: status === "out" && !untimed ? "Left the gate" : "Departed",
      why: dotted(untimed, lateness(delay), late ? because : ""), tone: "gone" };
  }
  if (!departing && (status === "landed" || status === "arrived")) {
    return { state: status === "landed" ? "Landed" : "Arrived", why: dotted(untimed, lateness(delay), late ? because : ""), tone: "gone" };
  }
  if (gate.delay_basis === "inferred" && delay !== null && delay > 0) {
    if (GONE.has(status) && !gate.overdue_minutes) return { state: `About ${duration(delay)} late`, why: dotted(because, "departed late", stale), tone: "late" };
    return { state: `At least ${duration(delay)} late`, why: "overdue, no update yet (inferred)", tone: "overdue" };
  }
  if (status === "boarding" && departing) {
    return { state: "Boarding", why: dotted(lateness(delay), late ? because : ""), tone: "boarding" };
  }
  const back = flight.flags.includes("air_return") ? "Turned back" : flight.flags.includes("returned_to_gate") ? "Back at the gate" : "";
  if (departing && back) return { state: back, why: dotted(lateness(delay), late ? because : ""), tone: "late" };
  const flying = departing ? "" : status === "airborne" ? "in flight" : status === "out" ? `left ${name(flight.origin)}` : "";
  // A programme that holds at the airport now did not delay a flight that is on its way already.
  const explained = because || (flying ? "" : general);
  if (late) return { state: lateness(delay), why: dotted(explained, flying, stale), tone: "late" };
  const before = departing ? null : flight.departure.delay_minutes;
  if (delay === null && before !== null && before >= lateMinutes) {
    const inferred = flight.departure.delay_basis === "inferred";
    const verb = GONE.has(status) ? "Departed" : "Departs";
    return { state: `${verb} ${inferred ? "at least " : ""}${lateness(before)}`, why: dotted(explained, flying, stale), tone: inferred ? "overdue" : "late" };
  }
  const calm = delay === null ? "" : lateness(delay);
  if (flying) return { state: flying[0].toUpperCase() + flying.slice(1), why: dotted(calm, stale), tone: "calm" };
  return { state: calm ? calm[0].toUpperCase() + calm.slice(1) : "Scheduled", why: stale, tone: "calm" };
}

/**
 * Every kind of change: whether it is worth interrupting somebody for. The others are seen, not heard; so is a kind that is
 * newer than this page.
 * @type {Record<string, boolean>}
 */
export const ANNOUNCED = {
  "flight.added": false, "flight.merged": false, "schedule.retimed": false, "estimate.changed": false,
  "delay.raised": true, "delay.changed": true, "delay.cleared": true, "early.raised": true, "overdue.raised": true,
  "flight.boarding": true, "flight.out": false, "flight.off": false, "flight.on": false, "flight.in": false,
  "flight.returned_to_gate": true, "flight.air_return": true, "flight.cancelled": true, "flight.reinstated": true,
  "flight.diverted": true, "gate.changed": true, "terminal.changed": true, "stand.changed": false, "belt.changed": false,
  "baggage.changed": false, "checkin.changed": false, "aircraft.changed": false, "reason.changed": false, "data.stale": false,
  "data.conflict": false, "flight.corrected": false,
};

/** @param {Row} row @param {Change[]} changes @returns {string} what a screen reader announces, "" for nothing */
export function announcement(row, changes) {
  const kinds = changes.map((change) => change.kind).filter((kind) => ANNOUNCED[kind]);
  if (!kinds.length) return "";
  const gate = kinds.includes("gate.changed") ? row.gate ? `gate ${row.gate}` : "gate withdrawn" : "";
  const state = kinds.some((kind) => kind !== "gate.changed") ? [row.state, row.why].filter(Boolean).join(", ") : "";
  return `${row.flight} ${row.place}: ${[state, gate].filter(Boolean).join(", ")}.`;
}
