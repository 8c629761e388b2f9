// Rows in order and the part of them that is drawn: pure, without a document.
import assert from "node:assert/strict";
import { test } from "node:test";
import { OrderedRows, momentsOf, nextMoment, placeOf } from "../../src/windsock/static/windsock/ordered-rows.js";
import { ALL_ROWS, drawnRange, pieces, rowAt, topsOf } from "../../src/windsock/static/windsock/row-window.js";

const flight = (id, at, more = {}) => ({ id, at, group: "", text: id, version: 1, ...more });
/** @param {any} [more] */
function board(more = {}) {
  const read = [];
  const rules = { show: "", from: 0, to: 1000, read,
    inside: (given) => given.at >= rules.from && given.at <= rules.to,
    row: (given) => (read.push(given.id), { id: given.id, group: given.group, search: given.text }),
    key: (given) => String(given.at).padStart(6, "0"),
    matches: (row) => row.search.includes(rules.show), groups: (row) => (row.group ? [row.group] : []),
    due: (given, now) => nextMoment([given.at], [0], now), ...more };
  return { rules, rows: new OrderedRows(rules) };
}
const ids = (rows) => rows.visible.map(({ id }) => id);
/** A generator of numbers that is the same in every run. @param {number} seed */
const random = (seed) => () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;

test("an event reads the row of its own flight only", () => {
  const { rules, rows } = board();
  rows.load(Array.from({ length: 1500 }, (_, index) => flight(`F${index}`, index % 900)), 0);
  rules.read.length = 0;
  assert.equal(rows.put(flight("F7", 7, { text: "F7 late" }), 0), "row");
  assert.equal(rows.put(flight("F7", 450), 0), "order");
  assert.equal(rows.put(flight("F7", 5000), 0), "order");
  assert.equal(rows.put(flight("F7", 6000), 0), "");
  assert.deepEqual(rules.read, ["F7", "F7"]);
});

test("after any events the rows and counts are those of a fresh load", () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const next = random(seed);
    const { rules, rows } = board();
    const held = new Map();
    for (let step = 0; step < 200; step += 1) {
      const id = `F${Math.floor(next() * 30)}`;
      const action = next();
      if (action < 0.75) {
        const given = flight(id, Math.floor(next() * 1300), { group: next() < 0.5 ? "delayed" : "", text: next() < 0.5 ? "x" : "y" });
        held.set(id, given);
        rows.put(given, step);
      } else if (action < 0.9) {
        held.delete(id);
        rows.drop(id);
      } else {
        rules.show = ["", "x", "y"][Math.floor(next() * 3)];
        rows.filter();
      }
      const fresh = new OrderedRows(rules);
      fresh.load(held.values(), step);
      assert.deepEqual(ids(rows), ids(fresh));
      for (const group of ["all", "delayed"]) assert.equal(rows.counts.get(group) ?? 0, fresh.counts.get(group) ?? 0);
      for (const [index, id] of ids(rows).entries()) assert.equal(rows.indexOf(id), index);
    }
  }
});

test("a tick reads the rows whose time has come, and no others", () => {
  const { rules, rows } = board();
  rows.load([flight("A", 100), flight("B", 200), flight("C", 300)], 0);
  rules.read.length = 0;
  assert.deepEqual(rows.tick(99).changed, []);
  rows.tick(150);
  assert.deepEqual(rules.read, ["A"]);
  rules.from = 150;
  assert.equal(rows.tick(700_000).order, true);
  assert.deepEqual(ids(rows), ["B", "C"]);
});

test("the next moment is the nearest one ahead, and at most five minutes away", () => {
  assert.equal(nextMoment([1000, 5000], [0, -600, 2000], 900), 1000);
  assert.equal(nextMoment([1000, 5000], [0, -600, 2000], 1000), 3000);
  assert.equal(nextMoment([], [0], 5), 300_005);
  assert.deepEqual(momentsOf({ departure: { scheduled: "1970-01-01T00:00:01Z" }, arrival: { actual: "1970-01-01T00:00:02Z" } }), [1000, 2000]);
});

test("short lists are drawn whole, long ones as far as a screen around the viewport", () => {
  const tops = (count) => topsOf(Array.from({ length: count }, () => ({ height: 50 })), 60);
  assert.deepEqual(drawnRange(tops(ALL_ROWS), 4000, 900), [0, ALL_ROWS]);
  assert.deepEqual(drawnRange(tops(1500), -300, 900), [0, 31]);
  assert.deepEqual(drawnRange(tops(1500), 10_000, 900), [182, 237]);
  assert.deepEqual(drawnRange(tops(1500), 74_900, 900), [1480, 1500]);
});

test("the row at a height is the one that covers it", () => {
  const tops = topsOf([{ height: 10 }, { height: 0 }, { height: 30 }], 20);
  assert.deepEqual([...tops], [0, 10, 30, 60]);
  assert.deepEqual([-5, 0, 9, 10, 29, 30, 59, 60, 999].map((y) => rowAt(tops, y)), [0, 0, 0, 1, 1, 2, 2, 2, 2]);
  assert.equal(rowAt(topsOf([], 20), 5), 0);
});

test("rows and gaps together are as high as the list, with the focused row among them", () => {
  const tops = topsOf(Array.from({ length: 10 }, () => ({ height: 10 })), 10);
  assert.deepEqual(pieces(tops, [4, 6]), [{ gap: 40, from: 0 }, 4, 5, { gap: 40, from: 6 }]);
  assert.deepEqual(pieces(tops, [0, 2], [5]), [0, 1, { gap: 30, from: 2 }, 5, { gap: 40, from: 6 }]);
  assert.deepEqual(pieces(tops, [8, 10], [0]), [0, { gap: 70, from: 1 }, 8, 9]);
  assert.deepEqual(pieces(topsOf([], 10), [0, 0]), []);
});

test("a place is found by key, then by id", () => {
  const entries = [{ key: "1", id: "A" }, { key: "1", id: "C" }, { key: "2", id: "A" }];
  assert.equal(placeOf(entries, { key: "1", id: "B" }), 1);
  assert.equal(placeOf(entries, { key: "9", id: "B" }), 3);
});
