// @ts-check
/**
 * The times of a flight as they may be shown: at each end one time, its kind, and whether the plan still holds. The server
 * computes the same (`windsock.wording.times`, which says what each field means); tests/js/wording.json holds both to it.
 * Moments are milliseconds, since the boards of large airports compute many.
 *
 * @typedef {import("./types.js").Flight} Flight
 * @typedef {import("./types.js").GateTimes} GateTimes
 * @typedef {"planned"|"expected"|"about"|"at_least"|"actual"|"none"} Kind
 * @typedef {{planned: number|null, struck: boolean, at: number|null, kind: Kind, runway: boolean, unconfirmed: boolean,
 *   announced: number|null, untimed: boolean, delay: number|null}} ShownEnd
 * @typedef {{departure: ShownEnd, arrival: ShownEnd, gone: boolean, down: boolean}} ShownTimes
 */

export const MINUTE = 60_000;
export const GONE = new Set(["out", "airborne", "landed", "arrived"]);
export const DOWN = new Set(["landed", "arrived"]);

/** A time that has passed by this many minutes without a report is no longer expected: the flight is overdue. */
const UNCONFIRMED = 15;
/** A flight without news for a day is no longer said to become later and later. */
const GIVE_UP = 24 * 60;
/** No flight takes less of its planned time from gate to gate than this. */
const FASTEST = 0.4;
/** How much a flight is likely to gain, at most, on its planned time from gate to gate. */
const MAX_GAIN = 30 * MINUTE;
/** How long a flight may taxi to its runway before that counts as late. */
const TAXI = 30 * MINUTE;

/** @param {string|null|undefined} text @returns {number|null} */
const moment = (text) => (text ? Date.parse(text) : null);
/** @param {number} time */
const minute = (time) => Math.floor(time / MINUTE) * MINUTE;
/** @param {number} from @param {number} to whole minutes, rounded down */
export const minutesBetween = (from, to) => Math.floor((to - from) / MINUTE);

/** Returns what may be shown of the flight's times at `now`. Delays from `lateMinutes` on are carried over.
 * @param {Flight} flight @param {number} now @param {number} lateMinutes @returns {ShownTimes} */
export function shownTimes(flight, now, lateMinutes) {
  now = minute(now);
  const { departure, arrival, takeoff, landing, status, stated_status: stated } = flight;
  const down = DOWN.has(status) || Boolean(arrival.actual || landing?.actual) || DOWN.has(stated ?? "");
  const gone = down || GONE.has(status) || status === "diverted" || Boolean(departure.actual || takeoff?.actual || stated);
  const leaving = departureEnd(flight, now, gone);
  return { departure: leaving, arrival: arrivalEnd(flight, leaving, now, gone, down, lateMinutes), gone, down };
}

/** @param {Flight} flight @param {number} now @param {boolean} gone @returns {ShownEnd} */
function departureEnd(flight, now, gone) {
  const { departure: gate, takeoff: runway } = flight;
  const plan = moment(gate.scheduled), estimate = moment(gate.estimated ?? runway?.estimated);
  const byRunway = !gate.estimated && estimate !== null;
  if (flight.status === "cancelled") return cancelled(plan);
  if (gate.actual) return end(plan, Date.parse(gate.actual), "actual", { delay: gate.delay_minutes });
  if (runway?.actual) return end(plan, Date.parse(runway.actual), "actual", { delay: gate.delay_minutes, runway: true });
  if (gone) return happened(plan, estimate, gate, now, byRunway, Boolean(flight.stated_status));
  const waiting = estimate ?? plan;
  if (waiting === null) return { ...NOTHING, delay: gate.delay_minutes };
  const reported = gate.delay_basis === "inferred" ? gate.delay_minutes : null;
  if (overdue(waiting, gate.overdue_minutes, now) || (reported && (estimate === null || estimate < now))) {
    return end(plan, atLeast(plan, reported, waiting, now), "at_least", { announced: estimate });
  }
  if (estimate !== null) return estimated(plan, gate, estimate, byRunway, now);
  return end(plan, waiting, "planned", { unconfirmed: waiting < now });
}

/** @param {Flight} flight @param {ShownEnd} leaving @param {number} now @param {boolean} gone @param {boolean} down @param {number} lateMinutes @returns {ShownEnd} */
function arrivalEnd(flight, leaving, now, gone, down, lateMinutes) {
  const { arrival: gate, landing: runway, stated_status: stated } = flight;
  const plan = moment(gate.scheduled), estimate = moment(gate.estimated ?? runway?.estimated);
  const byRunway = !gate.estimated && estimate !== null;
  if (flight.status === "cancelled") return cancelled(plan);
  const away = flight.status === "diverted" || Boolean(flight.diverted_to);
  const actual = moment(gate.actual ?? runway?.actual);
  if (actual !== null || down) {
    const found = actual === null ? happened(plan, estimate, gate, now, byRunway, DOWN.has(stated ?? ""))
      : end(plan, actual, "actual", { delay: gate.delay_minutes, runway: !gate.actual });
    return away ? elsewhere(found) : found;
  }
  if (away) {
    if (estimate === null || minutesBetween(estimate, now) >= UNCONFIRMED) return { ...cancelled(plan), announced: estimate };
    return elsewhere(end(plan, estimate, "expected", { runway: byRunway, unconfirmed: estimate < now }));
  }
  const base = earliestDeparture(leaving, now, gone);
  const leftPlan = moment(flight.departure.scheduled);
  const block = plan !== null && leftPlan !== null && plan > leftPlan ? plan - leftPlan : null;
  const held = leaving.kind === "at_least" && !gone;
  const earliest = base === null ? null : base + shortest(block, held);
  const overdueMinutes = gate.overdue_minutes;
  if (estimate !== null && (earliest === null || estimate >= earliest)) {
    if (overdue(estimate, overdueMinutes, now)) return end(plan, atLeast(plan, overdueMinutes, estimate, now), "at_least", { announced: estimate });
    return estimated(plan, gate, estimate, byRunway, now);
  }
  /** @type {Kind} */
  let kind = "about";
  let carried = held ? null : carriedOver(flight, leaving, base, block, lateMinutes);
  const known = carried ?? plan;
  if (earliest !== null && (known === null || known < earliest)) {
    carried = known !== null || estimate !== null ? Math.max(earliest, now) : null;
    kind = "at_least";
  }
  if (carried !== null) {
    if (overdue(carried, overdueMinutes, now)) [carried, kind] = [atLeast(plan, overdueMinutes, carried, now), "at_least"];
    return end(plan, carried, kind, { announced: estimate, unconfirmed: carried < now });
  }
  if (plan === null) return { ...NOTHING, delay: gate.delay_minutes };
  if (overdue(plan, overdueMinutes, now)) return end(plan, atLeast(plan, overdueMinutes, plan, now), "at_least", { announced: estimate });
  return end(plan, plan, "planned", { announced: estimate, unconfirmed: plan < now });
}

/** @type {ShownEnd} */
const NOTHING = { planned: null, struck: false, at: null, kind: "none", runway: false, unconfirmed: false, announced: null, untimed: false, delay: null };

/** @param {number|null} plan @returns {ShownEnd} */
const cancelled = (plan) => ({ ...NOTHING, planned: plan, struck: plan !== null });

/** @param {number|null} plan @param {number} at @param {Kind} kind
 * @param {{delay?: number|null, runway?: boolean, unconfirmed?: boolean, announced?: number|null}} options @returns {ShownEnd} */
function end(plan, at, kind, { delay = null, runway = false, unconfirmed = false, announced = null }) {
  return {
    planned: plan, struck: plan !== null && kind !== "planned" && minute(plan) !== minute(at), at, kind, runway, unconfirmed,
    announced: announced === plan ? null : announced, untimed: false,
    delay: plan !== null && kind !== "planned" && (!runway || kind === "about" || kind === "at_least") ? minutesBetween(plan, at) : delay,
  };
}

/** @param {number|null} plan @param {GateTimes} gate @param {number} estimate @param {boolean} runway @param {number} now */
function estimated(plan, gate, estimate, runway, now) {
  const kind = gate.delay_basis === "predicted" ? "about" : "expected";
  return end(plan, estimate, kind, { delay: gate.delay_minutes, runway, unconfirmed: estimate < now });
}

/** @param {number|null} plan @param {number|null} estimate @param {GateTimes} gate @param {number} now @param {boolean} runway @param {boolean} untimed @returns {ShownEnd} */
function happened(plan, estimate, gate, now, runway, untimed) {
  if (estimate !== null && estimate <= now) {
    return { ...NOTHING, planned: plan, struck: plan !== null && minute(plan) !== minute(estimate), at: estimate, kind: "about",
      runway, untimed, delay: plan === null || runway ? null : minutesBetween(plan, estimate) };
  }
  return { ...NOTHING, planned: plan, at: plan, kind: plan === null ? "none" : "planned", untimed, delay: plan === null ? gate.delay_minutes : null };
}

/** @param {ShownEnd} found @returns {ShownEnd} */
function elsewhere(found) {
  const planned = found.kind === "planned";
  return { ...found, struck: found.planned !== null, at: planned ? null : found.at, kind: planned ? "none" : found.kind, delay: null };
}

/** @param {ShownEnd} leaving @param {number} now @param {boolean} gone */
function earliestDeparture(leaving, now, gone) {
  if (gone) return leaving.kind === "actual" ? leaving.at : null;
  return leaving.at === null ? null : Math.max(leaving.at, now);
}

/** @param {number|null} block @param {boolean} held */
function shortest(block, held) {
  if (block === null) return 0;
  return held ? block - Math.min(block / 5, MAX_GAIN) : block * FASTEST;
}

/** @param {Flight} flight @param {ShownEnd} leaving @param {number|null} base @param {number|null} block @param {number} lateMinutes */
function carriedOver(flight, leaving, base, block, lateMinutes) {
  const { scheduled, delay_basis: basis, overdue_minutes: passed, delay_minutes: delay } = flight.arrival;
  if (!scheduled) return null;
  let late = (basis === "inferred" || basis === "predicted") && !passed ? delay ?? 0 : 0;
  if (base !== null && block !== null && flight.departure.scheduled) {
    const waited = minutesBetween(Date.parse(flight.departure.scheduled), base - (leaving.runway ? TAXI : 0));
    if (waited >= lateMinutes) late = Math.max(late, waited);
  }
  return late > 0 ? Date.parse(scheduled) + late * MINUTE : null;
}

/** Returns whether a time has passed without news for so long that it is no longer believed.
 * @param {number} time @param {number|null|undefined} reported @param {number} now */
function overdue(time, reported, now) {
  const passed = minutesBetween(time, now);
  return time < now && (Boolean(reported) || (passed >= UNCONFIRMED && passed < GIVE_UP));
}

/** @param {number|null} plan @param {number|null|undefined} reported @param {number} waiting @param {number} now */
function atLeast(plan, reported, waiting, now) {
  const seen = plan === null || !reported ? waiting : plan + reported * MINUTE;
  return minutesBetween(waiting, now) >= GIVE_UP ? seen : Math.max(now, seen);
}
