// @ts-check
/**
 * The rows of a board, keyed and in order, without a DOM: an event costs the row of its flight and a binary search, and time
 * alone costs the rows whose texts it changes. Boards of any kind put flights in and show `visible`.
 *
 * @typedef {import("./types.js").Flight} Flight
 * @typedef {import("./wording.js").Row} Row
 * @typedef {{id: string, flight: Flight, inside: boolean, row: Row|null, key: string, shown: boolean, groups: string[], readAt: number, due: number,
 *   height: number}} Entry
 *   `groups`: where the row is counted; `readAt`: the minute in which it was read, since texts may change with it.
 *   `row` is null while the flight is outside of the hours shown; `due`: when time alone may change the row (milliseconds);
 *   `height`: in pixels, as last drawn, 0 if never.
 * @typedef {{
 *   inside: (flight: Flight) => boolean,
 *   row: (flight: Flight) => Row,
 *   key: (flight: Flight, row: Row) => string,
 *   matches: (row: Row, flight: Flight) => boolean,
 *   due?: (flight: Flight, now: number) => number,
 *   groups?: (row: Row, flight: Flight) => string[],
 * }} Rules
 */

/** Milliseconds after which a row is looked at again, whatever its times say. */
const LOOK_AGAIN = 300_000;
const MINUTE = 60_000;

/** @param {Entry} one @param {Entry} other @returns {number} */
const compare = (one, other) => one.key < other.key ? -1 : one.key > other.key ? 1 : one.id < other.id ? -1 : one.id > other.id ? 1 : 0;

/** Returns the index of the first entry that does not come before `entry`. @param {Entry[]} entries @param {Entry} entry */
export function placeOf(entries, entry) {
  let low = 0, high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(entries[middle], entry) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Returns the next moment after `now` at which one of these moments is reached, or is this far behind or ahead.
 * @param {number[]} moments @param {number[]} offsets @param {number} now @returns {number} in milliseconds
 */
export function nextMoment(moments, offsets, now) {
  let next = now + LOOK_AGAIN;
  for (const moment of moments) {
    for (const offset of offsets) {
      const at = moment + offset;
      if (at > now && at < next) next = at;
    }
  }
  return next;
}

/** Returns every time of a flight at either end. @param {Flight} flight @returns {number[]} in milliseconds */
export function momentsOf({ departure, takeoff, landing, arrival }) {
  const found = [];
  for (const times of [departure, takeoff, landing, arrival]) {
    for (const text of [times?.scheduled, times?.estimated, times?.actual]) if (text) found.push(Date.parse(text));
  }
  return found;
}

export class OrderedRows {
  /** @param {Rules} rules */
  constructor(rules) {
    this.rules = rules;
    /** @type {Map<string, Entry>} */
    this.entries = new Map();
    /** The entries to show, in order. @type {Entry[]} */
    this.visible = [];
    /** Group → number of rows in the hours shown, whether or not the search finds them; "all" is every row. @type {Map<string, number>} */
    this.counts = new Map();
  }

  /**
   * Takes the newest state of a flight.
   * @param {Flight} flight @param {number} now
   * @returns {"row"|"order"|""} what may differ on the screen: the row's own texts, the rows shown or their order, or nothing
   */
  put(flight, now) {
    let entry = this.entries.get(flight.id);
    if (!entry) {
      entry = { id: flight.id, flight, inside: false, row: null, key: "", shown: false, groups: [], readAt: -1, due: 0, height: 0 };
      this.entries.set(flight.id, entry);
    }
    entry.flight = flight;
    return this.update(entry, now);
  }

  /** Drops a flight. @param {string} id @returns {"order"|""} */
  drop(id) {
    const entry = this.entries.get(id);
    if (!entry) return "";
    this.entries.delete(id);
    this.count(entry, -1);
    return this.hide(entry) ? "order" : "";
  }

  /**
   * Takes all flights there are; others are dropped. Everything is read again: use it for snapshots, other hours or other names.
   * @param {Iterable<Flight>} flights @param {number} now
   */
  load(flights, now) {
    const former = this.entries;
    this.entries = new Map();
    this.counts.clear();
    for (const flight of flights) {
      const held = former.get(flight.id);
      const entry = held ?? { id: flight.id, flight, inside: false, row: null, key: "", shown: false, groups: [], readAt: -1, due: 0, height: 0 };
      entry.flight = flight;
      this.entries.set(flight.id, entry);
      this.read(entry, now);
      this.count(entry, 1);
    }
    this.filter();
  }

  /** Reads the rows again whose time has come. @param {number} now @returns {{order: boolean, changed: Entry[]}} */
  tick(now) {
    const changed = [];
    let order = false;
    for (const entry of this.entries.values()) {
      if (entry.due > now) continue;
      const what = this.update(entry, now);
      if (what === "order") order = true;
      if (what) changed.push(entry);
    }
    return { order, changed };
  }

  /** Shows the rows that match now, after another search, filter or order. */
  filter() {
    this.visible = [];
    for (const entry of this.entries.values()) {
      entry.shown = entry.row !== null && this.rules.matches(entry.row, entry.flight);
      if (entry.row) entry.key = this.rules.key(entry.flight, entry.row);
      if (entry.shown) this.visible.push(entry);
    }
    this.visible.sort(compare);
  }

  /** @param {string} id @returns {number} the place among the visible rows, −1 if it is not one of them */
  indexOf(id) {
    const entry = this.entries.get(id);
    return entry?.shown ? placeOf(this.visible, entry) : -1;
  }

  /** Words a row anew if it was last worded in another minute; its place stays until its time comes. @param {Entry} entry @param {number} now */
  reread(entry, now) {
    const minute = Math.floor(now / MINUTE);
    if (entry.row === null || entry.readAt === minute) return;
    entry.row = this.rules.row(entry.flight);
    entry.readAt = minute;
  }

  /** @private @param {Entry} entry @param {number} now @returns {"row"|"order"|""} */
  update(entry, now) {
    const { key, shown } = entry;
    // Found by its former key, before it gets another one.
    const place = shown ? placeOf(this.visible, entry) : -1;
    this.count(entry, -1);
    this.read(entry, now);
    this.count(entry, 1);
    const show = entry.row !== null && this.rules.matches(entry.row, entry.flight);
    if (show && shown && key === entry.key) return "row";
    if (!show && !shown) return "";
    if (shown) this.visible.splice(place, 1);
    entry.shown = show;
    if (show) this.visible.splice(placeOf(this.visible, entry), 0, entry);
    return "order";
  }

  /** @private @param {Entry} entry @param {number} now */
  read(entry, now) {
    entry.inside = this.rules.inside(entry.flight);
    entry.row = entry.inside ? this.rules.row(entry.flight) : null;
    if (entry.row) entry.key = this.rules.key(entry.flight, entry.row);
    entry.groups = entry.row ? ["all", ...this.rules.groups?.(entry.row, entry.flight) ?? []] : [];
    entry.readAt = Math.floor(now / MINUTE);
    entry.due = this.rules.due?.(entry.flight, now) ?? now + LOOK_AGAIN;
  }

  /** @private @param {Entry} entry @returns {boolean} whether it was shown */
  hide(entry) {
    if (!entry.shown) return false;
    this.visible.splice(placeOf(this.visible, entry), 1);
    entry.shown = false;
    return true;
  }

  /** @private @param {Entry} entry @param {1|-1} by */
  count(entry, by) {
    for (const group of entry.groups) this.counts.set(group, (this.counts.get(group) ?? 0) + by);
  }
}
