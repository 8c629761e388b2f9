// @ts-check
/**
 * The parts that live pages share: the client of the page's own service, the strip with the state of the connection and the age
 * of the data, the clock and the label of a replay.
 */

import { WindsockClient } from "./client.js";
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
  const say = () => {
    document.documentElement.dataset.link = client.state;
    if (!text) return;
    const waiting = Math.ceil((client.retryAt - Date.now()) / 1000);
    text.textContent = client.state === "live" || client.state === "moving" ? gettext("Live")
      : client.state === "closed" ? gettext("Offline")
      : waiting > 0 ? gettext("Reconnecting in {seconds} s", { seconds: waiting }) : gettext("Connecting");
    retry.hidden = !(client.state !== "live" && waiting > 2);
    if (client.heardAt) {
      const silent = Math.round((Date.now() - client.heardAt) / 1000);
      ago.textContent = client.state === "live" ? lastWord(client) : gettext("last contact {age} ago", { age: silent < 90 ? gettext("{seconds} s", { seconds: silent }) : age(new Date(client.heardAt), new Date()) });
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
  addEventListener("online", () => client.retryNow());
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
