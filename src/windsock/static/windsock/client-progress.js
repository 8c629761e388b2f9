// @ts-check
/**
 * How far a client has come in the journal, and how far that is certain.
 *
 * @typedef {import("./types.js").Position} Position
 */

/**
 * `position` follows each event. `verified` follows what accounts for all before it: a heartbeat whose counts agree, a
 * resume, a snapshot. A client that notices a loss rewinds to it.
 */
export class Progress {
  /** @param {Position|null} position */
  constructor(position) {
    this.position = position;
    this.verified = position;
  }

  /** Whether a position is of another epoch, which means that the journal was replaced. @param {Position} position */
  isForeign(position) { return this.position !== null && position.epoch !== this.position.epoch; }

  /** Take over a position unless it is behind. @param {Position} position */
  advance(position) {
    if (!this.position || this.isForeign(position) || position.offset > this.position.offset) this.position = position;
  }

  /** Advance to a position up to which everything is accounted for. @param {Position} position */
  verify(position) {
    this.advance(position);
    this.verified = this.position;
  }

  /** Begin anew at a position of another journal. @param {Position} position */
  restart(position) { this.position = this.verified = position; }

  /** Go back to the last place that was accounted for. */
  rewind() { this.position = this.verified; }
}
