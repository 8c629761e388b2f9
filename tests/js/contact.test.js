import assert from "node:assert/strict";
import { test } from "node:test";

import { WindsockClient } from "../../src/windsock/static/windsock/client.js";
import { Contact, STALE_MS } from "../../src/windsock/static/windsock/contact.js";

const seen = { state: "connecting", online: true, heardAt: 0, retryAt: 0, now: 1000 };

test("a page is offline from the moment the network is gone, until it is connected", () => {
  const contact = new Contact(0);
  assert.equal(contact.shown({ ...seen, state: "live", heardAt: 900 }).kind, "live");
  assert.deepEqual(contact.shown({ ...seen, online: false }), { kind: "offline", since: 1000, seconds: 0, silent: 100, stale: false });
  assert.equal(contact.shown({ ...seen, online: false, now: 61_000, retryAt: 75_000 }).since, 1000);
  assert.equal(contact.shown({ ...seen, now: 62_000, retryAt: 63_500 }).kind, "waiting");
  assert.equal(contact.shown({ ...seen, state: "live", now: 63_000, heardAt: 63_000 }).kind, "live");
  assert.equal(contact.shown({ ...seen, online: false, now: 64_000 }).since, 64_000);
});

test("a service on the same machine needs no network", () => {
  assert.equal(new Contact(0).shown({ ...seen, state: "live", online: false }).kind, "live");
});

test("times are not trusted after two minutes without contact, however the connection was lost", () => {
  for (const online of [true, false]) for (const state of ["connecting", "resuming", "closed"]) {
    const contact = new Contact(5000);
    assert.equal(contact.shown({ ...seen, state, online, now: 5000 + STALE_MS - 1 }).stale, false);
    assert.equal(contact.shown({ ...seen, state, online, now: 5000 + STALE_MS }).stale, true);
    assert.equal(contact.shown({ ...seen, state: "live", online, heardAt: 6000 + STALE_MS, now: 6000 + STALE_MS }).stale, false);
  }
});

/** A socket that the test opens, and that never closes by itself: what a dead network leaves behind. */
class Socket {
  static made = [];
  constructor() { Socket.made.push(this); }
  send() {}
  close() { this.closed = true; }
}

/** Returns a client that waits for nothing longer than a moment, whose first connection is open. */
function connected(network) {
  Socket.made = [];
  globalThis.addEventListener = network.addEventListener.bind(network);
  globalThis.removeEventListener = network.removeEventListener.bind(network);
  const client = new WindsockClient({ url: "ws://nowhere/", topics: ["flight:X"], WebSocket: Socket });
  client.start();
  return client;
}

const soon = async (condition) => {
  for (let tries = 0; tries < 500 && !condition(); tries += 1) await new Promise((done) => setTimeout(done, 10));
  assert.ok(condition());
};

test("a lost network gives up the open connection and tries again within a second; its return at once", async () => {
  const network = new EventTarget();
  const client = connected(network);
  await soon(() => Socket.made.length === 1);
  Socket.made[0].onopen();
  network.dispatchEvent(new Event("offline"));
  assert.ok(Socket.made[0].closed);
  assert.notEqual(client.state, "live");
  await soon(() => Socket.made.length === 2);
  Socket.made[1].onclose({ code: 1006, reason: "" }); // still no network: a delay of up to 30 s, one day
  client.session.attempt = 9;
  network.dispatchEvent(new Event("online"));
  await soon(() => Socket.made.length === 3);
  client.stop();
  assert.equal(client.ticking, null);
});

test("the first attempt after a lost connection comes within a second, whatever the dice say", () => {
  for (const random of [0, 0.5, 0.999999]) {
    Socket.made = [];
    const client = new WindsockClient({ url: "ws://nowhere/", topics: [], WebSocket: Socket, random: () => random });
    client.session.start();
    client.session.outputs();
    client.session.opened(1);
    client.session.lost(1, null);
    const [open] = client.session.outputs().filter((output) => output.do === "open");
    assert.ok(open.delay <= 1, `${open.delay} s`);
  }
});

test("a half-dead connection is found by the heartbeat within 2.5 of its intervals", () => {
  let now = 0;
  const client = new WindsockClient({ url: "ws://nowhere/", topics: [], WebSocket: Socket });
  const { session } = client;
  session.now = () => now;
  session.start();
  session.opened(1);
  session.received(1, JSON.stringify({ type: "welcome", heartbeat_seconds: 20, position: "a:1", server_time: "2026-01-01T00:00:00Z" }));
  session.outputs();
  now = 49.9;
  session.tick();
  assert.equal(session.outputs().length, 0);
  now = 50;
  session.tick();
  const outputs = session.outputs();
  assert.ok(outputs.some((output) => output.do === "shut" && output.code === 4203));
  assert.deepEqual(outputs.filter((output) => output.do === "open").map((output) => output.delay), [0]);
});
