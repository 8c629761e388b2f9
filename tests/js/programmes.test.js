// Programmes in words, held to the same cases as the server's wording (tests/unit/wording/test_programmes.py).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { boardRow } from "../../src/windsock/static/windsock/wording.js";
import { becauseOf, programmeLine, shownProgrammes } from "../../src/windsock/static/windsock/programmes.js";

const { now, zone, cases } = JSON.parse(readFileSync(new URL("programmes.json", import.meta.url), "utf8"));
const moment = new Date(now);

for (const given of cases) {
  test(`a programme in words: ${given.name}`, () => {
    const all = [given.programme];
    assert.deepEqual(programmeLine(given.programme, zone, moment), given.line);
    for (const direction of ["departures", "arrivals"]) {
      assert.equal(shownProgrammes(all, direction, moment).length === 1, given[direction].shown, direction);
      assert.equal(becauseOf(all, direction, moment), given[direction].because, direction);
    }
  });
}

test("of several the strongest explains", () => {
  const [delay, stop] = ["arrival_delay", "ground_stop"].map((kind) => ({ airport: "JFK", kind, source: "faa", observed_at: now }));
  assert.equal(becauseOf([delay, stop], "arrivals", moment), "ground stop at JFK");
});

test("a kind that is newer than this page is passed over", () => {
  const metering = { airport: "JFK", kind: "metering", source: "faa", observed_at: now };
  assert.deepEqual(shownProgrammes([metering], "arrivals", moment), []);
  assert.equal(becauseOf([metering], "arrivals", moment), "");
});

test("a late flight without a reason is explained by its airport unless it flies", () => {
  const { cases: rows, names } = JSON.parse(readFileSync(new URL("wording.json", import.meta.url), "utf8"));
  const explained = new Set();
  for (const { flight, direction, airport } of rows) {
    const row = boardRow(flight, { direction, airport, zone, now: moment, names, because: "ground stop at JFK" });
    if (!row.why.includes("ground stop")) continue;
    explained.add(row.tone);
    assert.ok(!flight.delay_reasons.length && !["airborne", "landed", "arrived"].includes(flight.status));
  }
  assert.deepEqual([...explained].sort(), ["late", "overdue"]);
});
