// What a row says, held to the same cases as the server's wording (tests/unit/wording/).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ANNOUNCED, age, announcement, boardRow, dayMarker, duration, inWindow, spaced, wallClock } from "../../src/windsock/static/windsock/wording.js";

const { now, zone, names, cases, changes } = JSON.parse(readFileSync(new URL("wording.json", import.meta.url), "utf8"));
const moment = new Date(now);
const context = ({ direction, airport, now: at }) => ({ direction, airport, zone, now: new Date(at ?? now), names });

for (const given of cases) {
  test(`the board says of a flight: ${given.name}`, () => {
    const row = boardRow(given.flight, context(given));
    assert.deepEqual(Object.fromEntries(Object.keys(given.row).map((key) => [key, row[key]])), given.row);
    const at = new Date(given.now ?? now).getTime();
    const from = new Date(at - 30 * 60_000), to = new Date(at + 6 * 3_600_000);
    assert.equal(inWindow(given.flight, given.direction, from, to), given.in_window);
  });
}

for (const { change, announced } of changes) {
  test(`a change is announced or only seen: ${change.kind}`, () => {
    assert.equal(announcement(boardRow(cases[0].flight, context(cases[0])), [change]) !== "", announced);
  });
}

test("every kind of change is announced or silent on purpose", () => {
  assert.deepEqual(Object.keys(ANNOUNCED).sort(), changes.map(({ change }) => change.kind).sort());
});

test("a local time in a daylight saving change is the one on the wall", () => {
  assert.equal(wallClock(new Date("2008-03-09T06:59:00Z"), "America/New_York").time, "01:59");
  assert.equal(wallClock(new Date("2008-03-09T07:00:00Z"), "America/New_York").time, "03:00");
});

test("a day marker counts calendar days at the place, not hours", () => {
  const late = new Date("2015-01-03T04:30:00Z"); // 23:30 in New York
  assert.equal(dayMarker(new Date("2015-01-03T05:10:00Z"), late, "America/New_York"), "+1");
  assert.equal(dayMarker(new Date("2015-01-02T05:10:00Z"), late, "America/New_York"), "");
});

test("minutes and ages are short", () => {
  assert.deepEqual([5, 59, 60, 61, 120].map(duration), ["5 min", "59 min", "1 h", "1 h 1 min", "2 h"]);
  const ago = (seconds) => age(new Date(moment.getTime() - seconds * 1000), moment);
  assert.deepEqual([0, 59, 60, 3599, 3600, 86_400, 172_800].map(ago), ["now", "now", "1 min", "59 min", "1 h", "24 h", "2 d"]);
});

test("designators are read aloud in two parts", () => {
  assert.deepEqual(["DL1865", "DAL1865", "9E3325", "B6711A", "odd"].map(spaced), ["DL 1865", "DAL 1865", "9E 3325", "B6 711A", "odd"]);
});

test("what matters is announced, the rest is silent", () => {
  const late = cases.find(({ name }) => name === "late, with the reason");
  const row = boardRow(late.flight, context(late));
  assert.equal(announcement(row, [{ kind: "delay.raised" }]), "DL 1865 Orlando: 35 min late, late inbound aircraft.");
  assert.equal(announcement(row, [{ kind: "gate.changed" }]), "DL 1865 Orlando: gate B12.");
  assert.equal(announcement({ ...row, gate: "" }, [{ kind: "gate.changed" }]), "DL 1865 Orlando: gate withdrawn.");
  assert.equal(announcement(row, [{ kind: "aircraft.changed" }, { kind: "stand.changed" }]), "");
});
