// @ts-check
/** The client's programmes of airports: the current ones of each subscribed topic `programmes:…`. @typedef {import("./types.js").Standing} Standing */

/** Airport → its programmes, always current. As on the board of flights, an old snapshot undoes no newer event. */
export class Standings {
  constructor() {
    /** @type {Map<string, Standing>} */
    this.byAirport = new Map();
    /** @type {Map<string, number>} */
    this.offsets = new Map();
  }

  /** Keeps the standing if it is newer than the one held and a topic claims it. Returns whether it did.
   * @param {Standing} standing @param {number} offset @param {Set<string>} topics */
  put(standing, offset, topics) {
    const held = this.byAirport.get(standing.airport)?.version ?? 0;
    if (!topics.has(topicOf(standing.airport)) || held >= standing.version) return false;
    this.byAirport.set(standing.airport, standing);
    this.offsets.set(standing.airport, offset);
    return true;
  }

  /** Takes a snapshot of the topics `covered` as of `offset`. Airports that are not in it are dropped, unless they are newer.
   * @param {Standing[]} standings @param {number} offset @param {Set<string>} covered @param {Set<string>} topics */
  load(standings, offset, covered, topics) {
    const present = new Set(standings.map((standing) => standing.airport));
    for (const standing of standings) this.put(standing, offset, topics);
    for (const airport of [...this.byAirport.keys()]) {
      if (!present.has(airport) && covered.has(topicOf(airport)) && (this.offsets.get(airport) ?? 0) <= offset) this.drop(airport);
    }
  }

  /** Drops the standings that no topic claims. @param {Set<string>} topics */
  keep(topics) {
    for (const airport of [...this.byAirport.keys()]) if (!topics.has(topicOf(airport))) this.drop(airport);
  }

  /** Drops everything: the journal was replaced. */
  clear() {
    this.byAirport.clear();
    this.offsets.clear();
  }

  /** @param {string} airport */
  drop(airport) {
    this.byAirport.delete(airport);
    this.offsets.delete(airport);
  }
}

/** @param {string} airport */
const topicOf = (airport) => `programmes:${airport}`;
