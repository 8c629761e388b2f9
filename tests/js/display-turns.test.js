import assert from "node:assert/strict";
import { test } from "node:test";

import { changedFlights, nameAt } from "../../src/windsock/static/windsock/display-rows.js";
import { turnAt } from "../../src/windsock/static/windsock/display-turns.js";

const ROUND = 40;

for (const [count, seconds] of [[1, 40 / 3], [1, 20], [2, 10], [2, 20], [3, 40 / 3], [4, 10]]) {
  for (const languages of [1, 2, 3]) {
    test(`${count} pages of ${seconds.toFixed(1)} s in ${languages} languages: all are seen in a round, each in every language`, () => {
      const spoken = new Map();
      for (let second = 0; second < ROUND * 12; second += 0.5) {
        const { round, page, language } = turnAt(second * 1000, ROUND, { seconds, count }, languages);
        assert.equal(round, Math.floor(second / ROUND));
        assert.ok(page >= 0 && page < count);
        if (!spoken.has(page)) spoken.set(page, new Set());
        spoken.get(page).add(language);
        if (second === ROUND - 0.5) assert.equal(spoken.size, count);
      }
      for (const heard of spoken.values()) assert.equal(heard.size, languages);
    });
  }
}

test("neighboring pages speak different languages", () => {
  const panel = { seconds: 10, count: 4 };
  for (let turn = 0; turn < 3; turn++) {
    assert.notEqual(turnAt(turn * 10_000, ROUND, panel, 2).language, turnAt((turn + 1) * 10_000, ROUND, panel, 2).language);
  }
});

const row = (more) => ({ id: "a", tone: "calm", sched: "10:00", struck: false, exp: "", qualifier: "", place: "Boston", flights: ["B6 1"], where: "", state: "On time", why: "", long: [], ...more });
const sheet = (...rows) => ({ round: ROUND, panels: [{ direction: "departures", seconds: 10, count: 1, languages: [{ pages: [{ number: "", lines: [], rows }] }] }] });

test("a change that is worth seeing is news, a new flight and an overdue one that grows later are not", () => {
  assert.deepEqual(changedFlights(sheet(row({})), sheet(row({ exp: "10:45" }))), ["a"]);
  assert.deepEqual(changedFlights(sheet(row({})), sheet(row({ where: "B31" }))), ["a"]);
  assert.deepEqual(changedFlights(sheet(row({})), sheet(row({}))), []);
  assert.deepEqual(changedFlights(sheet(), sheet(row({}))), []);
  const overdue = { tone: "overdue", state: "At least 20 min late" };
  assert.deepEqual(changedFlights(sheet(row(overdue)), sheet(row({ ...overdue, state: "At least 35 min late" }))), []);
});

test("a flight's own number is shown half of the time or more, and every codeshare in its turn", () => {
  const shown = (names) => Array.from({ length: 12 }, (_, step) => nameAt(names, step * 4000));
  assert.deepEqual(new Set(shown(["B6 1"])), new Set(["B6 1"]));
  assert.deepEqual(shown(["B6 1", "AF 9"]).slice(0, 3), ["B6 1", "B6 1", "AF 9"]);
  assert.deepEqual(shown(["B6 1", "AF 9", "KL 8"]).slice(0, 4), ["B6 1", "B6 1", "AF 9", "KL 8"]);
});
