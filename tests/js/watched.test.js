// The browser's list of watched flights, and what is said to have changed since a card was looked at.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { differences, look, seen } from "../../src/windsock/static/windsock/since-looked.js";
import { belongTo, entries, keep, MAX_WATCHED, merged, watch, watched } from "../../src/windsock/static/windsock/watched.js";

const KEY = "windsock.flights";

class Storage {
  constructor() { this.items = new Map(); this.full = false; }
  getItem(key) { return this.items.get(key) ?? null; }
  setItem(key, value) { if (this.full) throw new Error("QuotaExceededError"); this.items.set(key, String(value)); }
  removeItem(key) { this.items.delete(key); }
}

beforeEach(() => Object.defineProperty(globalThis, "localStorage", { value: new Storage(), configurable: true, writable: true }));

const ids = () => watched().map((each) => each.id).sort();
const minute = (n) => new Date(Date.UTC(2015, 0, 2, 12, n)).toISOString();

/** Every list of up to two entries for two flights and three minutes. */
const choices = ["A", "B"].flatMap((id) => [0, 1, 2].flatMap((n) => [false, true].map((removed) => (removed ? { id, since: minute(n), removed } : { id, since: minute(n) }))));
const lists = [[], ...choices.map((each) => [each]), ...choices.flatMap((one, at) => choices.slice(at + 1).map((other) => [one, other]))];
const plain = (list) => JSON.stringify(list.map(({ id, since, removed = false }) => [id, since, removed]));

test("lists merge the same in any order and however often", () => {
  for (const one of lists) {
    assert.equal(plain(merged(merged(one, []), one)), plain(merged(one, [])));
    for (const other of lists) {
      assert.equal(plain(merged(one, other)), plain(merged(other, one)));
      const third = [{ id: "A", since: minute(1), removed: true }, { id: "B", since: minute(2) }];
      assert.equal(plain(merged(merged(one, other), third)), plain(merged(one, merged(other, third))));
    }
  }
});

test("a removed flight stays removed when an older list comes back, and can be added again", () => {
  watch("A", true);
  const old = entries();
  watch("A", false);
  keep(old);
  assert.deepEqual(ids(), []);
  watch("A", true);
  assert.deepEqual(ids(), ["A"]);
});

test("a clock that is set back loses nothing", () => {
  keep([{ id: "A", since: new Date(Date.now() + 3_600_000).toISOString() }]);
  watch("A", false);
  assert.deepEqual(ids(), []);
});

test("what somebody else wrote into the storage does no harm", () => {
  for (const text of ["", "{", "null", "7", '{"id":1}', '[null,1,{"id":2},{"id":"A"},{"id":"B","since":"yesterday"}]']) {
    localStorage.items.set(KEY, text);
    assert.deepEqual(ids(), []);
    assert.equal(watch("C", true), true);
    assert.deepEqual(ids(), ["C"]);
  }
});

test("a full or blocked storage is said", () => {
  localStorage.full = true;
  assert.equal(watch("A", true), false);
  delete globalThis.localStorage;
  assert.equal(watch("A", true), false);
  assert.deepEqual(ids(), []);
});

test("the newest flights are kept", () => {
  keep(Array.from({ length: MAX_WATCHED + 10 }, (_, n) => ({ id: `F${n}`, since: minute(n) })));
  assert.equal(watched().length, MAX_WATCHED);
  assert.equal(watched()[0].id, `F${MAX_WATCHED + 9}`);
});

test("a list of nobody's becomes that of the account; that of another account is put aside until it returns", () => {
  watch("A", true);
  belongTo("1");
  assert.deepEqual(ids(), ["A"]);
  belongTo("2");
  assert.deepEqual(ids(), []);
  watch("B", true);
  belongTo("1");
  assert.deepEqual(ids(), ["A"]);
  belongTo("2");
  assert.deepEqual(ids(), ["B"]);
});

const facts = { number: "DL 1865", state: "On time", status: "scheduled", terminal: "B", gate: "B31", belt: "", arriving: false, departs: "2015-01-02T12:00:00+00:00", arrives: "2015-01-02T14:00:00+00:00" };

for (const [name, change, words] of [
  ["nothing", {}, []],
  ["another gate and time", { gate: "B36", departs: "2015-01-02T12:20:00Z" }, ["gate B31 → B36", "20 min later"]],
  ["an earlier time", { departs: "2015-01-02T11:50:00Z" }, ["10 min earlier"]],
  ["hardly another time", { departs: "2015-01-02T12:04:00Z" }, []],
  ["no gate", { gate: "" }, ["gate B31 withdrawn"]],
  ["another terminal", { terminal: "C" }, ["terminal B → C"]],
  ["a cancellation", { status: "cancelled", state: "Cancelled", departs: null, arrives: null }, ["now: Cancelled"]],
  ["a departure", { status: "airborne", state: "In flight", arriving: true, gate: "", terminal: "" }, ["now: In flight"]],
  ["an arrival with a belt", { status: "landed", state: "Landed", arriving: true, gate: "", belt: "4", arrives: "2015-01-02T15:05:00Z" }, ["now: Landed", "belt 4", "1 h 5 min later"]],
]) {
  test(`since the last look: ${name}`, () => assert.deepEqual(differences(facts, { ...facts, ...change }), words));
}

test("what was looked at is remembered per flight", () => {
  look({ A: facts });
  look({ B: { ...facts, gate: "B36" } });
  assert.equal(seen().A.gate, "B31");
  assert.equal(seen().B.gate, "B36");
  localStorage.items.set("windsock.flights.seen", "[");
  assert.deepEqual(seen(), {});
});
