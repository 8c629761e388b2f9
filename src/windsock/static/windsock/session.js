// @ts-check
/**
 * The client's side of the conversation, without any socket: text in, commands out.
 *
 * Promises: an event is applied once and only when its flight's version is newer; a hole (versions that jump without
 * the server having said so, fewer events than it sent) leads to a resume from the last position that was certain;
 * after a lost connection the session resumes where it stood. Time and chance come from outside, so tests own both.
 *
 * @typedef {"connecting"|"live"|"resuming"|"moving"|"closed"} State
 * @typedef {{kind: string, field: string|null, from: any, to: any}} Change
 * @typedef {{scheduled: string|null, estimated: string|null, actual: string|null, delay_minutes: number|null,
 *   delay_basis?: string|null, first_scheduled?: string|null, terminal: string|null, gate: string|null,
 *   stand?: string|null, belt?: string|null}} GateTimes
 * @typedef {{id: string, designator: string, carrier: {iata: string|null, icao: string|null}, number: number,
 *   suffix: string|null, date: string, origin: string, destination: string|null, diverted_to: string|null,
 *   codeshares: string[], registration: string|null, aircraft_type: string|null, status: string, flags: string[],
 *   departure: GateTimes, takeoff: {estimated: string|null, actual: string|null},
 *   landing: {estimated: string|null, actual: string|null}, arrival: GateTimes,
 *   delay_reasons: {scheme: string, code: string|null, text: string|null, minutes: number|null}[],
 *   version: number, updated_at: string}} Flight
 * @typedef {{label: string, simulated_at: string, real_at: string, speed: number}} ReplayClock
 * @typedef {{do: "send", text: string} | {do: "emit", name: string, detail: any} | {do: "overlap", within: number}
 *   | {do: "close", code: number, reason: string} | {do: "retire"}} Command
 */

/** The first wait is drawn below this many seconds; each failure doubles the bound. */
export const BACKOFF_FIRST = 0.5;
/** No wait is longer: a thousand clients spread over half a minute are no burden, and a person still waits for that. */
export const BACKOFF_MOST = 30;
/** So many heartbeats without a single frame, and the connection counts as dead. */
export const MISSED_HEARTBEATS = 2.5;

/**
 * What a close code asks for. Its range is the rule, so a code invented later is obeyed as well.
 * @param {number} code
 * @returns {"stop"|"now"|"back-off"}
 */
export function afterClose(code) {
  if (code === 1000 || (code >= 4000 && code <= 4099)) return "stop";
  if (code >= 4200 && code <= 4299) return "now";
  return "back-off";
}

/**
 * Seconds to wait before attempt number `attempt` (from 0): full jitter, so that clients cut off together return apart.
 * @param {number} attempt
 * @param {() => number} random
 */
export function backOff(attempt, random) {
  return random() * Math.min(BACKOFF_MOST, BACKOFF_FIRST * 2 ** Math.min(attempt, 16));
}

/** @param {string} position @returns {[string, number]} */
function split(position) {
  const at = position.lastIndexOf(":");
  return [position.slice(0, at), Number(position.slice(at + 1))];
}

/** Everything a client knows across its connections: the local board, where it stands, and how it fares. */
export class ClientSession {
  /**
   * @param {{topics: string[], mode?: "every"|"latest", after?: string|null}} options
   */
  constructor({ topics, mode = "every", after = null }) {
    this.topics = [...topics];
    this.mode = mode;
    /** @type {State} */
    this.state = "connecting";
    /** The local board: always the newest state heard of every flight. @type {Map<string, Flight>} */
    this.board = new Map();
    /** The newest position heard; a reconnect resumes here. @type {string|null} */
    this.position = after;
    /** The last position up to which the server vouched that nothing is missing. @type {string|null} */
    this.certain = after;
    /** @type {ReplayClock|null} */
    this.clock = null;
    this.heartbeatSeconds = 20;
    /** Whether a snapshot was ever applied: without one (`after` given from outside) the board may be partial. */
    this.complete = false;
    /** @type {Link|null} */
    this.link = null;
    this.requests = 0;
  }

  /** A new connection is open. While one lives already (moving), both are heard until the new one has caught up. */
  connect() {
    const link = new Link(this);
    if (!this.link || this.state !== "moving") {
      this.link?.end();
      this.link = link;
      this.state = this.position ? "resuming" : "connecting";
    } else {
      link.replaces = this.link;
    }
    return link;
  }

  /** @returns {string} */
  nextId() {
    this.requests += 1;
    return String(this.requests);
  }

  /**
   * Adds topics or takes them away; commands for the live connection.
   * @param {"subscribe"|"unsubscribe"} type
   * @param {string[]} topics
   * @returns {Command[]}
   */
  change(type, topics) {
    const set = new Set(this.topics);
    for (const topic of topics) type === "subscribe" ? set.add(topic) : set.delete(topic);
    this.topics = [...set];
    if (!this.link || !this.link.welcomed) return [];
    return [{ do: "send", text: JSON.stringify({ type, id: this.nextId(), topics }) }];
  }

  /** @param {Flight} flight @returns {boolean} whether it was news */
  take(flight) {
    const known = this.board.get(flight.id);
    if (known && known.version >= flight.version) return false;
    this.board.set(flight.id, flight);
    return true;
  }

  /** @param {string} position */
  reached(position) {
    if (this.position) {
      const [epoch, offset] = split(this.position);
      const [newEpoch, newOffset] = split(position);
      if (epoch === newEpoch && newOffset <= offset) return;
    }
    this.position = position;
  }
}

/** One connection's share of the conversation: what was counted on it, what is still owed. */
export class Link {
  /** @param {ClientSession} session */
  constructor(session) {
    this.session = session;
    this.welcomed = false;
    this.ended = false;
    /** @type {Link|null} */
    this.replaces = null;
    this.received = 0;
    /** Steps that flights jumped on this connection without an event. */
    this.jumped = 0;
    /** Events missed and steps skipped that a resume has already been asked for. */
    this.excused = 0;
    this.settledSkipped = 0;
    /** Events still owed by `resumed`. */
    this.owed = 0;
    /** @type {string|null} */
    this.owedUntil = null;
    /** The subscription that waits for its answer. @type {string|null} */
    this.waitsFor = null;
    /** Parts of a snapshot that is not complete yet. @type {Flight[]} */
    this.parts = [];
  }

  end() {
    this.ended = true;
  }

  /**
   * Takes one frame.
   * @param {string} text
   * @returns {Command[]} what to do, in order
   */
  receive(text) {
    if (this.ended) return [];
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return [{ do: "close", code: 4000, reason: "a frame was not JSON" }];
    }
    switch (message.type) {
      case "welcome": return this.onWelcome(message);
      case "snapshot": return this.onSnapshot(message);
      case "resumed": return this.onResumed(message);
      case "event": return this.onEvent(message);
      case "head": return this.onHead(message);
      case "moving": return this.onMoving(message);
      case "error": return this.onError(message);
      case "notice": return [{ do: "emit", name: "notice", detail: message.data }];
      case "recorded": return [{ do: "emit", name: "recorded", detail: message }];
      case "auth_expiring": return [{ do: "emit", name: "auth_expiring", detail: message }];
      default: return []; // `pong`, and what a later server may add
    }
  }

  /** @param {any} message @returns {Command[]} */
  onWelcome(message) {
    const { session } = this;
    this.welcomed = true;
    session.heartbeatSeconds = message.heartbeat_seconds ?? session.heartbeatSeconds;
    session.clock = message.clock ?? null;
    return [
      { do: "emit", name: "welcome", detail: message },
      ...(session.topics.length ? [this.subscribe(session.position)] : this.caughtUp()),
    ];
  }

  /** @param {string|null} after @returns {Command} */
  subscribe(after) {
    this.waitsFor = this.session.nextId();
    /** @type {Record<string, unknown>} */
    const message = { type: "subscribe", id: this.waitsFor, topics: this.session.topics };
    if (after) message.after = after;
    if (this.session.mode !== "every") message.mode = this.session.mode;
    return { do: "send", text: JSON.stringify(message) };
  }

  /** @param {any} message @returns {Command[]} */
  onSnapshot(message) {
    const { session } = this;
    this.parts.push(...message.flights);
    if ((message.part ?? 1) < (message.parts ?? 1)) return [];
    const flights = this.parts;
    this.parts = [];
    const own = message.id === this.waitsFor;
    // Only the answer for all topics may take flights away: one for a topic added later speaks for that topic alone.
    if (own) {
      this.waitsFor = null;
      const sameEpoch = session.position !== null && split(session.position)[0] === split(message.position)[0];
      const kept = new Set(flights.map((flight) => flight.id));
      // In the same epoch a flight already heard of stays when an event told more of it than the snapshot knows.
      for (const [id] of session.board) if (!kept.has(id) || !sameEpoch) session.board.delete(id);
      if (!sameEpoch) session.position = null;
      session.complete = true;
    }
    for (const flight of flights) session.take(flight);
    session.reached(message.position);
    session.certain = message.position;
    this.jumped = 0;
    return [
      { do: "emit", name: "snapshot", detail: { topics: message.topics, position: message.position, flights } },
      ...this.caughtUp(),
    ];
  }

  /** @param {any} message @returns {Command[]} */
  onResumed(message) {
    if (message.id === this.waitsFor) this.waitsFor = null;
    this.jumped = 0;
    this.owed = message.count;
    this.owedUntil = message.position;
    return this.owed === 0 ? this.resumeDone() : [];
  }

  /** @returns {Command[]} */
  resumeDone() {
    const { session } = this;
    if (this.owedUntil) {
      session.reached(this.owedUntil);
      session.certain = this.owedUntil;
    }
    this.owedUntil = null;
    return [{ do: "emit", name: "resumed", detail: { position: session.position } }, ...this.caughtUp()];
  }

  /** @param {any} message @returns {Command[]} */
  onEvent(message) {
    const { session } = this;
    const flight = /** @type {Flight} */ (message.flight);
    this.received += 1;
    const before = session.board.get(flight.id) ?? null;
    if (before && flight.version > before.version + 1) this.jumped += flight.version - before.version - 1;
    const news = session.take(flight);
    session.reached(message.position);
    /** @type {Command[]} */
    const commands = news
      ? [{ do: "emit", name: "event", detail: { flight, before, changes: message.changes, position: message.position,
          recordedAt: message.recorded_at } }]
      : [];
    if (this.owed > 0) {
      this.owed -= 1;
      if (this.owed === 0) commands.push(...this.resumeDone());
    }
    return commands;
  }

  /** @param {any} message @returns {Command[]} */
  onHead(message) {
    const { session } = this;
    if ("clock" in message) session.clock = message.clock;
    else session.clock = null;
    /** @type {Command[]} */
    const commands = [{ do: "emit", name: "head", detail: message }];
    if (this.waitsFor || this.owed > 0) return commands;
    const skipped = (message.skipped ?? 0) - this.settledSkipped;
    const missing = Math.max(0, message.sent - this.received - this.excused);
    if (missing === 0 && this.jumped <= skipped) {
      session.reached(message.position);
      session.certain = message.position;
      return commands;
    }
    commands.push({ do: "emit", name: "gap", detail: { missing, jumped: this.jumped, skipped } });
    this.excused += missing;
    this.settledSkipped = message.skipped ?? 0;
    this.jumped = 0;
    if (this === session.link) session.state = "resuming";
    commands.push({ do: "emit", name: "state", detail: session.state }, this.subscribe(session.certain));
    return commands;
  }

  /** @returns {Command[]} */
  caughtUp() {
    const { session } = this;
    /** @type {Command[]} */
    const commands = [];
    if (this.replaces) {
      this.replaces.end();
      this.replaces = null;
      session.link = this;
      commands.push({ do: "retire" });
    }
    if (session.state !== "live" && session.link === this) {
      session.state = "live";
      commands.push({ do: "emit", name: "state", detail: session.state });
    }
    return commands;
  }

  /** @param {any} message @returns {Command[]} */
  onMoving(message) {
    if (this.session.link !== this) return [];
    this.session.state = "moving";
    return [
      { do: "emit", name: "state", detail: "moving" },
      { do: "overlap", within: message.delay_seconds ?? 0 },
    ];
  }

  /** @param {any} message @returns {Command[]} */
  onError(message) {
    return [{ do: "emit", name: "refused", detail: message }];
  }

  /**
   * The connection is gone.
   * @param {number} code
   * @returns {"stop"|"now"|"back-off"}
   */
  closed(code) {
    const { session } = this;
    this.end();
    const then = afterClose(code);
    if (session.link === this) {
      session.link = null;
      session.state = then === "stop" ? "closed" : session.position ? "resuming" : "connecting";
    }
    return then;
  }
}
