// @ts-check
/** Which rows of a long list are in the document: those around the viewport, and those that must not leave it. */

/** Rows up to which all of them are in the document, so that the browser's own search finds them. */
export const ALL_ROWS = 200;

/**
 * Returns the tops of the rows, the last element being the end of the list.
 * @param {readonly {height: number}[]} entries @param {number} guess pixels of a row that was never drawn
 */
export function topsOf(entries, guess) {
  const tops = new Float64Array(entries.length + 1);
  for (let index = 0; index < entries.length; index += 1) tops[index + 1] = tops[index] + (entries[index].height || guess);
  return tops;
}

/** Returns the index of the row at `y`, between 0 and the last. @param {Float64Array} tops @param {number} y */
export function rowAt(tops, y) {
  let low = 0, high = tops.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (tops[middle] <= y) low = middle;
    else high = middle - 1;
  }
  return Math.max(0, low);
}

/**
 * Returns the rows to draw: [first, after the last), as far as a screen above and below the viewport.
 * @param {Float64Array} tops @param {number} scrolled pixels of the list above the viewport; negative: it begins further down
 * @param {number} screen height of the viewport
 * @returns {[number, number]}
 */
export function drawnRange(tops, scrolled, screen) {
  const count = tops.length - 1;
  if (count <= ALL_ROWS) return [0, count];
  return [rowAt(tops, scrolled - screen), Math.min(count, rowAt(tops, scrolled + 2 * screen) + 1)];
}

/**
 * Returns the list as pieces in order: numbers are rows, `gap` is the height of the rows left out between them.
 * @param {Float64Array} tops @param {[number, number]} range @param {number[]} [kept] rows outside of it that stay
 * @returns {(number | {gap: number, from: number})[]}
 */
export function pieces(tops, [first, end], kept = []) {
  const rows = [...kept.filter((index) => index < first), ...Array.from({ length: end - first }, (_, index) => first + index),
    ...kept.filter((index) => index >= end)];
  /** @type {(number | {gap: number, from: number})[]} */
  const found = [];
  let next = 0;
  for (const index of [...rows, tops.length - 1]) {
    if (index > next) found.push({ gap: tops[index] - tops[next], from: next });
    if (index < tops.length - 1) found.push(index);
    next = index + 1;
  }
  return found;
}
