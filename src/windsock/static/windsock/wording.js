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
 * @typedef {import("./times.js").ShownEnd} ShownEnd
 * @typedef {import("./times.js").ShownTimes} ShownTimes
 * @typedef {"delayed"|"cancelled"|""} Group
 * @typedef {{id: string, flight: string, airline: string, also: string, departure: ShownEnd, arrival: ShownEnd, gone: boolean,
 *   down: boolean, code: string, place: string, terminal: string, gate: string, belt: string, state: string, why: string,
 *   announced: string, tone: string, group: Group, waiting: boolean, updated: string|null, minutesLeft: number|null,
 *   countdown: string, duration: number|null}} Shown
 * @typedef {{sched: string, day: string, exp: string, qualifier: string, place: string, code: string, flight: string,
 *   airline: string, also: string, terminal: string, gate: string, belt: string, state: string, why: string, countdown: string,
 *   heard: string|null}} RowText
 * @typedef {RowText & {id: string, tone: string, kind: import("./times.js").Kind, struck: boolean, planned: number|null,
 *   delayMinutes: number|null, waiting: boolean, group: Group, search: string}} Row
 */

import { gettext } from "./language.js";
import { DOWN, GONE, MINUTE, minutesBetween, shownTimes } from "./times.js";

/** 15 minutes make a flight late: the industry's D15/A15. */
export const LATE_MINUTES = 15;
/** A flight without reports stays on the board this long past its time; after that it is a schedule without a feed. */
export const WAITING_HOURS = 12;
/** Minutes by which "at least … late" grows. */
const STEP = 5;

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** Wall clocks that were worked out before, by zone and minute: a board asks for the same ones again and again.
 * @type {Map<string, Map<number, {date: string, time: string}>>} */
const clocks = new Map();
/** Minutes kept for one zone; three days have 4,320. */
const MAX_CLOCKS = 5000;

/** @param {Date|number} at @param {string} zone @returns {{date: string, time: string}} the wall clock at a place */
export function wallClock(at, zone) {
  let known = clocks.get(zone);
  if (!known) clocks.set(zone, known = new Map());
  const minute = Math.floor(Number(at) / MINUTE);
  let clock = known.get(minute);
  if (clock) return clock;
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit",
      day: "2-digit", hour: "2-digit", minute: "2-digit" });
    formats.set(zone, format);
  }
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  clock = { date: `${part.year}-${part.month}-${part.day}`, time: `${part.hour}:${part.minute}` };
  if (known.size >= MAX_CLOCKS) known.clear();
  known.set(minute, clock);
  return clock;
}

/** @param {Date|number} at @param {Date|number} now @param {string} zone @returns {string} "+1" for tomorrow there, "" for today */
export function dayMarker(at, now, zone) {
  const then = wallClock(at, zone).date, today = wallClock(now, zone).date;
  if (then === today) return "";
  const days = Math.round((Date.parse(then) - Date.parse(today)) / 86_400_000);
  return days === 0 ? "" : days > 0 ? `+${days}` : `−${-days}`;
}

/** @param {number} minutes @returns {string} "35 min", "2 h 5 min" */
export function duration(minutes) {
  const whole = Math.abs(Math.round(minutes));
  const hours = Math.floor(whole / 60), rest = whole % 60;
  if (!hours) return gettext("{minutes} min", { minutes: rest });
  return rest ? gettext("{hours} h {minutes} min", { hours, minutes: rest }) : gettext("{hours} h", { hours });
}

/** @param {number|null|undefined} minutes @returns {string} "35 min late", "4 min early", "on time", or "" */
export function lateness(minutes) {
  if (minutes === null || minutes === undefined) return "";
  if (minutes === 0) return gettext("on time");
  if (minutes > 0) return gettext("{duration} late", { duration: duration(minutes) });
  return gettext("{duration} early", { duration: duration(minutes) });
}

/** @param {Date} then @param {Date} now @returns {string} the time since then, in short */
export function age(then, now) {
  const minutes = Math.floor((now.getTime() - then.getTime()) / MINUTE);
  if (minutes < 1) return gettext("now");
  if (minutes < 60) return gettext("{minutes} min", { minutes });
  if (minutes < 48 * 60) return gettext("{hours} h", { hours: Math.floor(minutes / 60) });
  return gettext("{days} d", { days: Math.floor(minutes / 1440) });
}

/** @param {Flight} flight @returns {string} the reason of the delay in words; the source's own code if it has none */
export function reason(flight) {
  const first = flight.delay_reasons?.[0];
  if (!first) return "";
  if (first.text) return gettext(first.text); // words of ours are translated; a source's own are not in any catalogue
  return first.code ? gettext("reason code {code}", { code: first.code }) : "";
}

/** @param {string} designator @returns {string} "DL 1865" for "DL1865" */
export function spaced(designator) {
  return designator.replace(/^([A-Z]{3}|[A-Z0-9]{2})(\d+[A-Z]?)$/, "$1 $2");
}

/** @param {Flight} flight @param {"departures"|"arrivals"} direction what sources reported, for windows and order */
function sideOf(flight, direction) {
  const departing = direction === "departures";
  const gate = departing ? flight.departure : flight.arrival;
  const runway = departing ? flight.takeoff : flight.landing;
  const expected = gate.actual ?? gate.estimated ?? runway?.actual ?? runway?.estimated ?? null;
  return { departing, gate, expected, scheduled: gate.scheduled ?? expected,
    over: Boolean(gate.actual ?? runway?.actual) || (departing ? GONE : DOWN).has(flight.status) };
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

/** Returns what is shown of the flight from there, then: the model of every row, page and announcement, as the server's
 * `windsock.wording.presenter`. @param {Flight} flight @param {BoardContext} context @returns {Shown} */
export function presentFlight(flight, context) {
  const { direction, now, names, lateMinutes = LATE_MINUTES } = context;
  const departing = direction === "departures";
  const times = shownTimes(flight, now.getTime(), lateMinutes);
  const end = departing ? times.departure : times.arrival;
  const side = departing ? flight.departure : flight.arrival;
  const code = (departing ? flight.destination : flight.origin) ?? "";
  const carrier = flight.carrier.iata ?? flight.carrier.icao ?? "";
  const said = announced(flight, end, context);
  const { state, why, tone } = situation(flight, context, times, said);
  const late = (end.delay ?? 0) >= lateMinutes;
  const group = tone === "cancelled" || tone === "diverted" ? "cancelled" : late || tone === "late" || tone === "overdue" ? "delayed" : "";
  const left = minutesLeft(end, now.getTime());
  return {
    id: flight.id, flight: spaced(flight.designator), airline: names.carriers[carrier] || carrier,
    also: flight.codeshares.map(spaced).join(", "),
    departure: times.departure, arrival: times.arrival, gone: times.gone, down: times.down,
    code, place: names.airports[code] || code || gettext("unknown"),
    terminal: side.terminal ? gettext("Terminal {terminal}", { terminal: side.terminal }) : "", gate: side.gate ?? "",
    belt: flight.arrival.belt ?? "", state, why, announced: said, tone, group,
    waiting: group === "delayed" && !(departing ? times.gone : times.down),
    updated: flight.reported_at ?? (flight.flags.includes("overdue") ? null : flight.updated_at), minutesLeft: left, countdown: left === null ? "" : countdown(left), duration: blockMinutes(times),
  };
}

/** @param {Flight} flight @param {BoardContext} context @returns {Row} */
export function boardRow(flight, context) {
  const { direction, zone, now } = context;
  const shown = presentFlight(flight, context);
  const departing = direction === "departures";
  const end = departing ? shown.departure : shown.arrival;
  const key = sideOf(flight, direction).scheduled;
  const planned = key ? Date.parse(key) : null;
  // An expected time is not a schedule: a telex gives the time of landing, not the time it was planned for.
  const sched = end.planned === null ? "–" : wallClock(end.planned, zone).time;
  // A board with a clock need not say "not before now"; the state says how late the flight is at least.
  const silent = end.at === null || end.kind === "planned" || (end.kind === "at_least" && end.at <= now.getTime());
  const time = silent ? "" : wallClock(/** @type {number} */ (end.at), zone).time;
  const exp = time === sched ? "" : time;
  const { id, tone, flight: name, airline, also, place, code, terminal, gate, state, why, updated, group, waiting } = shown;
  return {
    id, tone, sched, day: planned === null ? "" : dayMarker(planned, now, zone), exp, qualifier: exp ? qualifier(end.kind) : "",
    kind: end.kind, struck: end.struck, place, code, flight: name, airline, also, terminal, gate, belt: departing || !shown.belt ? "" : gettext("Belt {belt}", { belt: shown.belt }),
    state, why, heard: updated, planned, countdown: shown.countdown, delayMinutes: end.delay, waiting, group,
    search: [flight.designator, name, ...flight.codeshares, also, place, code, airline].join(" ").toLowerCase(),
  };
}

/** @param {import("./times.js").Kind} kind @returns {string} what stands before an inferred time */
export function qualifier(kind) {
  return kind === "about" ? gettext("about") : kind === "at_least" ? gettext("not before") : "";
}

/** @param {number} minutes @returns {string} "in 25 min", or "now" */
export function countdown(minutes) {
  return minutes > 0 ? gettext("in {duration}", { duration: duration(minutes) }) : gettext("now");
}

/** @param {ShownEnd} end @param {number} now */
function minutesLeft(end, now) {
  if (end.at === null || !["planned", "expected", "about"].includes(end.kind)) return null;
  const minutes = minutesBetween(Math.floor(now / MINUTE) * MINUTE, end.at);
  return minutes >= 0 ? minutes : null;
}

/** @param {ShownTimes} times minutes from gate to gate */
function blockMinutes({ departure, arrival }) {
  const alike = departure.kind === arrival.kind && (departure.kind === "actual" || departure.kind === "expected");
  const [from, to] = alike && !departure.runway && !arrival.runway ? [departure.at, arrival.at] : [departure.planned, arrival.planned];
  return from !== null && to !== null && minutesBetween(from, to) > 0 ? minutesBetween(from, to) : null;
}

/** @param {Flight} flight @param {ShownEnd} end @param {BoardContext} context what a source announced and is no longer believed */
function announced(flight, end, { zone, now }) {
  if (end.announced === null) return "";
  const time = `${wallClock(end.announced, zone).time} ${dayMarker(end.announced, now, zone)}`.trim();
  const because = reason(flight);
  return because ? gettext("was announced for {time}, {reason}; not confirmed since", { time, reason: because })
    : gettext("was announced for {time}; not confirmed since", { time });
}

/** @param {...string} parts */
const dotted = (...parts) => parts.filter(Boolean).join(" · ");

/** @typedef {{state: string, why: string, tone: string}} Situation */

/** @param {Flight} flight @param {BoardContext} context @param {ShownTimes} times @param {string} said @returns {Situation} */
function situation(flight, context, times, said) {
  const because = reason(flight);
  if (flight.status === "cancelled") return { state: gettext("Cancelled"), why: because, tone: "cancelled" };
  if (flight.status === "diverted" || flight.diverted_to) {
    const { direction, airport, names } = context;
    const here = direction === "arrivals" && flight.diverted_to === airport && flight.destination !== airport;
    const place = (flight.diverted_to && names.airports[flight.diverted_to]) || flight.diverted_to || gettext("another airport");
    return { state: here ? gettext("Diverted here") : gettext("Diverted to {place}", { place }), why: because, tone: "diverted" };
  }
  return context.direction === "departures" ? departing(flight, context, times, because, said) : arriving(flight, context, times, because, said);
}

/** @param {Flight} flight @param {BoardContext} context @param {ShownTimes} times @param {string} because @param {string} said @returns {Situation} */
function departing(flight, { lateMinutes = LATE_MINUTES, because: general = "" }, { departure: end, gone }, because, said) {
  const { delay } = end;
  const late = delay !== null && delay >= lateMinutes;
  const old = stale(flight), pending = end.unconfirmed ? gettext("departure not confirmed yet") : "";
  if (gone) {
    return { state: flight.status === "out" && !end.untimed ? gettext("Left the gate") : gettext("Departed"),
      why: since(end, late ? because : ""), tone: "gone" };
  }
  const back = flight.flags.includes("air_return") ? gettext("Turned back") : flight.flags.includes("returned_to_gate") ? gettext("Back at the gate") : "";
  if (end.kind === "at_least") {
    const minutes = least(end), why = silence(said, because);
    if (back) return { state: back, why: dotted(minutes ? gettext("at least {duration} late", { duration: duration(minutes) }) : "", why), tone: "overdue" };
    return { state: atLeastLate(minutes) || gettext("Overdue"), why, tone: "overdue" };
  }
  const over = dotted(lateness(delay), late ? because : "", pending);
  if (flight.status === "boarding") return { state: gettext("Boarding"), why: over, tone: "boarding" };
  if (back) return { state: back, why: over, tone: "late" };
  const explained = because || general;
  if (end.kind === "about" && delay !== null) {
    return { state: about(delay), why: dotted(gettext("forecast"), late ? explained : "", pending), tone: late ? "late" : "calm" };
  }
  if (late) return { state: lateness(delay), why: dotted(explained, old, pending), tone: "late" };
  return { state: calm(delay), why: dotted(old, pending), tone: "calm" };
}

/** @param {Flight} flight @param {BoardContext} context @param {ShownTimes} times @param {string} because @param {string} said @returns {Situation} */
function arriving(flight, { names, lateMinutes = LATE_MINUTES, because: general = "" }, times, because, said) {
  const { arrival: end, departure: leaving, gone } = times;
  const { delay } = end;
  const late = delay !== null && delay >= lateMinutes;
  const old = stale(flight), pending = end.unconfirmed ? gettext("arrival not confirmed yet") : "";
  if (times.down) {
    return { state: flight.status === "landed" ? gettext("Landed") : gettext("Arrived"), why: since(end, late ? because : ""), tone: "gone" };
  }
  const place = names.airports[flight.origin] || flight.origin;
  const flying = flight.status === "airborne" ? gettext("in flight") : flight.status === "out" ? gettext("left {place}", { place }) : "";
  // A programme that holds at the airport now did not delay a flight that is on its way already.
  const explained = because || (flying ? "" : general);
  if (leaving.kind === "at_least" && !gone) {
    const why = dotted(gettext("its departure is overdue (inferred)"), said || explained);
    const here = end.kind === "at_least" ? least(end) : 0;
    if (here >= lateMinutes) return { state: atLeastLate(here), why, tone: "overdue" };
    const there = least(leaving);
    return { state: there ? gettext("Departs at least {duration} late", { duration: duration(there) }) : gettext("Overdue"), why, tone: "overdue" };
  }
  if (end.kind === "at_least") return { state: atLeastLate(least(end)) || gettext("Overdue"), why: silence(said, because), tone: "overdue" };
  if (end.kind === "about" && delay !== null) {
    const cause = flight.arrival.delay_basis === "predicted" ? gettext("forecast") : gone ? gettext("departed late")
      : (leaving.delay ?? 0) >= lateMinutes ? gettext("departs late") : "";
    return { state: about(delay), why: dotted(said ? "" : explained, cause, said, old, pending), tone: late ? "late" : "calm" };
  }
  if (late) return { state: lateness(delay), why: dotted(explained, flying, old, pending), tone: "late" };
  const before = leaving.delay;
  if (delay === null && before !== null && before >= lateMinutes) {
    const values = { duration: duration(before) };
    return { state: gone ? gettext("Departed {duration} late", values) : gettext("Departs {duration} late", values),
      why: dotted(explained, flying, old, pending), tone: "late" };
  }
  if (flying) {
    return { state: flight.status === "airborne" ? gettext("In flight") : gettext("Left {place}", { place }),
      why: dotted(lateness(delay), old, pending), tone: "calm" };
  }
  return { state: calm(delay), why: dotted(old, pending), tone: "calm" };
}

/** @param {string} said @param {string} because */
const silence = (said, because) => said ? dotted(gettext("overdue (inferred)"), said) : dotted(gettext("overdue, no update yet (inferred)"), because);
/** @param {ShownEnd} end @param {string} because */
const since = (end, because) => dotted(end.untimed ? gettext("time not known") : "", end.kind === "about" ? "" : lateness(end.delay), because);
/** @param {ShownEnd} end how late it is at least, in whole steps, so that rows of overdue flights do not change every minute */
const least = (end) => Math.max(0, Math.floor((end.delay ?? 0) / STEP) * STEP);
/** @param {number} minutes */
const atLeastLate = (minutes) => minutes > 0 ? gettext("At least {duration} late", { duration: duration(minutes) }) : "";
/** @param {number} minutes */
function about(minutes) {
  if (minutes === 0) return gettext("About on time");
  return minutes < 0 ? gettext("About {duration} early", { duration: duration(minutes) }) : gettext("About {duration} late", { duration: duration(minutes) });
}
/** @param {number|null} minutes */
const calm = (minutes) => minutes === null ? gettext("Scheduled") : minutes === 0 ? gettext("On time") : lateness(minutes);
/** @param {Flight} flight */
const stale = (flight) => flight.flags.includes("stale") ? gettext("no recent updates") : "";

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
  const gate = !kinds.includes("gate.changed") ? "" : row.gate ? gettext("gate {gate}", { gate: row.gate }) : gettext("gate withdrawn");
  const state = kinds.some((kind) => kind !== "gate.changed") ? [row.state, row.why].filter(Boolean).join(", ") : "";
  return `${row.flight} ${row.place}: ${[state, gate].filter(Boolean).join(", ")}.`;
}
