// @ts-check
/**
 * A socket for networks whose proxies refuse sockets: the same messages, read from the service's event stream. It has the members of
 * a WebSocket that the client uses. The stream has no way back, so each subscription is a stream of its own, and nothing
 * can be reported.
 */

/** Handshakes that fail, one after the other, before the stream is tried: one may be a server that restarts. */
const REFUSALS = 2;

/** Returns a class for the client's option `WebSocket`: sockets, or streams if no socket ever opens. @param {string} address of the event stream */
export function socketOrStream(address) {
  let refused = 0, opened = false;
  return /** @type {any} */ (function (/** @type {string} */ url, /** @type {string[]} */ protocols) {
    if (!opened && refused >= REFUSALS) {
      refused = 0; // should the stream fail too, sockets are tried again
      return new StreamSocket(address);
    }
    const socket = new WebSocket(url, protocols);
    socket.addEventListener("open", () => { opened = true; });
    socket.addEventListener("close", () => { refused += 1; });
    return socket;
  });
}

export class StreamSocket {
  onopen = () => {};
  onmessage = (/** @type {{data: string}} */ _message) => {};
  onclose = (/** @type {{code: number, reason: string}} */ _close) => {};
  ending = new AbortController();
  welcomed = false;
  events = 0;

  /** @param {string} address */
  constructor(address) {
    this.address = address;
    setTimeout(() => {
      this.onopen();
      // The client subscribes once it was welcomed, but the stream begins with its topics.
      this.give({ type: "welcome", heartbeat_seconds: 60, server_time: new Date().toISOString() });
    });
  }

  /** @param {string} text */
  send(text) {
    const message = JSON.parse(text);
    if (message.type === "subscribe") void this.follow(message);
  }

  close() { this.ending.abort(); }

  /** @private @param {object} message */
  give(message) { this.onmessage({ data: JSON.stringify(message) }); }

  /** @private @param {{id: string, topics: string[], after?: string}} asked */
  async follow({ id, topics, after }) {
    const url = new URL(this.address);
    url.searchParams.set("topics", topics.join());
    if (after) url.searchParams.set("after", after);
    try {
      const answer = await fetch(url, { signal: this.ending.signal });
      if (!answer.ok || !answer.body) throw new Error(answer.statusText);
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        const lines = (rest + value).split("\n");
        rest = /** @type {string} */ (lines.pop());
        for (const line of lines) {
          const text = /^(?:data)?: (\{.*)/.exec(line)?.[1]; // a heartbeat is a comment
          if (text) this.take(JSON.parse(text), id);
        }
      }
      this.end();
    } catch {
      this.end();
    }
  }

  /** @private @param {any} message @param {string} id of the subscription */
  take(message, id) {
    if (message.type === "welcome" && this.welcomed) return;
    if (message.type === "welcome") this.welcomed = true;
    if (message.type === "event" || message.type === "programmes") this.events += 1;
    if (message.type === "head") [message.sent, message.skipped] = [this.events, 0]; // each stream counts its own
    if (message.type === "snapshot" || message.type === "resumed" || message.type === "error") message.id = id;
    this.give(message);
  }

  /** @private */
  end() {
    if (!this.ending.signal.aborted) this.onclose({ code: 1006, reason: "" });
    this.ending.abort();
  }
}
