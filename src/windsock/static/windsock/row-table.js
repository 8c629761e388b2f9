// @ts-check
/**
 * A table body that shows ordered rows, keyed by flight. It touches only what differs, and beyond `ALL_ROWS` it holds only the rows
 * around the viewport. What the reader looks at stays where it is when rows come and go above it.
 *
 * @typedef {import("./ordered-rows.js").Entry} Entry
 */

import { KeyedRows } from "./keyed-rows.js";
import { ALL_ROWS, drawnRange, pieces, rowAt, topsOf } from "./row-window.js";

/** Height of a row before any was drawn, in pixels: a guess that the first drawing corrects. */
const GUESS = 60;
/** Milliseconds after which rows are numbered anew: a screen reader asks for numbers far more rarely than rows come and go. */
const RENUMBER_MS = 1000;
/** Milliseconds in which a row glides to its new place: short, and long enough for an eye to follow its row. */
const GLIDE_MS = 350;

export class RowTable extends KeyedRows {
  /** @type {[number, number]} */
  range = [0, 0];
  printing = false;
  /** @type {HTMLElement[]} */
  gaps = [];
  /** @type {any} */
  numbering = null;
  scrolling = false;
  /** Elements on their way to a new place. @type {WeakMap<HTMLElement, Animation>} */
  glides = new WeakMap();

  /**
   * @param {HTMLElement} body @param {HTMLTemplateElement} template @param {(tr: HTMLElement, entry: Entry, added: boolean) => void} fill
   * as in `KeyedRows` @param {{windowed?: boolean}} [options]
   */
  constructor(body, template, fill, { windowed = true } = {}) {
    super(body, template, fill);
    this.windowed = windowed;
    this.table = /** @type {HTMLElement} */ (body.closest("table"));
    if (!windowed) return;
    // The browser's own anchoring would move the page a second time, or back to the row that has the focus.
    document.documentElement.style.overflowAnchor = "none";
    addEventListener("scroll", () => this.onScroll(), { passive: true });
    addEventListener("resize", () => this.remeasure());
    addEventListener("beforeprint", () => this.print(true));
    addEventListener("afterprint", () => this.print(false));
  }

  /** Fills all rows in the document again. */
  touchAll() {
    for (const index of this.indices()) this.touch(this.entries[index]);
  }

  /**
   * Shows these rows in this order.
   * @param {Entry[]} entries @param {{glide?: boolean}} [options] `glide`: rows that move do so visibly, since the reader did not ask for it
   */
  draw(entries, { glide = false } = {}) {
    const anchor = this.anchor(entries);
    const before = glide ? this.inSight([...this.rows.values(), ...this.below()]) : null;
    const focused = document.activeElement;
    this.measure();
    this.entries = entries;
    const windowed = this.isWindowed();
    const tops = topsOf(entries, this.guess());
    let scrolled = 0;
    if (windowed) scrolled = anchor ? tops[anchor.index] - anchor.top : -this.body.getBoundingClientRect().top;
    this.range = windowed ? drawnRange(tops, scrolled, innerHeight) : [0, entries.length];
    const kept = windowed ? this.focusedIndex(entries) : [];
    this.arrange(pieces(tops, this.range, kept));
    if (focused instanceof HTMLElement && focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
    this.hold(anchor);
    if (before) this.glide(before);
    this.number();
  }

  /** Changes something above the rows; what the reader looks at stays where it is. @param {() => void} change */
  still(change) {
    const anchor = this.anchor(this.entries);
    const before = this.inSight(/** @type {Iterable<HTMLElement>} */ (this.table.parentElement?.children ?? []));
    change();
    this.hold(anchor);
    if (before) this.glide(before);
  }

  /**
   * @private @param {Iterable<HTMLElement>} elements
   * @returns {Map<HTMLElement, number>|null} those in sight, or near it, and their tops; null if nothing may move visibly
   */
  inSight(elements) {
    if (!this.windowed || this.printing || document.hidden || matchMedia("(prefers-reduced-motion: reduce)").matches) return null;
    const found = new Map();
    for (const element of elements) {
      const { top, bottom } = element.getBoundingClientRect();
      if (bottom > -innerHeight && top < 2 * innerHeight) found.set(element, top);
    }
    return found;
  }

  /** @private @returns {HTMLElement[]} what stands below the table, and moves when it grows or shrinks */
  below() {
    const found = [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("footer"))];
    for (let next = this.table.nextElementSibling; next; next = next.nextElementSibling) found.push(/** @type {HTMLElement} */ (next));
    return found;
  }

  /** @private Lets elements glide from where they were: a jump would lose the row under the eye. @param {Map<HTMLElement, number>} before */
  glide(before) {
    // Without the glides that still run, so that what is measured is the new place.
    for (const element of before.keys()) this.glides.get(element)?.cancel();
    for (const [element, former] of before) {
      const moved = former - element.getBoundingClientRect().top;
      if (!element.isConnected || Math.abs(moved) < 1 || Math.abs(moved) > innerHeight) continue;
      this.glides.set(element, element.animate([{ transform: `translateY(${moved}px)` }, { transform: "none" }], { duration: GLIDE_MS, easing: "ease-out" }));
    }
  }

  /** @private @param {{tr: HTMLElement, top: number}|null} anchor */
  hold(anchor) {
    if (!anchor?.tr.isConnected) return;
    const moved = anchor.tr.getBoundingClientRect().top - anchor.top;
    if (Math.abs(moved) >= 0.5) scrollBy({ top: moved, behavior: "instant" });
  }

  /** Scrolls the row at this index to the middle, and returns it. @param {number} index @returns {HTMLElement|undefined} */
  reveal(index) {
    const entry = this.entries[index];
    if (!entry) return undefined;
    if (!this.rows.has(entry.id)) {
      const tops = topsOf(this.entries, this.guess());
      scrollTo({ top: scrollY + this.body.getBoundingClientRect().top + tops[index] - innerHeight / 2, behavior: "instant" });
      this.scrolled();
    }
    const tr = this.rows.get(entry.id);
    tr?.scrollIntoView({ block: "center", behavior: "instant" });
    return tr;
  }

  /** @private @returns {boolean} */
  isWindowed() { return this.windowed && !this.printing && this.entries.length > ALL_ROWS; }

  /** @private @returns {number} the height of an average row */
  guess() {
    let sum = 0, count = 0;
    for (const entry of this.entries) if (entry.height) [sum, count] = [sum + entry.height, count + 1];
    return count ? sum / count : GUESS;
  }

  /** @private @returns {number[]} the places of the rows in the document */
  indices() {
    return this.entries.flatMap((entry, index) => this.rows.has(entry.id) ? [index] : []);
  }

  /** @private */
  measure() {
    if (!this.windowed || this.entries.length <= ALL_ROWS) return;
    for (const index of this.indices()) {
      const entry = this.entries[index];
      entry.height = this.rows.get(entry.id)?.getBoundingClientRect().height ?? 0;
    }
  }

  /**
   * Returns the row under the reader's eye, in the middle of the screen, with its place among `entries`; none while the page is
   * not scrolled, since everything moves then as in any list.
   * @private @param {Entry[]} entries @returns {{tr: HTMLElement, index: number, top: number}|null}
   */
  anchor(entries) {
    if (!this.windowed || !this.rows.size || this.printing || scrollY <= 0) return null;
    if (this.body.getBoundingClientRect().top >= innerHeight / 2) return null;
    const places = new Map(entries.map((entry, index) => [entry.id, index]));
    const focused = document.activeElement?.closest("tr");
    const rect = focused && this.body.contains(focused) ? focused.getBoundingClientRect() : null;
    const eye = rect && rect.bottom > 0 && rect.top < innerHeight ? rect.top : innerHeight / 2;
    let found = null;
    for (const [id, tr] of this.rows) {
      const index = places.get(id);
      if (index === undefined) continue;
      const { top, bottom } = tr.getBoundingClientRect();
      if (bottom <= 0 || top >= innerHeight) continue; // nobody sees it: after a jump none of those drawn is in sight
      const away = top > eye ? top - eye : bottom < eye ? eye - bottom : 0;
      if (!found || away < found.away) found = { tr, index, top, away };
      if (!away) break;
    }
    return found;
  }

  /** @private @param {Entry[]} entries @returns {number[]} the row that holds the focus, which must not leave the document */
  focusedIndex(entries) {
    const id = /** @type {HTMLElement|null|undefined} */ (document.activeElement?.closest("tr[data-flight]"))?.dataset.flight;
    const index = id === undefined || !this.rows.has(id) ? -1 : entries.findIndex((entry) => entry.id === id);
    return index < 0 ? [] : [index];
  }

  /** @protected @param {(number | {gap: number, from: number} | HTMLElement)[]} wanted */
  arrange(wanted) {
    const gaps = wanted.filter((piece) => typeof piece !== "number").length;
    for (const gap of this.gaps.splice(gaps)) gap.remove();
    let used = 0;
    super.arrange(wanted.map((piece) => typeof piece === "object" && "gap" in piece ? this.gap(used++, piece.gap) : piece));
  }

  /** @protected @param {HTMLElement} tr @param {number} index */
  added(tr, index) {
    if (this.isWindowed()) tr.setAttribute("aria-rowindex", String(index + 2));
  }

  /** @private @param {number} place @param {number} height @returns {HTMLElement} a row as high as the rows left out */
  gap(place, height) {
    let tr = this.gaps[place];
    if (!tr) {
      tr = this.gaps[place] = document.createElement("tr");
      tr.className = "gap";
      tr.setAttribute("aria-hidden", "true");
      const cell = document.createElement("td"); // one cell: more would become columns of the table
      tr.append(cell);
      for (const element of [tr, cell]) element.style.cssText = "padding: 0; border: 0";
    }
    const text = `${Math.round(height)}px`;
    if (tr.style.height !== text) tr.style.height = text;
    return tr;
  }

  /** @private Numbers the rows for screen readers, where not all of them are in the document. */
  number() {
    const count = this.isWindowed() ? String(this.entries.length + 1) : null;
    if (this.table.getAttribute("aria-rowcount") !== count) {
      if (count) this.table.setAttribute("aria-rowcount", count);
      else this.table.removeAttribute("aria-rowcount");
    }
    this.numbering ??= setTimeout(() => {
      this.numbering = null;
      const windowed = this.isWindowed();
      for (const index of this.indices()) {
        const tr = /** @type {HTMLElement} */ (this.rows.get(this.entries[index].id)), text = String(index + 2);
        if (!windowed) tr.removeAttribute("aria-rowindex");
        else if (tr.getAttribute("aria-rowindex") !== text) tr.setAttribute("aria-rowindex", text);
      }
    }, RENUMBER_MS);
  }

  /** @private */
  onScroll() {
    if (this.scrolling || !this.isWindowed()) return;
    this.scrolling = true;
    requestAnimationFrame(() => {
      this.scrolling = false;
      this.scrolled();
    });
  }

  /** @private Draws other rows once the viewport comes near the end of those drawn. */
  scrolled() {
    if (!this.isWindowed()) return;
    const tops = topsOf(this.entries, this.guess());
    const above = -this.body.getBoundingClientRect().top;
    const [first, end] = this.range;
    const near = innerHeight / 2;
    const wanted = [rowAt(tops, above - near), rowAt(tops, above + innerHeight + near)];
    if (wanted[0] >= first && wanted[1] < end) return;
    this.draw(this.entries);
  }

  /** @private */
  remeasure() {
    for (const entry of this.entries) entry.height = 0;
    if (this.isWindowed()) this.draw(this.entries);
  }

  /** @private @param {boolean} printing */
  print(printing) {
    this.printing = printing;
    this.draw(this.entries);
  }
}
