// @ts-check
/** What a page says about its connection: since when it is offline, how old its data is, and when times are no longer trusted. */

/** Milliseconds without contact after which the times on the page are grey: a gate may have changed by then. */
export const STALE_MS = 120_000;

/** @typedef {{kind: "live"|"stopped"|"offline"|"waiting"|"connecting", since: number, seconds: number, silent: number, stale: boolean}} Shown
 *   `since`: when it went offline, in milliseconds; `seconds` until the next attempt; `silent`: milliseconds since the last contact. */

export class Contact {
  /** @param {number} now milliseconds: the page as the server sent it is the first contact */
  constructor(now) {
    this.heardAt = now;
    /** When the browser lost its network; null while it is connected. @type {number|null} */
    this.offlineAt = null;
  }

  /**
   * Returns what to show. A browser without a network may still reach a service on the same machine: what counts is the connection.
   * @param {{state: import("./types.js").State, online: boolean, heardAt: number, retryAt: number, now: number}} seen
   * @returns {Shown}
   */
  shown({ state, online, heardAt, retryAt, now }) {
    this.heardAt = Math.max(this.heardAt, heardAt);
    const connected = state === "live" || state === "moving";
    if (connected || online) this.offlineAt = null;
    else this.offlineAt ??= now;
    const seconds = Math.max(0, Math.ceil((retryAt - now) / 1000));
    const silent = Math.max(0, now - this.heardAt);
    const kind = connected ? "live" : state === "closed" ? "stopped" : this.offlineAt !== null ? "offline" : seconds > 0 ? "waiting" : "connecting";
    return { kind, since: this.offlineAt ?? now, seconds, silent, stale: !connected && silent >= STALE_MS };
  }
}
