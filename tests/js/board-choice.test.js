// What a reader chose to see of a board, without a document.
import assert from "node:assert/strict";
import { test } from "node:test";
import { USUAL, changeOf, isPast, matches, narrows, orderKey, searchedFirst } from "../../src/windsock/static/windsock/board-choice.js";

const at = (minutes) => new Date(minutes * 60_000).toISOString();
const flight = (departure) => ({ departure: { terminal: "4", ...departure }, arrival: {}, takeoff: {}, landing: {} });
const row = { flight: "BA 1", group: "delayed", waiting: true, search: "ba1 ba 1 af3652 paris", delayMinutes: 40, sched: "10:00", exp: "", gate: "A1", belt: "" };

test("only a flight that left a quarter of an hour ago, or was called off an hour ago, is an earlier one", () => {
  const now = 100 * 60_000;
  const past = (departure, tone, group = "") => isPast(flight(departure), { tone, group }, "departures", now);
  assert.equal(past({ scheduled: at(84) }, "gone"), true);
  assert.equal(past({ scheduled: at(86) }, "gone"), false);
  assert.equal(past({ scheduled: at(10), actual: at(90) }, "gone"), false);
  assert.equal(past({ scheduled: at(120), actual: at(70) }, "gone"), false);
  assert.equal(past({ scheduled: at(10) }, "overdue", "delayed"), false);
  assert.equal(past({ scheduled: at(10) }, "calm"), false);
  assert.equal(past({ scheduled: at(45) }, "cancelled", "cancelled"), false);
  assert.equal(past({ scheduled: at(39) }, "diverted", "cancelled"), true);
  assert.equal(past({}, "gone"), false);
});

test("each choice narrows the board", () => {
  assert.equal(narrows(USUAL), false);
  for (const [more, expected] of [[{ show: "waiting" }, true], [{ show: "cancelled" }, false], [{ terminal: "4" }, true], [{ terminal: "5" }, false],
    [{ carrier: "BA" }, true], [{ carrier: "B" }, false], [{ text: "AF 3652" }, true], [{ text: "oslo" }, false]]) {
    const choice = { ...USUAL, ...more };
    assert.equal(matches(flight({}), row, "departures", choice), expected, JSON.stringify(more));
    assert.equal(narrows(choice), true);
  }
});

test("the longest delay and the earliest expected time come first", () => {
  const key = (delayMinutes) => orderKey(flight({}), { ...row, delayMinutes }, "departures", "delay", "2026 A");
  assert.ok(key(90) < key(40) && key(40) < key(0) && key(0) < key(-5));
  const expected = (time) => orderKey(flight({ estimated: time }), row, "departures", "expected", `${at(50)} A`);
  assert.ok(expected(at(40)) < expected(null) && expected(null) < expected(at(60)));
});

test("the number that was searched for stands first, and a change says from what to what", () => {
  assert.equal(searchedFirst("AA 1, AF 3652", "af3652"), "AF 3652, AA 1");
  assert.equal(searchedFirst("AA 1, AF 3652", ""), "AA 1, AF 3652");
  assert.equal(changeOf(row, { ...row, exp: "10:40", gate: "B2" }), "10:00 → 10:40 · A1 → B2");
  assert.equal(changeOf(row, row), "");
  assert.equal(changeOf(null, row), "");
});
