// @ts-check
/**
 * The client's end of the conversation, sans-I/O, over all its connections: frames and time in; connections, frames and
 * updates out. The same state machine as the Python client's (windsock.protocol.client_session), held to the same conversation
 * files. Promises: an event is emitted once, in the order of its flight's versions; after any loss the client resumes or
 * takes a snapshot before it is `live` again; it does not reconnect to a server that asked it to stop.
 *
 * @typedef {import("./types.js").State} State
 * @typedef {import("./types.js").Flight} Flight
 * @typedef {import("./types.js").Standing} Standing
 * @typedef {import("./types.js").ReplayClock} ReplayClock
 * @typedef {import("./types.js").Position} Position
 * @typedef {{do: "open", connection: number, delay: number}
 *   | {do: "send", connection: number, text: string}
 *   | {do: "shut", connection: number, code: number, reason: string}
 *   | {do: "emit", name: "event"|"programmes"|"snapshot"|"state"|"notice"|"answered"|"problem"|"stopped"|"renew"|"head"|"resumed", detail: any}} Output
 */

import { backOff, reaction } from "./backoff.js";
import { Link, collect } from "./client-link.js";
import { Progress } from "./client-progress.js";
import { canonical } from "./client-topics.js";
import { LocalBoard } from "./local-board.js";
import { parse, written } from "./positions.js";
import { Standings } from "./standings.js";

/** Seconds after which a live connection counts as a success: the next back-off starts small again. */
const STABLE_SECONDS = 10;
/** Missing heartbeats after which the connection is dead: one may be late, two in a row are not. */
const SILENT_HEARTBEATS = 2.5;
/** Seconds of the first ceiling if a server asks the client to back off (4100-4199): half a second would be too soon. */
const BACK_OFF_ATTEMPT = 2;

export class ClientSession {
  /** @param {{topics?: string[], after?: string|null, board?: Flight[], programmes?: Standing[], mode?: "every"|"latest", now?: () => number, random?: () => number}} options
   *   `now` in seconds, of any steady clock. */
  constructor({ topics = [], after = null, board = [], programmes = [], mode = "every", now = () => performance.now() / 1000, random = Math.random } = {}) {
    /** @type {State} */
    this.state = "connecting";
    this.local = new LocalBoard();
    this.standings = new Standings();
    /** @type {ReplayClock|null} */
    this.clock = null;
    /** Whether the board has been complete once; before that it may be empty or partial. */
    this.complete = false;
    this.now = now;
    this.random = random;
    this.mode = mode;
    /** Topic → confirmed by the server. @type {Map<string, boolean>} */
    this.topics = new Map(topics.map((topic) => [canonical(topic), after !== null]));
    this.progress = new Progress(after ? parse(after) : null);
    const offset = this.progress.position?.offset ?? 0;
    for (const flight of board) this.local.put(flight, offset, this.topicSet);
    for (const standing of programmes) this.standings.put(standing, offset, this.topicSet);
    /** @type {Map<number, Link>} */
    this.links = new Map();
    /** @type {Link|null} */
    this.current = null;
    this.opened_ = 0;
    this.attempt = 0;
    this.requests = 0;
    /** Reports without an answer yet; sent again after a reconnect. @type {Map<string, object>} */
    this.reports = new Map();
    this.retryAfter = 0;
    /** @type {Output[]} */
    this.pending = [];
  }

  /** Returns the outputs since the last call, in order. */
  outputs() {
    const done = this.pending;
    this.pending = [];
    return done;
  }

  /** Flight id → flight, always current. */
  get board() { return this.local.flights; }
  /** Airport → its programmes, of the topics `programmes:…`, always current. */
  get programmes() { return this.standings.byAirport; }
  get topicSet() { return new Set(this.topics.keys()); }
  /** The position from which a resume would begin. */
  get position() { return written(this.resumeFrom()); }

  /** Time by which `tick` is due; null: not needed. @returns {number|null} */
  nextDue() {
    const times = [];
    for (const link of this.links.values()) {
      if (link.open) times.push(link.heardAt + link.silenceSeconds);
      if (link.retryAt !== null) times.push(link.retryAt);
    }
    return times.length ? Math.min(...times) : null;
  }

  // Calls of the user

  start() { this.open(0); }

  /** @param {string[]} topics */
  subscribe(topics) {
    const fresh = [...new Set(topics.map(canonical))].filter((name) => !this.topics.has(name));
    for (const name of fresh) this.topics.set(name, false);
    if (fresh.length && this.current?.welcomed) this.ask(this.current, fresh, false);
  }

  /** @param {string[]} topics */
  unsubscribe(topics) {
    const gone = [...new Set(topics.map(canonical))].filter((name) => this.topics.delete(name));
    this.keep();
    if (gone.length && this.current?.welcomed) this.send(this.current, { type: "unsubscribe", id: this.nextId(), topics: gone });
  }

  /** Publishes a report, now or after a reconnect; its `answered` carries the id returned here. @param {object} report */
  report(report) {
    const id = this.nextId();
    this.reports.set(id, report);
    if (this.current?.welcomed) this.send(this.current, { type: "report", id, report });
    return id;
  }

  /** Renews the authorization of the connection with a fresh ticket. @param {string} ticket */
  renewed(ticket) {
    if (this.current?.welcomed) this.send(this.current, { type: "auth", id: this.nextId(), ticket });
  }

  close() {
    if (this.state !== "closed") this.stop(1000, "closed by this side");
  }

  // Events of connections

  /** @param {number} connection */
  opened(connection) {
    const link = this.links.get(connection);
    if (link) [link.open, link.heardAt] = [true, this.now()];
  }

  /** The handshake was answered with an HTTP status (a browser does not reveal it). @param {number} connection @param {number} status @param {number} [retryAfter] */
  refused(connection, status, retryAfter = 0) {
    if (!this.links.has(connection)) return;
    const why = `refused with HTTP ${status}`;
    if ([408, 425, 429].includes(status) || status >= 500) this.gone(connection, why, BACK_OFF_ATTEMPT, retryAfter);
    else this.stop(status, why);
  }

  /** The connection was closed with `code`; null: it broke, or was never opened. @param {number} connection @param {number|null} code @param {string} [reason] */
  lost(connection, code, reason = "") {
    if (!this.links.has(connection)) return;
    const why = code ? `closed with ${code}${reason ? `: ${reason}` : ""}` : "the connection broke";
    const then = reaction(code);
    if (then === "stop") this.stop(code ?? 1000, why);
    else if (then === "at-once") this.gone(connection, why, 0, 0, true);
    else this.gone(connection, why, code !== null && code >= 4100 && code <= 4199 ? BACK_OFF_ATTEMPT : 0, this.retryAfter);
  }

  /** Does whatever is due: gives up silent connections, repeats requests that were refused for now. */
  tick() {
    const now = this.now();
    for (const link of [...this.links.values()]) {
      if (link.open && now >= link.heardAt + link.silenceSeconds) {
        this.pending.push({ do: "shut", connection: link.number, code: 4203, reason: "no heartbeat" });
        this.gone(link.number, `nothing heard for ${Math.round(link.silenceSeconds)} s`, 0, 0, true);
      } else if (link.retryAt !== null && now >= link.retryAt) {
        link.retryAt = null;
        this.askAll(link);
      }
    }
  }

  /** Takes one frame from the server; an unreadable one is emitted as a problem and skipped. @param {number} connection @param {string} text */
  received(connection, text) {
    const link = this.links.get(connection);
    if (!link) return; // a late frame of a connection that was left
    link.heardAt = this.now();
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      this.emit("problem", { code: "malformed", message: "The server sent a frame that is not JSON." });
      return;
    }
    const take = HANDLERS[message?.type];
    if (take) take.call(this, link, message);
  }

  // Messages

  /** @param {Link} link @param {any} message */
  onWelcome(link, message) {
    link.welcomed = true;
    link.silenceSeconds = Math.max(1, SILENT_HEARTBEATS * message.heartbeat_seconds);
    this.clock = message.clock ?? null;
    this.current ??= link;
    this.emit("head", message);
    this.askAll(link);
    if (link === this.current) {
      this.sendReports(link);
      if ([...link.asked.values()].some((asked) => asked.resume)) this.become("resuming", `connected, catching up from ${this.position}`);
    }
    this.settle(link);
  }

  /** @param {Link} link @param {any} message */
  onEvent(link, message) {
    const position = parse(message.position);
    const { flight, changes } = message;
    if (!this.progress.isForeign(position)) {
      const held = this.board.get(flight.id) ?? null;
      link.countJump(held, flight);
      if (this.local.put(flight, position.offset, this.topicSet)) {
        this.emit("event", { flight, before: held, changes, position: message.position, recordedAt: message.recorded_at });
      }
    }
    this.came(link, position);
  }

  /** @param {Link} link @param {any} message */
  onProgrammes(link, message) {
    const position = parse(message.position);
    const { standing, changes } = message;
    if (!this.progress.isForeign(position)) {
      const held = this.programmes.get(standing.airport) ?? null;
      link.countJump(held, standing);
      if (this.standings.put(standing, position.offset, this.topicSet)) {
        this.emit("programmes", { standing, before: held, changes, position: message.position, recordedAt: message.recorded_at });
      }
    }
    this.came(link, position);
  }

  /** Account for the event at `position`. @param {Link} link @param {Position} position */
  came(link, position) {
    link.received += 1;
    if (this.progress.isForeign(position)) this.recover(link, "the journal was replaced");
    else if (link.toCome) {
      link.toCome -= 1;
      this.progress.advance(position);
      if (!link.toCome) this.caughtUp(link);
    } else if (!link.resuming) this.progress.advance(position);
  }

  /** @param {Link} link @param {any} message */
  onHead(link, message) {
    this.clock = message.clock ?? null;
    link.skipped = message.skipped;
    const position = parse(message.position);
    const missing = message.sent - link.received - link.sentForgiven;
    if (link === this.current) this.emit("head", message);
    // Heartbeats follow the events of a `resumed` and never come between them: missing events will not arrive.
    if (link.toCome && missing) [link.toCome, link.resumedTo] = [0, null];
    if (link.resuming) return;
    if (this.progress.isForeign(position)) this.recover(link, "the journal was replaced");
    else if (missing || link.jumpsOpen) {
      link.sentForgiven += missing;
      link.jumpsForgiven += link.jumpsOpen;
      this.recover(link, `${Math.abs(missing) || "some"} events did not come`);
    } else if (!link.asked.size) this.progress.verify(position);
  }

  /** @param {Link} link @param {any} message */
  onSnapshot(link, message) {
    const id = message.id === undefined ? "" : String(message.id);
    let asked = link.asked.get(id);
    if (!asked) {
      if (id) return; // for a subscription that was withdrawn
      asked = { topics: this.topicSet, resume: true, after: null, parts: [], standings: [], expectedPart: 1 };
      link.asked.set("", asked); // unrequested: the journal was replaced
    }
    if (!collect(asked, message)) return;
    link.asked.delete(id);
    const position = parse(message.position), covered = new Set(/** @type {string[]} */ (message.topics));
    const others = [...this.topics].some(([name, confirmed]) => confirmed && !asked.topics.has(name));
    // An unrequested snapshot may have crossed our requests: newly requested topics are not in it, withdrawn ones are.
    if (id) this.confirm(asked.topics, covered);
    else for (const name of covered) if (this.topics.has(name)) this.topics.set(name, true);
    const other = this.progress.isForeign(position);
    const behind = asked.after !== null && position.offset < asked.after.offset;
    if (other || behind) { // the journal was replaced, or lost events that we saw: old versions do not compare with new ones
      this.local.clear();
      this.standings.clear();
      this.progress.restart(position);
    } else if (asked.resume || !others) this.progress.verify(position);
    this.local.load(asked.parts, position.offset, covered, this.topicSet);
    this.standings.load(asked.standings, position.offset, covered, this.topicSet);
    this.complete = true;
    this.emit("snapshot", { topics: message.topics, position: message.position });
    this.settle(link);
  }

  /** @param {Link} link @param {any} message */
  onResumed(link, message) {
    const asked = link.asked.get(String(message.id));
    if (!asked) return;
    link.asked.delete(String(message.id));
    this.confirm(asked.topics, message.topics ? new Set(message.topics) : asked.topics);
    [link.toCome, link.resumedTo] = [message.count, message.position];
    if (!message.count) this.caughtUp(link);
  }

  /** @param {Link} link */
  caughtUp(link) {
    if (link.resumedTo !== null) {
      this.progress.verify(parse(link.resumedTo));
      link.resumedTo = null;
    }
    this.emit("resumed", { position: this.position });
    this.settle(link);
  }

  /** @param {Link} link @param {any} message */
  onError(link, message) {
    const id = message.id === undefined ? "" : String(message.id);
    if (message.retryable) this.retryAfter = message.retry_after ?? 0;
    if (this.reports.delete(id)) {
      this.emit("answered", { id, answer: message });
      return;
    }
    const asked = link.asked.get(id);
    link.asked.delete(id);
    if (!asked) this.emit("problem", message);
    else if (message.retryable) link.retryAt = this.now() + backOff(BACK_OFF_ATTEMPT, this.random, message.retry_after ?? 0);
    else if (message.code === "invalid_position" && asked.resume) this.ask(link, asked.topics, false);
    else {
      for (const name of asked.topics) this.topics.delete(name);
      this.keep();
      this.emit("problem", message);
      this.settle(link);
    }
  }

  /** @param {Link} link @param {any} message */
  onMoving(link, message) {
    if (link !== this.current || this.links.size > 1) return;
    // All clients got the same message: spread over the first half of the remaining time.
    this.open((this.random() * message.delay_seconds) / 2);
    this.become("moving", "the server is moving");
  }

  /** @param {Link} _link @param {any} message */
  onRecorded(_link, message) {
    if (this.reports.delete(String(message.id))) this.emit("answered", { id: String(message.id), answer: message });
  }

  /** @param {Link} link @param {any} message */
  onNotice(link, message) {
    if (link === this.current) this.emit("notice", message.data);
  }

  // Subscriptions

  /** @param {Link} link */
  askAll(link) {
    const pending = new Set([...link.asked.values()].flatMap((asked) => [...asked.topics]));
    const start = this.resumeFrom();
    /** @type {string[]} */
    const known = [];
    /** @type {string[]} */
    const fresh = [];
    for (const [name, confirmed] of this.topics) if (!pending.has(name)) (confirmed && start ? known : fresh).push(name);
    if (known.length) this.ask(link, known, true);
    if (fresh.length) this.ask(link, fresh, false);
  }

  /** @param {Link} link @param {Iterable<string>} topics @param {boolean} resume */
  ask(link, topics, resume) {
    const id = this.nextId(), start = resume ? this.resumeFrom() : null;
    const wanted = new Set(topics);
    link.asked.set(id, { topics: wanted, resume: start !== null, after: start, parts: [], standings: [], expectedPart: 1 });
    /** @type {Record<string, unknown>} */
    const message = { type: "subscribe", id, topics: [...this.topics.keys()].filter((name) => wanted.has(name)) };
    if (start) message.after = written(start);
    if (this.mode !== "every") message.mode = this.mode;
    this.send(link, message);
  }

  /** Marks topics as answered, under the names that the server gave them. @param {Set<string>} asked @param {Set<string>} answered */
  confirm(asked, answered) {
    for (const name of asked) if (!answered.has(name)) this.topics.delete(name);
    for (const name of answered) if (this.topics.has(name) || !asked.has(name)) this.topics.set(name, true);
  }

  /** Resumes on the same connection from the last verified position. @param {Link} link @param {string} why */
  recover(link, why) {
    if (link.resuming) return;
    const known = [...this.topics].filter(([, confirmed]) => confirmed).map(([name]) => name);
    if (!known.length) return;
    this.progress.rewind();
    this.ask(link, known, true);
    this.become("resuming", `${why}; catching up`);
  }

  /** Goes live once every request on this connection has been answered. @param {Link} link */
  settle(link) {
    if (!link.settled) return;
    link.liveSince ??= this.now();
    if (link !== this.current) { // a move is complete: the new connection has everything, so the old one can close
      const old = this.current;
      this.current = link;
      if (old) {
        this.links.delete(old.number);
        this.pending.push({ do: "shut", connection: old.number, code: 1000, reason: "moved" });
      }
      this.sendReports(link);
    }
    if (this.links.size === 1) this.become("live", "live");
  }

  // Connections

  /** @param {number} delay */
  open(delay) {
    this.opened_ += 1;
    this.links.set(this.opened_, new Link(this.opened_, this.now()));
    this.pending.push({ do: "open", connection: this.opened_, delay });
  }

  /** @param {number} connection @param {string} why @param {number} fromAttempt @param {number} [atLeast] @param {boolean} [atOnce] */
  gone(connection, why, fromAttempt, atLeast = 0, atOnce = false) {
    const link = this.links.get(connection);
    if (!link) return;
    this.links.delete(connection);
    if (link === this.current) {
      this.progress.position = this.resumeFrom();
      this.current = null;
    }
    if (link.liveSince !== null && this.now() - link.liveSince >= STABLE_SECONDS) this.attempt = 0;
    if (this.links.size && !this.current) { // it was moving, and the new connection is already being opened
      this.current = [...this.links.values()].find((other) => other.welcomed) ?? null;
      if (this.current) {
        this.sendReports(this.current);
        this.settle(this.current);
      } else this.become("connecting", why);
      return;
    }
    const delay = atOnce && this.attempt === 0 ? atLeast : backOff(Math.max(this.attempt, fromAttempt), this.random, atLeast);
    this.attempt += 1;
    this.retryAfter = 0;
    this.open(delay);
    if (!this.current) this.become("connecting", why, delay);
  }

  /** @param {number} code @param {string} why */
  stop(code, why) {
    for (const link of this.links.values()) this.pending.push({ do: "shut", connection: link.number, code: 1000, reason: "" });
    this.links.clear();
    this.current = null;
    this.become("closed", why);
    this.emit("stopped", { code, why });
  }

  // Small parts

  keep() {
    this.local.keep(this.topicSet);
    this.standings.keep(this.topicSet);
  }

  /** @returns {Position|null} */
  resumeFrom() { return this.current?.jumpsOpen ? this.progress.verified : this.progress.position; }

  /** @param {State} state @param {string} why @param {number|null} [retryIn] */
  become(state, why, retryIn = null) {
    if (state === this.state && retryIn === null) return;
    this.state = state;
    this.emit("state", { state, why, retryIn });
  }

  /** @param {Extract<Output, {do: "emit"}>["name"]} name @param {any} detail */
  emit(name, detail) { this.pending.push({ do: "emit", name, detail }); }

  /** @param {Link} link */
  sendReports(link) {
    for (const [id, report] of this.reports) this.send(link, { type: "report", id, report });
  }

  /** @param {Link} link @param {object} message */
  send(link, message) { this.pending.push({ do: "send", connection: link.number, text: JSON.stringify(message) }); }

  nextId() {
    this.requests += 1;
    return String(this.requests);
  }
}

/** Messages of a kind that a later server may add are skipped. @type {Record<string, (this: ClientSession, link: Link, message: any) => void>} */
const HANDLERS = {
  welcome: ClientSession.prototype.onWelcome,
  snapshot: ClientSession.prototype.onSnapshot,
  resumed: ClientSession.prototype.onResumed,
  event: ClientSession.prototype.onEvent,
  programmes: ClientSession.prototype.onProgrammes,
  head: ClientSession.prototype.onHead,
  moving: ClientSession.prototype.onMoving,
  recorded: ClientSession.prototype.onRecorded,
  error: ClientSession.prototype.onError,
  notice: ClientSession.prototype.onNotice,
  auth_expiring() { this.emit("renew", null); },
};
