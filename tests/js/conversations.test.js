// The JS client holds every conversation that concerns clients: the same files as the server and the Python client.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { ClientSession } from "../../src/windsock/static/windsock/session.js";

const folder = new URL("../contract/conversations/", import.meta.url);
const load = (name) => JSON.parse(readFileSync(new URL(name, folder), "utf8"));
const flights = load("flights.json");

const replaced = (value) => {
  if (Array.isArray(value)) return value.map(replaced);
  if (value === null || typeof value !== "object") return value;
  if (Object.keys(value).length === 1 && "$" in value) return flights[value.$];
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaced(item)]));
};
const absent = (value) => value !== null && typeof value === "object" && value.absent === true;
const sendable = (value) => {
  if (Array.isArray(value)) return value.map(sendable);
  if (value === null || typeof value !== "object") return value;
  if (Object.keys(value).length === 1 && "any" in value) return value.any;
  return Object.fromEntries(Object.entries(value).filter(([, item]) => !absent(item)).map(([key, item]) => [key, sendable(item)]));
};

function matches(expected, real, path = "frame") {
  if (expected !== null && typeof expected === "object" && !Array.isArray(expected)) {
    if (Object.keys(expected).length === 1 && "any" in expected) return;
    for (const [key, value] of Object.entries(expected)) {
      if (absent(value)) assert.ok(!(key in real), `${path}.${key} should be absent`);
      else {
        assert.ok(key in real, `${path}.${key} is missing`);
        matches(value, real[key], `${path}.${key}`);
      }
    }
  } else if (Array.isArray(expected) && path.endsWith("topics")) assert.deepEqual([...real].sort(), [...expected].sort(), path);
  else assert.deepEqual(real, expected, path);
}

class Replayer {
  constructor({ given }) {
    const client = given.client ?? {};
    this.time = 1000;
    this.session = new ClientSession({ ...client, now: () => this.time, random: () => 0.5 });
    this.wanted = new Map();
    this.frames = new Map();
    this.shut = new Map();
    this.newest = 0;
    this.events = [];
    this.errors = [];
    this.notices = [];
    this.answer = null;
    this.stopped = null;
    this.session.start();
    this.drain();
  }

  drain() {
    for (const output of this.session.outputs()) {
      if (output.do === "open") this.wanted.set(output.connection, output.delay);
      else if (output.do === "send") this.frames.set(output.connection, [...(this.frames.get(output.connection) ?? []), JSON.parse(output.text)]);
      else if (output.do === "shut") this.shut.set(output.connection, output.code);
      else if (output.name === "event" || output.name === "programmes") this.events.push(output.detail.position);
      else if (output.name === "problem") this.errors.push(output.detail.code);
      else if (output.name === "notice") this.notices.push(output.detail);
      else if (output.name === "answered") this.answer = output.detail.answer.code ?? "recorded";
      else if (output.name === "stopped") this.stopped = output.detail.code;
      else if (output.name === "renew") this.session.renewed("fresh-ticket");
    }
    if (this.session.pending.length) this.drain();
  }

  due(number) {
    assert.ok(this.wanted.has(number), `the client did not ask for connection ${number}`);
    this.time += this.wanted.get(number);
    this.wanted.delete(number);
  }

  step(step) {
    const on = step.on ?? this.newest;
    if ("opens" in step) {
      this.due(step.opens);
      this.newest = step.opens;
      this.session.opened(step.opens);
    } else if ("client" in step) {
      const sent = this.frames.get(on) ?? [];
      assert.ok(sent.length, `the client sent nothing on connection ${on}`);
      matches(step.client, sent.shift());
    } else if ("server" in step) this.session.received(on, JSON.stringify(sendable(step.server)));
    else if ("server_raw" in step) this.session.received(on, step.server_raw);
    else if ("server_closes" in step) this.session.lost(on, step.server_closes, step.reason ?? "");
    else if ("client_closes" in step) {
      assert.equal(this.shut.get(on), step.client_closes);
      this.shut.delete(on);
    } else if ("refused" in step) {
      const number = step.on ?? Math.max(...this.wanted.keys());
      this.due(number);
      this.session.refused(number, step.refused, step.retry_after ?? 0);
    } else if ("silent" in step) assert.deepEqual(this.frames.get(on) ?? [], []);
    else if (step.do?.subscribe) this.session.subscribe(step.do.subscribe);
    else if (step.do?.unsubscribe) this.session.unsubscribe(step.do.unsubscribe);
    else if (step.do?.report) this.session.report(step.do.report);
    else if (step.do?.close) this.session.close();
    else if ("wait" in step) {
      this.time += step.wait;
      this.session.tick();
    } else if ("expect" in step) this.expect(step.expect);
    else assert.ok(["happens", "heartbeat", "notice", "drains", "expires_in", "trims"].some((key) => key in step), `no such step: ${JSON.stringify(step)}`);
    this.drain();
  }

  taken(name) {
    const value = this[name];
    this[name] = Array.isArray(value) ? [] : null;
    return value;
  }

  expect(expected) {
    for (const [key, value] of Object.entries(expected)) {
      if (key === "reconnects_within") {
        const delay = this.wanted.get(Math.max(...this.wanted.keys()));
        assert.ok(value[0] <= delay && delay <= value[1], `reconnects in ${delay} s, not within ${value}`);
        continue;
      }
      const real = key === "board" ? Object.fromEntries([...this.session.board].map(([id, flight]) => [id, flight.version]))
        : key === "programmes" ? Object.fromEntries([...this.session.programmes].map(([code, standing]) => [code, standing.programmes.map((one) => one.kind)]))
        : key === "state" || key === "position" ? this.session[key]
        : key === "stopped" ? this.stopped : this.taken(key);
      assert.deepEqual(real, value, key);
      if (key === "stopped") assert.equal(this.wanted.size, 0);
    }
  }
}

function icaoAsGiven(talk) {
  talk.steps.find((step) => step.client?.type === "subscribe").client.topics = talk.given.client.topics.map((name) => name.replace(/:k/, ":K"));
}

for (const file of readdirSync(folder).filter((name) => name.endsWith(".json") && name !== "flights.json").sort()) {
  const talk = replaced(load(file));
  // A browser has no table of airports: it asks by the ICAO code it was given, and learns the canonical name from the answer.
  if (talk.name === "subscribe-snapshot-event") icaoAsGiven(talk);
  if (!(talk.for ?? ["server", "client"]).includes("client")) continue;
  test(`the JS client holds the conversation ${talk.name}`, () => {
    const replayer = new Replayer(talk);
    talk.steps.forEach((step, index) => {
      try {
        replayer.step(step);
      } catch (error) {
        error.message = `step ${index + 1} ${JSON.stringify(step).slice(0, 120)}: ${error.message}`;
        throw error;
      }
    });
  });
}
