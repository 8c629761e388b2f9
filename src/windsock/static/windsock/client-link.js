// @ts-check
/**
 * One connection of a client, as its session keeps account of it.
 *
 * @typedef {import("./types.js").Flight} Flight
 * @typedef {import("./types.js").Standing} Standing
 * @typedef {import("./types.js").Position} Position
 * @typedef {{topics: Set<string>, resume: boolean, after: Position|null, parts: Flight[], standings: Standing[],
 *   expectedPart: number}} Asked
 */

/** Seconds of silence allowed until `welcome` gives the server's own heartbeat: no server needs longer for its first message. */
const WELCOME_SECONDS = 10;

/** The requests and answers of one connection. */
export class Link {
  /** @param {number} number @param {number} heardAt */
  constructor(number, heardAt) {
    this.number = number;
    this.heardAt = heardAt;
    this.open = false;
    this.welcomed = false;
    this.silenceSeconds = WELCOME_SECONDS;
    this.received = 0;
    this.sentForgiven = 0;
    /** Versions of known flights that never arrived; the server's `skipped` must account for them. */
    this.jumps = 0;
    this.skipped = 0;
    this.jumpsForgiven = 0;
    /** @type {Map<string, Asked>} */
    this.asked = new Map();
    /** Events of a `resumed` that have not arrived yet. */
    this.toCome = 0;
    /** @type {string|null} */
    this.resumedTo = null;
    /** @type {number|null} */
    this.retryAt = null;
    /** @type {number|null} */
    this.liveSince = null;
  }

  /** Whether earlier events have not arrived yet, so that new positions cannot be resumed from. */
  get resuming() { return this.toCome > 0 || [...this.asked.values()].some((asked) => asked.resume); }
  get settled() { return this.welcomed && this.asked.size === 0 && this.toCome === 0 && this.retryAt === null; }

  /** Counts the versions between the one held and the one that arrived. @param {{version: number}|null} held @param {{version: number}} come */
  countJump(held, come) {
    if (held && come.version > held.version + 1) this.jumps += come.version - held.version - 1;
  }

  get jumpsOpen() { return Math.max(0, this.jumps - this.jumpsForgiven - this.skipped); }
}

/** Adds a part of a snapshot and returns whether it is complete now. A first part starts over. @param {Asked} asked @param {any} message */
export function collect(asked, message) {
  const part = message.part ?? 1, parts = message.parts ?? 1;
  if (part === 1) [asked.parts, asked.standings, asked.expectedPart] = [[], [], 1];
  if (part !== asked.expectedPart) {
    [asked.parts, asked.expectedPart] = [[], 0]; // nothing fits until a first part arrives
    return false;
  }
  asked.parts.push(...message.flights);
  asked.standings.push(...(message.standings ?? []));
  asked.expectedPart += 1;
  return part === parts;
}
