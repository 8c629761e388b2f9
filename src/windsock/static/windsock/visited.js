// @ts-check
/** The airports whose boards this browser opened last, newest first. They never leave the browser. */

const KEY = "windsock.visited";
const MAX_VISITED = 6; // one line on a desktop

/** @returns {string[]} codes of airports */
export function visited() {
  try {
    const codes = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(codes) ? codes.filter((code) => /^[A-Z0-9]{3,4}$/.test(code)).slice(0, MAX_VISITED) : [];
  } catch {
    return []; // private mode, or written by something else
  }
}

/** @param {string} code */
export function visit(code) {
  const codes = [code, ...visited().filter((other) => other !== code)].slice(0, MAX_VISITED);
  try { localStorage.setItem(KEY, JSON.stringify(codes)); } catch { /* private mode: not remembered */ }
}
