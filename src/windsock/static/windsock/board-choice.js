// @ts-check
/**
 * What a reader chose to see of a board: as `windsock.pages.board.choice`, which renders the same choices.
 *
 * @typedef {import("./types.js").Flight} Flight
 * @typedef {import("./wording.js").Row} Row
 * @typedef {"departures"|"arrivals"} Direction
 * @typedef {{text: string, show: string, terminal: string, carrier: string, sort: string, times: string}} Choice
 */

/** Milliseconds: a flight that left, or came down, longer ago than this is one of the earlier flights. */
export const RECENT = 15 * 60_000;
/** A cancelled or diverted flight is looked for longer: people still come for it. */
export const CALLED_OFF = 60 * 60_000;
/** The choices that an address leaves out. @type {Choice} */
export const USUAL = { text: "", show: "all", terminal: "", carrier: "", sort: "time", times: "local" };

/** A flight's number as people type it: "DL 1" and "dl0001" are DL1. @param {string} typed */
export const searched = (typed) => typed.trim().toLowerCase().replace(/^([a-z]{3}|[a-z][a-z0-9]|[0-9][a-z])[ -]*0*([1-9]\d{0,3}[a-z]?)$/, "$1$2");

/** @param {Flight} flight @param {Direction} direction */
const endOf = (flight, direction) => direction === "departures" ? [flight.departure, flight.takeoff] : [flight.arrival, flight.landing];

/** @param {Flight} flight @param {Direction} direction @returns {string|null} the best time that sources reported */
function expectedAt(flight, direction) {
  const [gate, runway] = endOf(flight, direction);
  return gate.actual ?? gate.estimated ?? runway?.actual ?? runway?.estimated ?? null;
}

/** @param {Flight} flight @param {Row} row @param {Direction} direction @param {Choice} choice */
export function matches(flight, row, direction, { text, show, terminal, carrier }) {
  return (show === "all" || (show === "waiting" ? row.waiting : row.group === show))
    && (!terminal || (direction === "departures" ? flight.departure : flight.arrival).terminal === terminal)
    && (!carrier || row.flight.split(" ")[0] === carrier)
    && row.search.includes(searched(text));
}

/** Whether the reader looks for something: then earlier flights are shown too. @param {Choice} choice */
export const narrows = ({ text, terminal, carrier, show, sort }) => Boolean(text || terminal || carrier) || show !== "all" || sort !== "time";

/**
 * Whether nobody waits for the flight any longer: it has been gone, or called off, for a while. One that is overdue without news
 * has not left as far as anybody knows: it stays, however late it is.
 * @param {Flight} flight @param {Pick<Row, "tone"|"group">} row @param {Direction} direction @param {number} now
 */
export function isPast(flight, { tone, group }, direction, now) {
  if (tone !== "gone" && group !== "cancelled") return false;
  const known = [endOf(flight, direction)[0].scheduled, expectedAt(flight, direction)].filter((time) => time);
  const latest = Math.max(...known.map((time) => Date.parse(/** @type {string} */ (time))));
  return known.length > 0 && latest < now - (group === "cancelled" ? CALLED_OFF : RECENT);
}

/** @param {Flight} flight @param {Row} row @param {Direction} direction @param {string} sort @param {string} planned the key of the plan */
export function orderKey(flight, row, direction, sort, planned) {
  if (sort === "expected") return `${expectedAt(flight, direction) ?? planned.split(" ")[0]} ${planned}`;
  if (sort === "delay") return `${String(100_000 - (row.delayMinutes ?? 0)).padStart(6, "0")} ${planned}`;
  return planned;
}

/** The other numbers of a flight with the one searched for first. @param {string} also @param {string} text */
export function searchedFirst(also, text) {
  const wanted = searched(text).replaceAll(" ", "");
  if (!wanted || !also) return also;
  const is = (/** @type {string} */ name) => name.replaceAll(" ", "").toLowerCase().includes(wanted);
  const all = also.split(", ");
  return [...all.filter(is), ...all.filter((name) => !is(name))].join(", ");
}

/** What a row says for a while after a change: from which to which time, or gate; "" if neither changed.
 * @param {Row|null} before @param {Row} after */
export function changeOf(before, after) {
  if (!before) return "";
  const found = [];
  const [was, is] = [before.exp || before.sched, after.exp || after.sched];
  if (was !== is) found.push(`${was} → ${is}`);
  for (const name of /** @type {const} */ (["gate", "belt"])) {
    if (before[name] && after[name] && before[name] !== after[name]) found.push(`${before[name]} → ${after[name]}`);
  }
  return found.join(" · ");
}
