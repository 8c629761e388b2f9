// @ts-check
/** The client's local board: the flights of the subscribed topics, each in its newest state. @typedef {import("./types.js").Flight} Flight */

/** The canonical names of all topics a flight belongs to. @param {Flight} flight @returns {Set<string>} */
export function topicsOf(flight) {
  const names = new Set(["all", `flight:${flight.id}`, `designator:${flight.designator}`, `departures:${flight.origin}`,
    `airport:${flight.origin}`, `carrier:${flight.carrier.iata ?? flight.carrier.icao ?? ""}`]);
  for (const name of flight.codeshares ?? []) names.add(`designator:${name}`);
  for (const id of flight.former_ids ?? []) names.add(`flight:${id}`);
  for (const code of [flight.destination, flight.diverted_to]) {
    if (code) names.add(`arrivals:${code}`).add(`airport:${code}`);
  }
  if (flight.destination) names.add(`route:${flight.origin}-${flight.destination}`);
  if (flight.registration) names.add(`registration:${flight.registration.toUpperCase().replaceAll("-", "")}`);
  return names;
}

/** @param {Iterable<string>} names @param {Set<string>} set */
const meets = (names, set) => [...names].some((name) => set.has(name));

/** Number of flights that left to remember, so that a resume does not report them twice. */
const REMEMBERED = 10_000;

/** Flight id → flight, always current. Offsets are kept with the flights, so that an old snapshot undoes no event. */
export class LocalBoard {
  constructor() {
    /** @type {Map<string, Flight>} */
    this.flights = new Map();
    /** @type {Map<string, number>} */
    this.offsets = new Map();
    /** Id → version in which the flight left; a resume may repeat it. @type {Map<string, number>} */
    this.left = new Map();
  }

  /** Keeps the flight if it is newer than the one held. Returns whether it was. It leaves if no topic claims it.
   * @param {Flight} flight @param {number} offset @param {Set<string>} topics */
  put(flight, offset, topics) {
    this.leaveFormer(flight);
    const known = this.flights.get(flight.id)?.version ?? this.left.get(flight.id) ?? 0;
    if (known >= flight.version) return false;
    this.take(flight, offset, topics);
    return true;
  }

  /** Takes a snapshot of the topics `covered` as of `offset`. Flights that are not in it are dropped, unless they are newer
   * than the snapshot or another topic still claims them.
   * @param {Flight[]} flights @param {number} offset @param {Set<string>} covered @param {Set<string>} topics */
  load(flights, offset, covered, topics) {
    const present = new Set(flights.map((flight) => flight.id));
    for (const flight of flights) {
      this.leaveFormer(flight);
      const held = this.flights.get(flight.id);
      // A flight that left may return by a new topic.
      if (!held || held.version < flight.version) this.take(flight, offset, topics);
    }
    for (const [id, held] of [...this.flights]) {
      const claimed = [...topicsOf(held)].some((name) => topics.has(name) && !covered.has(name));
      if (!present.has(id) && (this.offsets.get(id) ?? 0) <= offset && !claimed) this.drop(id);
    }
  }

  /** Drops the flights that belong to none of the topics. @param {Set<string>} topics */
  keep(topics) {
    for (const [id, held] of [...this.flights]) if (!meets(topicsOf(held), topics)) this.drop(id);
  }

  /** Drops one flight, if it is there, and remembers in which version it left. @param {string} id */
  drop(id) {
    const held = this.flights.get(id);
    this.flights.delete(id);
    this.offsets.delete(id);
    if (held) this.remember(id, held.version);
  }

  /** Drops all flights: the journal was replaced. */
  clear() {
    this.flights.clear();
    this.offsets.clear();
    this.left.clear();
  }

  /** Drops, for good, the flights that turned out to be this one. @param {Flight} flight */
  leaveFormer(flight) {
    for (const id of flight.former_ids ?? []) {
      this.drop(id);
      this.remember(id, Number.MAX_SAFE_INTEGER);
    }
  }

  /** @param {Flight} flight @param {number} offset @param {Set<string>} topics */
  take(flight, offset, topics) {
    if (meets(topicsOf(flight), topics)) {
      this.left.delete(flight.id);
      this.flights.set(flight.id, flight);
      this.offsets.set(flight.id, offset);
      return;
    }
    this.drop(flight.id);
    this.remember(flight.id, flight.version);
  }

  /** @param {string} id @param {number} version */
  remember(id, version) {
    this.left.set(id, version);
    if (this.left.size > REMEMBERED) this.left.delete(/** @type {string} */ (this.left.keys().next().value));
  }
}
