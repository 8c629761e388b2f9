// @ts-check
/**
 * The client's position in the journal, and the position up to which nothing is missing.
 *
 * @typedef {import("./types.js").Position} Position
 */

/**
 * `position` follows each event. `verified` follows messages that account for all events before them: a heartbeat whose
 * counts agree, a resume, a snapshot. A client that notices a loss rewinds to it.
 */
export class Progress {
  /** @param {Position|null} position */
  constructor(position) {
    this.position = position;
    this.verified = position;
  }

  /** Returns whether a position is of another epoch, which means that the journal was replaced. @param {Position} position */
  isForeign(position) { return this.position !== null && position.epoch !== this.position.epoch; }

  /** Adopts a position unless it is behind. @param {Position} position */
  advance(position) {
    if (!this.position || this.isForeign(position) || position.offset > this.position.offset) this.position = position;
  }

  /** Advances to a position up to which everything is accounted for. @param {Position} position */
  verify(position) {
    this.advance(position);
    this.verified = this.position;
  }

  /** Starts over at a position of another journal. @param {Position} position */
  restart(position) { this.position = this.verified = position; }

  /** Rewinds to the last verified position. */
  rewind() { this.position = this.verified; }
}
