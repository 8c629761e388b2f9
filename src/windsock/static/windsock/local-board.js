// @ts-check
/** The client's local board: the flights of the subscribed topics, each in its newest state. @typedef {import("./session.js").Flight} Flight */

/** The canonical names of all topics a flight belongs to. @param {Flight} flight @returns {Set<string>} */
export function topicsOf(flight) {
  const names = new Set(["all", `flight:${flight.id}`, `designator:${flight.designator}`, `departures:${flight.origin}`,
    `airport:${flight.origin}`, `carrier:${flight.carrier.iata ?? flight.carrier.icao ?? ""}`]);
  for (const name of flight.codeshares ?? []) names.add(`designator:${name}`);
  for (const code of [flight.destination, flight.diverted_to]) {
    if (code) names.add(`arrivals:${code}`).add(`airport:${code}`);
  }
  if (flight.destination) names.add(`route:${flight.origin}-${flight.destination}`);
  if (flight.registration) names.add(`registration:${flight.registration.toUpperCase().replaceAll("-", "")}`);
  return names;
}

/** @param {Iterable<string>} names @param {Set<string>} set */
const meets = (names, set) => [...names].some((name) => set.has(name));

/** Flight id → flight, always current. Flights know their place in the journal, so that an old snapshot undoes no event. */
export class LocalBoard {
  constructor() {
    /** @type {Map<string, Flight>} */
    this.flights = new Map();
    /** @type {Map<string, number>} */
    this.offsets = new Map();
  }

  /** Keeps the flight if it is newer than what is held; whether it was. It leaves if no topic claims it.
   * @param {Flight} flight @param {number} offset @param {Set<string>} topics */
  put(flight, offset, topics) {
    const held = this.flights.get(flight.id);
    if (held && held.version >= flight.version) return false;
    if (meets(topicsOf(flight), topics)) {
      this.flights.set(flight.id, flight);
      this.offsets.set(flight.id, offset);
    } else this.drop(flight.id);
    return true;
  }

  /** Takes a snapshot of the topics `covered` as of `offset`. A flight it does not have goes, unless it is newer than the
   * snapshot or another topic still claims it.
   * @param {Flight[]} flights @param {number} offset @param {Set<string>} covered @param {Set<string>} topics */
  load(flights, offset, covered, topics) {
    const present = new Set(flights.map((flight) => flight.id));
    for (const flight of flights) this.put(flight, offset, topics);
    for (const [id, held] of [...this.flights]) {
      const claimed = [...topicsOf(held)].some((name) => topics.has(name) && !covered.has(name));
      if (!present.has(id) && (this.offsets.get(id) ?? 0) <= offset && !claimed) this.drop(id);
    }
  }

  /** Drops the flights that belong to none of the topics. @param {Set<string>} topics */
  keep(topics) {
    for (const [id, held] of [...this.flights]) if (!meets(topicsOf(held), topics)) this.drop(id);
  }

  /** @param {string} id */
  drop(id) {
    this.flights.delete(id);
    this.offsets.delete(id);
  }

  clear() {
    this.flights.clear();
    this.offsets.clear();
  }
}
