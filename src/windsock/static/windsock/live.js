// @ts-check
/**
 * The parts that live pages share: the client of the page's own service, the strip with the state of the connection and the age
 * of the data, the clock and the label of a replay.
 */

import { WindsockClient, serviceTime } from "./client.js";
import { Contact } from "./contact.js";
import { gettext, language } from "./language.js";
import { age, wallClock } from "./wording.js";

/** @param {string} selector @returns {any} */
const $ = (selector) => document.querySelector(selector);

/** @param {string[]} topics @param {string} zone @param {string[]} [extra] topics that the page can do without */
export function goLive(topics, zone, extra = []) {
  const client = new WindsockClient({ topics });
  let asked = false, alone = 0;
  client.addEventListener("state", () => {
    if (asked || client.state !== "live") return;
    asked = true;
    client.subscribe(...extra);
  });
  // A server that is older than this page does not know them, and refuses every topic of the same request.
  client.addEventListener("problem", (event) => {
    if (/** @type {CustomEvent} */ (event).detail.code !== "unknown_topic" || client.session.topics.size || Date.now() - alone < 30_000) return;
    alone = Date.now();
    client.subscribe(...topics);
  });
  const text = $("[data-link-text]"), ago = $("[data-link-ago]"), retry = $("[data-link-retry]");
  const band = $("[data-stale-band]"), contact = new Contact(Date.now());
  /** @param {number} real milliseconds by this machine's clock @returns {string} the time on the clock of the page */
  const timeAt = (real) => wallClock(serviceTime(real + client.serverAhead, client.clock), zone).time;
  const say = () => {
    const { state, heardAt, retryAt } = client;
    const { kind, since, seconds, silent, stale } = contact.shown({ state, online: navigator.onLine, heardAt, retryAt, now: Date.now() });
    document.documentElement.dataset.link = kind === "offline" ? "offline" : state;
    if (!text) return;
    const words = kind === "live" ? gettext("Live")
      : kind === "stopped" ? gettext("Offline")
      : kind === "offline" ? gettext("Offline since {time}", { time: timeAt(since) })
      : kind === "waiting" ? gettext("Reconnecting in {seconds} s", { seconds }) : gettext("Connecting");
    if (text.textContent !== words) text.textContent = words;
    retry.hidden = !(kind !== "live" && seconds > 2);
    if (heardAt) {
      const silentSeconds = Math.round(silent / 1000);
      ago.textContent = kind === "live" ? lastWord(client) : gettext("last contact {age} ago", { age: silentSeconds < 90 ? gettext("{seconds} s", { seconds: silentSeconds }) : age(new Date(contact.heardAt), new Date()) });
    }
    if (document.documentElement.hasAttribute("data-stale") !== stale) {
      document.documentElement.toggleAttribute("data-stale", stale);
      if (band) band.textContent = stale ? gettext("No contact since {time}. The times shown may have changed.", { time: timeAt(contact.heardAt) }) : "";
    }
    const clock = client.clock;
    if ($("[data-replay]") && client.heardAt) {
      $("[data-replay]").hidden = !clock;
      if (clock) {
        $("[data-replay-label]").textContent = clock.label;
        $("[data-replay-speed]").textContent = clock.speed ? `${clock.speed}×` : gettext("paused");
      }
    }
    const face = $("[data-clock]");
    if (face && client.heardAt) {
      const now = client.now();
      face.textContent = wallClock(now, zone).time;
      const date = $("[data-clock-date]");
      if (date) date.textContent = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { timeZone: zone, weekday: "short", day: "numeric", month: "long" }).format(now).replace(",", "");
    }
  };
  client.addEventListener("state", say);
  client.addEventListener("stopped", (event) => {
    // Signed out, or no longer allowed: the sign-in page leads back here.
    const { code } = /** @type {CustomEvent} */ (event).detail;
    if (code === 4001 || code === 4003) location.reload();
  });
  retry?.addEventListener("click", () => client.retryNow());
  for (const name of ["online", "offline"]) addEventListener(name, say);
  setInterval(say, 1000);
  client.start();
  return client;
}

/** @param {WindsockClient} client @returns {string} the age of the newest update on these topics */
function lastWord(client) {
  if (!client.session.topics.size) return "";
  let newest = "";
  for (const flight of client.board.values()) if (flight.updated_at && flight.updated_at > newest) newest = flight.updated_at;
  if (!newest) return gettext("no flights yet");
  const words = age(new Date(newest), client.now());
  return words === gettext("now") ? gettext("updated just now") : gettext("updated {age} ago", { age: words });
}
