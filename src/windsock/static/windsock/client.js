// @ts-check
/**
 * `WindsockClient`: a ClientSession on a real WebSocket, with its timers.
 *
 *     const client = new WindsockClient({ topics: ["departures:JFK"] });
 *     client.addEventListener("event", (e) => console.log(e.detail.flight.designator, e.detail.changes));
 *     client.start();
 *
 * Events: `state` (detail: the state), `event`, `snapshot`, `resumed`, `head`, `gap`, `notice`, `refused` (an `error`
 * message), `recorded`, `auth_expiring`, `waiting` (detail.seconds until the next attempt), `closed` (detail.code,
 * reason: it will not come back by itself). Each has an `on…` callback in the options as well.
 *
 * @typedef {import("./session.js").Command} Command
 * @typedef {import("./session.js").Flight} Flight
 */

import { ClientSession, MISSED_HEARTBEATS, backOff } from "./session.js";

const PROTOCOL = "windsock.v1.json";

/** Where the socket of the page's own service is, or of the service `base` names. @param {string} [base] */
export function socketUrl(base = globalThis.location?.href) {
  const url = new URL("/ws/flight-delay/", base);
  url.protocol = url.protocol === "https:" || url.protocol === "wss:" ? "wss:" : "ws:";
  return url.href;
}

export class WindsockClient extends EventTarget {
  /**
   * @param {{url?: string, topics: string[], mode?: "every"|"latest", after?: string|null,
   *   ticket?: string | (() => string | Promise<string>), random?: () => number, WebSocket?: any,
   *   onevent?: (detail: any) => void, onstate?: (state: string) => void, onsnapshot?: (detail: any) => void,
   *   onnotice?: (data: any) => void, onclosed?: (detail: any) => void}} options
   *   `ticket`: for pages of another origin; a function is asked anew for every connection, as a ticket works once.
   */
  constructor(options) {
    super();
    this.options = options;
    this.url = options.url ?? socketUrl();
    this.session = new ClientSession(options);
    this.random = options.random ?? Math.random;
    this.attempt = 0;
    /** Milliseconds the server's clock is ahead of ours. */
    this.serverAhead = 0;
    /** When the last frame came, by `Date.now()`. */
    this.heardAt = 0;
    this.stopped = true;
    /** @type {Map<WebSocket, import("./session.js").Link|null>} */
    this.sockets = new Map();
    /** @type {WebSocket|null} */
    this.current = null;
    /** @type {any} */
    this.retry = null;
    /** @type {any} */
    this.watch = null;
  }

  get state() { return this.session.state; }
  /** The newest state of every flight on the topics. */
  get board() { return this.session.board; }
  get position() { return this.session.position; }
  get clock() { return this.session.clock; }

  /** The service's time now: the server's clock, or the simulated one while a replay runs. @returns {Date} */
  now() {
    return serviceTime(Date.now() + this.serverAhead, this.session.clock);
  }

  start() {
    if (!this.stopped) return this;
    this.stopped = false;
    this.watch = setInterval(() => this.checkHeartbeat(), 1000);
    void this.open();
    return this;
  }

  /** Ends it for good; `start` begins again where it stood. */
  stop() {
    this.stopped = true;
    clearTimeout(this.retry);
    clearInterval(this.watch);
    for (const socket of this.sockets.keys()) socket.close(1000);
    this.session.state = "closed";
    this.emit("state", "closed");
  }

  /** Tries at once instead of after the wait (a button, or the network came back). */
  retryNow() {
    if (this.stopped || this.sockets.size) return;
    clearTimeout(this.retry);
    void this.open();
  }

  /** @param {...string} topics */
  subscribe(...topics) { this.send(this.session.change("subscribe", topics)); }
  /** @param {...string} topics */
  unsubscribe(...topics) { this.send(this.session.change("unsubscribe", topics)); }

  /** Sends a report; answered by `recorded` or `refused` with the returned id. @param {object} report @returns {string} */
  report(report) {
    const id = this.session.nextId();
    this.current?.send(JSON.stringify({ type: "report", id, report }));
    return id;
  }

  async open() {
    let protocols = [PROTOCOL];
    const { ticket } = this.options;
    try {
      const text = typeof ticket === "function" ? await ticket() : ticket;
      if (text) protocols = [PROTOCOL, `windsock.ticket.${text}`];
    } catch {
      this.lost("back-off");
      return;
    }
    if (this.stopped) return;
    const Socket = this.options.WebSocket ?? globalThis.WebSocket;
    /** @type {WebSocket} */
    const socket = new Socket(this.url, protocols);
    this.sockets.set(socket, null);
    if (!this.current) this.emit("state", this.session.state);
    socket.onopen = () => {
      this.heardAt = Date.now();
      this.sockets.set(socket, this.session.connect());
      if (this.session.state !== "moving") this.current = socket;
    };
    socket.onmessage = (message) => {
      this.heardAt = Date.now();
      const link = this.sockets.get(socket);
      if (link) this.obey(link.receive(message.data), socket);
    };
    socket.onclose = (close) => this.onClose(socket, close.code, close.reason);
  }

  /** @param {Command[]} commands @param {WebSocket} socket */
  obey(commands, socket) {
    for (const command of commands) {
      if (command.do === "send") socket.send(command.text);
      else if (command.do === "close") socket.close(command.code, command.reason);
      else if (command.do === "overlap") setTimeout(() => this.stopped || void this.open(), this.random() * command.within * 1000);
      else if (command.do === "retire") {
        for (const old of this.sockets.keys()) if (old !== socket) old.close(1000, "moved");
        this.current = socket;
      } else {
        if (command.detail?.server_time) this.serverAhead = Date.parse(command.detail.server_time) - Date.now();
        if (command.name === "state" && command.detail === "live") this.attempt = 0;
        this.emit(command.name, command.detail);
      }
    }
  }

  /** @param {Command[]} commands */
  send(commands) {
    if (this.current) this.obey(commands, this.current);
  }

  /** @param {WebSocket} socket @param {number} code @param {string} reason */
  onClose(socket, code, reason) {
    const link = this.sockets.get(socket);
    if (!this.sockets.delete(socket) || this.stopped) return;
    const current = this.current === socket;
    if (current) this.current = null;
    const then = link ? link.closed(code) : "back-off";
    if (this.sockets.size) return; // the other one of an overlap carries on
    if (then === "stop") {
      this.stopped = true;
      clearInterval(this.watch);
      this.session.state = "closed";
      this.emit("state", "closed");
      this.emit("closed", { code, reason });
      return;
    }
    this.lost(then);
  }

  /** @param {"now"|"back-off"} then */
  lost(then) {
    // The first try after a "come back now" is at once; when that fails too, patience is due.
    const seconds = then === "now" && this.attempt === 0 ? 0 : backOff(this.attempt, this.random);
    this.attempt += 1;
    this.emit("state", this.session.state);
    this.emit("waiting", { seconds, attempt: this.attempt });
    this.retry = setTimeout(() => this.stopped || void this.open(), seconds * 1000);
  }

  checkHeartbeat() {
    const socket = this.current;
    if (!socket || Date.now() - this.heardAt < this.session.heartbeatSeconds * MISSED_HEARTBEATS * 1000) return;
    // A dead peer never answers the closing handshake: do not wait for it.
    socket.onclose = null;
    socket.close(4203, "no heartbeat");
    this.onClose(socket, 4203, "no heartbeat");
  }

  /** @param {string} name @param {any} detail */
  emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
    const callback = /** @type {any} */ (this.options)[`on${name}`];
    if (callback) callback(detail);
  }
}

/**
 * What the service's clock shows when the server's machine shows `real` (milliseconds).
 * @param {number} real
 * @param {import("./session.js").ReplayClock|null|undefined} clock
 */
export function serviceTime(real, clock) {
  if (!clock) return new Date(real);
  return new Date(Date.parse(clock.simulated_at) + (real - Date.parse(clock.real_at)) * clock.speed);
}
