// @ts-check
/**
 * `WindsockClient`: a ClientSession on real WebSockets, with real timers.
 *
 *     const client = new WindsockClient({ topics: ["departures:JFK"] });
 *     client.addEventListener("event", (e) => console.log(e.detail.flight.designator, e.detail.changes));
 *     client.start();
 *
 * Events, each also as an option `on…`, with these details:
 *
 * - `event`: a flight changed (flight, before, changes, position, recordedAt)
 * - `programmes`: the programmes of an airport changed (standing, before, changes, position, recordedAt)
 * - `snapshot`: the board was reloaded and may differ anywhere (topics, position)
 * - `resumed`: nothing was missed (position)
 * - `state`: the connection's state changed (state, why, retryIn in seconds)
 * - `head`: the server's heartbeat, the message as received
 * - `notice`: a message to everybody, its `data`
 * - `answered`: a report was recorded or refused (id, answer)
 * - `problem`: the server refused something, such as a topic; the message as received
 * - `renew`: the ticket is about to expire (null); with the option `ticket` the client renews it by itself
 * - `stopped`: the connection ended, and the client will not reconnect (code, why)
 */

import { ClientSession } from "./session.js";

const PROTOCOL = "windsock.v1.json";

/** Returns the address of the socket of the service at `base`; by default of the page's own service.
 * @param {string} [base] the service's address, or that of any page if the service has a host of its own */
export function socketUrl(base) {
  // Windsock's own pages carry the path below which they are served.
  const root = base === undefined ? globalThis.document?.documentElement?.dataset?.root ?? "/" : "/";
  const url = new URL(`${root}ws/flight-delay/`, base ?? globalThis.location?.href);
  url.protocol = url.protocol === "https:" || url.protocol === "wss:" ? "wss:" : "ws:";
  return url.href;
}

/** Returns the service's time when the clock of the server's machine is at `real` (milliseconds).
 * @param {number} real @param {import("./types.js").ReplayClock|null|undefined} clock */
export function serviceTime(real, clock) {
  if (!clock) return new Date(real);
  return new Date(Date.parse(clock.simulated_at) + (real - Date.parse(clock.real_at)) * clock.speed);
}

export class WindsockClient extends EventTarget {
  /**
   * @param {{url?: string, topics: string[], mode?: "every"|"latest", after?: string|null,
   *   board?: import("./types.js").Flight[], programmes?: import("./types.js").Standing[],
   *   ticket?: string | (() => string | Promise<string>), random?: () => number, WebSocket?: any,
   *   onevent?: (detail: any) => void, onprogrammes?: (detail: any) => void, onsnapshot?: (detail: any) => void,
   *   onresumed?: (detail: any) => void, onstate?: (detail: any) => void, onhead?: (message: any) => void,
   *   onnotice?: (data: any) => void, onanswered?: (detail: any) => void, onproblem?: (message: any) => void,
   *   onrenew?: (detail: null) => void, onstopped?: (detail: any) => void}} options
   *   `ticket`: for pages of another origin; a function is called for every connection, since a ticket works once.
   */
  constructor(options) {
    super();
    this.options = options;
    this.url = options.url ?? socketUrl();
    this.session = new ClientSession(options);
    /** Milliseconds the server's clock is ahead of ours. */
    this.serverAhead = 0;
    /** When the last frame came, by Date.now(); 0: none yet. */
    this.heardAt = 0;
    /** When the next attempt is due, by Date.now(); 0: none is waited for. */
    this.retryAt = 0;
    /** @type {Map<number, WebSocket>} */
    this.sockets = new Map();
    /** Connections whose time has not come yet. @type {Map<number, any>} */
    this.waiting = new Map();
    /** @type {any} */
    this.ticking = null;
  }

  get state() { return this.session.state; }
  /** Flight id → flight, always the newest state. */
  get board() { return this.session.board; }
  /** Airport → its programmes, of the topics `programmes:…`. */
  get programmes() { return this.session.programmes; }
  get position() { return this.session.position; }
  get clock() { return this.session.clock; }

  /** The service's time now: the server's clock, or the simulated one while a replay runs. */
  now() { return serviceTime(Date.now() + this.serverAhead, this.clock); }

  start() {
    if (this.ticking) return this;
    this.ticking = setInterval(() => this.run(() => this.session.tick()), 1000);
    globalThis.addEventListener?.("offline", this.networkGone);
    globalThis.addEventListener?.("online", this.networkBack);
    this.run(() => this.session.start());
    return this;
  }

  /** Closes the connection for good. */
  stop() { this.run(() => this.session.close()); }

  /** Connects at once instead of waiting for the next attempt (a button, or the network is up again). */
  retryNow() {
    for (const [connection, timer] of [...this.waiting]) {
      clearTimeout(timer);
      this.waiting.delete(connection);
      void this.connect(connection);
    }
  }

  /** @private Gives up the open connections, which do not notice by themselves, and tries again: a service on this machine still answers. */
  networkGone = () => {
    for (const connection of [...this.sockets.keys()]) {
      this.shut(connection, 1000, "");
      this.run(() => this.session.lost(connection, null));
    }
  };

  /** @private Connects at once, also where an attempt hangs that began without a network. */
  networkBack = () => {
    if (this.state === "live") return;
    this.networkGone();
    this.retryNow();
  };

  /** @param {...string} topics */
  subscribe(...topics) { this.run(() => this.session.subscribe(topics)); }
  /** @param {...string} topics */
  unsubscribe(...topics) { this.run(() => this.session.unsubscribe(topics)); }

  /** Publishes a report; resolves to the server's `recorded` or `error` message. @param {object} report @returns {Promise<any>} */
  report(report) {
    return new Promise((resolve) => {
      let id = "";
      const listen = (/** @type {any} */ event) => {
        if (event.detail.id !== id) return;
        this.removeEventListener("answered", listen);
        resolve(event.detail.answer);
      };
      this.addEventListener("answered", listen);
      this.run(() => { id = this.session.report(report); });
    });
  }

  /** Lets the session act, then carries out its outputs. @private @param {() => void} act */
  run(act) {
    act();
    for (const output of this.session.outputs()) {
      if (output.do === "send") this.sockets.get(output.connection)?.send(output.text);
      else if (output.do === "open") this.openLater(output.connection, output.delay);
      else if (output.do === "shut") this.shut(output.connection, output.code, output.reason);
      else this.emit(output.name, output.detail);
    }
  }

  /** @private @param {number} connection @param {number} delay */
  openLater(connection, delay) {
    this.retryAt = Date.now() + delay * 1000;
    this.waiting.set(connection, setTimeout(() => {
      this.waiting.delete(connection);
      void this.connect(connection);
    }, delay * 1000));
  }

  /** @private @param {number} connection */
  async connect(connection) {
    this.retryAt = 0;
    let protocols = [PROTOCOL];
    try {
      const text = await this.ticket();
      if (text) protocols = [PROTOCOL, `windsock.ticket.${text}`];
    } catch {
      this.run(() => this.session.lost(connection, null));
      return;
    }
    if (!this.session.links.has(connection)) return;
    const Socket = this.options.WebSocket ?? globalThis.WebSocket;
    /** @type {WebSocket} */
    const socket = new Socket(this.url, protocols);
    this.sockets.set(connection, socket);
    socket.onopen = () => this.run(() => this.session.opened(connection));
    socket.onmessage = (message) => {
      this.heardAt = Date.now();
      this.run(() => this.session.received(connection, message.data));
    };
    socket.onclose = (close) => {
      this.sockets.delete(connection);
      // Browsers report 1005 and 1006 for "no close frame".
      this.run(() => this.session.lost(connection, close.code === 1006 || close.code === 1005 ? null : close.code, close.reason));
    };
  }

  /** @private */
  async ticket() {
    const { ticket } = this.options;
    return typeof ticket === "function" ? ticket() : ticket;
  }

  /** @private @param {number} connection @param {number} code @param {string} reason */
  shut(connection, code, reason) {
    clearTimeout(this.waiting.get(connection));
    this.waiting.delete(connection);
    const socket = this.sockets.get(connection);
    if (!socket) return;
    // A dead peer never answers the closing handshake; ignore whatever it still sends.
    socket.onclose = socket.onmessage = null;
    this.sockets.delete(connection);
    socket.close(code, reason);
  }

  /** @private @param {string} name @param {any} detail */
  emit(name, detail) {
    if (detail?.server_time) this.serverAhead = Date.parse(detail.server_time) - Date.now();
    if (name === "stopped") {
      clearInterval(this.ticking);
      this.ticking = null;
      globalThis.removeEventListener?.("offline", this.networkGone);
      globalThis.removeEventListener?.("online", this.networkBack);
    }
    if (name === "renew") void this.ticket().then((text) => text && this.run(() => this.session.renewed(text)), () => {});
    this.dispatchEvent(new CustomEvent(name, { detail }));
    /** @type {any} */ (this.options)[`on${name}`]?.(detail);
  }
}
