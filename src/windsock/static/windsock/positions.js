// @ts-check
/**
 * A place in the journal: `epoch:offset` on the wire.
 *
 * @typedef {import("./types.js").Position} Position
 */

/** @param {string} text @returns {Position} */
export function parse(text) {
  const at = text.lastIndexOf(":");
  return { epoch: text.slice(0, at), offset: Number(text.slice(at + 1)) };
}

/** @param {Position|null} position */
export const written = (position) => position && `${position.epoch}:${position.offset}`;
