// @ts-check
/**
 * What the elements share: their service, its client, their language, and the state of all that, which is shown and spoken.
 *
 * @typedef {"connecting"|"live"|"empty"|"unknown"|"refused"|"offline"|"stale"} ElementState
 * @typedef {import("./service.js").Service} Service
 */

import { announcer } from "./announcer.js";
import { WindsockClient, serviceTime } from "./client.js";
import { gettext, speaking } from "./language.js";
import { Names, findService, loadLanguage } from "./service.js";
import { socketOrStream } from "./stream-socket.js";
import { wallClock } from "./wording.js";

const Element = /** @type {typeof HTMLElement} */ (globalThis.HTMLElement ?? class {}); // node has none

/** Milliseconds without a word from the service after which times are shown as old. */
const STALE_AFTER = 120_000;
/** Milliseconds after which a service that did not answer is looked for again. */
const RETRY_AFTER = 5000;

const STYLE = `
:host { display: block; container-type: inline-size; font-variant-numeric: tabular-nums; line-height: 1.35; min-inline-size: 0; }
:host([hidden]) { display: none; }
[data-scheme=light] { color-scheme: light; } [data-scheme=dark] { color-scheme: dark; }
a { color: inherit; }
p { margin: 0; }
[hidden] { display: none !important; }
[part=status]:not(:empty), [part=foot] { padding-block: 0.6em; overflow-wrap: anywhere; }
[part=foot] { font-size: 0.85em; display: flex; flex-wrap: wrap; gap: 0 1em; }
[part=foot] > :empty { display: none; }
.unseen { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
[data-tone=late] [data-f=state], [data-tone=overdue] [data-f=state] { color: var(--windsock-late, light-dark(#a33d00, #ffa45c)); font-weight: 700; }
[data-tone=cancelled] [data-f=state], [data-tone=diverted] [data-f=state] { color: var(--windsock-cancelled, light-dark(#b01818, #ff8078)); font-weight: 700; }
.stale [data-flight] { opacity: 0.7; }
.fresh { background: var(--windsock-fresh, color-mix(in srgb, currentColor 14%, transparent)); }
.fading { transition: background-color 2s; }
@media (prefers-reduced-motion: reduce) { * { transition: none !important; } }
`;
const FRAME = `<div part="frame"><slot></slot><p part="status" role="status" aria-live="polite"></p><div class="main" hidden></div>
<p class="unseen" role="status" aria-live="polite" data-announce></p>
<p part="foot"><time part="updated"></time><a part="link"></a><a part="service"></a><span part="credits"></span></p></div>`;

/** Whether a text of this color stands on a dark ground. @param {string} color as computed by the browser */
export function isLight(color) {
  const [a, b, c] = (color.match(/-?[\d.]+(?:e-?\d+)?/g) ?? []).map(Number);
  if (/^(ok)?l(ab|ch)/.test(color)) return (color.startsWith("ok") ? a : a / 100) > 0.6;
  const scale = color.startsWith("rgb") ? 255 : 1;
  return (0.299 * a + 0.587 * b + 0.114 * c) / scale > 0.5;
}

export class LiveElement extends Element {
  /** @type {WindsockClient|null} */
  client = null;
  /** @type {Service|null} */
  service = null;
  names = new Names();
  spoken = "en";
  /** Why the service does not let this page in, in words; "" if it does. */
  refusal = "";
  /** Counts beginnings, so that what an earlier one was waiting for is dropped. */
  turn = 0;
  /** @type {any} */
  timer = null;
  complaint = "";

  connectedCallback() {
    if (!this.shadowRoot) {
      const root = this.attachShadow({ mode: "open" });
      const sheet = new CSSStyleSheet(); // a constructed sheet needs no 'unsafe-inline'
      sheet.replaceSync(STYLE + /** @type {any} */ (this.constructor).style);
      root.adoptedStyleSheets = [sheet];
      root.innerHTML = FRAME;
      this.announce = announcer(this.find("[data-announce]"));
    }
    addEventListener("online", this);
    addEventListener("offline", this);
    void this.begin();
  }

  disconnectedCallback() {
    removeEventListener("online", this);
    removeEventListener("offline", this);
    this.end();
  }

  attributeChangedCallback() {
    if (!this.timer) return;
    this.end();
    void this.begin();
  }

  /** @param {Event} event */
  handleEvent(event) {
    if (event.type === "online") this.client?.retryNow();
    this.say();
  }

  /** @param {string} selector @returns {any} */
  find(selector) { return this.shadowRoot?.querySelector(selector); }

  /** @param {string} name @param {string} text */
  write(name, text) {
    const place = this.find(`[part=${name}]`);
    if (place.textContent !== text) place.textContent = text;
  }

  /** @private */
  async begin() {
    const turn = ++this.turn;
    this.refusal = "";
    this.main.hidden = true;
    clearInterval(this.timer);
    this.timer = setInterval(() => this.tick(), 1000);
    this.say();
    let service = null;
    try {
      service = await findService(this.getAttribute("service"), import.meta.url);
      if (turn !== this.turn) return;
      if (service) {
        this.service = service;
        this.spoken = await loadLanguage((this.closest("[lang]") ?? document.documentElement).getAttribute("lang") ?? "en", service);
      }
      if (turn !== this.turn) return;
      if (!service) this.refuse(gettext("No Windsock service answers there. Its address belongs in the attribute {attribute}.", { attribute: "service" }));
      else if (!service.origin_allowed) this.refuse(gettext("The service does not admit pages of {origin}.", { origin: location.origin }));
      else this.speak(() => this.lay());
    } catch (error) {
      if (turn !== this.turn) return;
      this.complaint = gettext("No answer yet from {address}", { address: /** @type {Error} */ (error).message });
      this.say();
      setTimeout(() => { if (turn === this.turn) void this.begin(); }, RETRY_AFTER);
    }
  }

  /** The place of the element's own content. */
  get main() { return this.find(".main"); }

  /** Builds the content, once the service and the language are known. @protected */
  lay() {}
  /** Draws all of it again. @protected */
  draw() {}
  /** Draws what time alone has changed. @protected */
  age() {}
  /** @protected @returns {string} the time zone of the times shown */
  get zone() { return "UTC"; }
  /** What there is to say besides the connection: a state and a sentence. @protected @returns {[ElementState, string]} */
  get content() { return ["live", ""]; }

  /** Says why nothing will come. @protected @param {string} why */
  refuse(why) {
    this.refusal = why;
    this.say();
  }

  /** Follows these topics. @protected @param {string[]} topics @param {string[]} [extra] topics that an older service may not know */
  follow(topics, extra = []) {
    const service = /** @type {Service} */ (this.service);
    const tickets = this.getAttribute("ticket-url");
    const client = this.client = new WindsockClient({
      url: service.socket,
      topics,
      ticket: tickets ? async () => (await (await fetch(tickets, { method: "POST" })).json()).ticket : undefined,
      WebSocket: socketOrStream(service.stream),
    });
    const later = (/** @type {(event: any) => void} */ act) => (/** @type {Event} */ event) => { if (client === this.client) this.speak(() => act(event)); };
    client.addEventListener("state", later(() => {
      if (client.state === "live") client.subscribe(...extra);
      this.say();
    }));
    for (const name of ["snapshot", "resumed", "programmes"]) client.addEventListener(name, later(() => { this.draw(); this.say(); }));
    client.addEventListener("event", later((event) => { this.changed(event.detail); this.say(); }));
    client.addEventListener("stopped", later(({ detail }) => this.refuse(detail.code === 4001 || detail.code === 4003
      ? gettext("The service shows flights only to those who sign in.") : gettext("The service refused the connection: {reason}", { reason: detail.why }))));
    client.addEventListener("problem", later(({ detail }) => { this.complaint = detail.message ?? ""; this.say(); }));
    client.start();
  }

  /** @protected @param {any} _detail of an event */
  changed(_detail) { this.draw(); }

  /** Learns names, and draws again if there are any. @protected @param {(string|null)[]} airports @param {(string|null)[]} carriers */
  async learn(airports, carriers) {
    const turn = this.turn;
    const news = await this.names.learn(/** @type {Service} */ (this.service).names, airports, carriers);
    if (news && turn === this.turn) this.speak(() => { this.draw(); this.say(); });
  }

  /** @protected @param {() => void} act */
  speak(act) { speaking(this.spoken, act); }

  /** @private */
  tick() {
    this.speak(() => {
      if (this.client?.session.complete) this.age();
      this.say();
    });
  }

  /** @private @returns {[ElementState, string]} */
  state() {
    if (this.refusal) return ["refused", this.refusal];
    const { client } = this;
    const [state, words] = this.content;
    if (state === "unknown") return [state, words];
    if (!client?.session.complete) return navigator.onLine ? ["connecting", this.complaint || gettext("Connecting")] : ["offline", gettext("Offline")];
    if (!navigator.onLine || client.state === "connecting" || client.state === "closed") {
      const time = wallClock(this.heard(), this.zone).time;
      if (Date.now() - client.heardAt < STALE_AFTER) return ["offline", gettext("Offline since {time}", { time })];
      return ["stale", gettext("Offline since {time}. These times may be out of date.", { time })];
    }
    return [state, words];
  }

  /** When the service was last heard, by its clock. @private @returns {Date} */
  heard() {
    const client = /** @type {WindsockClient} */ (this.client);
    return serviceTime(client.heardAt + client.serverAhead, client.clock);
  }

  /** Shows the state of things. */
  say() {
    if (!this.shadowRoot) return;
    this.speak(() => {
      const [state, words] = this.state();
      if (this.dataset.state !== state) this.dataset.state = state;
      this.write("status", words);
      const frame = this.find("[part=frame]"), { service, client } = this;
      frame.classList.toggle("stale", state === "stale");
      const scheme = this.getAttribute("scheme") ?? (isLight(getComputedStyle(this).color) ? "dark" : "light");
      if (frame.dataset.scheme !== scheme) frame.dataset.scheme = scheme;
      if (frame.lang !== this.spoken) [frame.lang, frame.dir] = [this.spoken, this.spoken === "ar" ? "rtl" : "ltr"];
      const drawn = Boolean(client?.session.complete) && ["live", "empty", "offline", "stale"].includes(state);
      this.main.hidden = !drawn;
      this.find("slot").hidden = drawn || state === "unknown" || state === "refused";
      this.write("updated", drawn && client?.heardAt ? gettext("As of {time}", { time: wallClock(this.heard(), this.zone).time }) : "");
      this.find("[part=link]").hidden = !drawn;
      if (!service) return;
      this.find("[part=service]").href = service.home;
      this.write("service", gettext("Live by Windsock"));
      this.write("credits", service.attributions.join(" "));
    });
  }

  /** @private */
  end() {
    this.turn += 1;
    this.complaint = "";
    clearInterval(this.timer);
    this.timer = null;
    this.client?.stop();
    this.client = null;
  }
}
