// @ts-check
/** Which clock the times of a page follow: the airport's, UTC, the reader's own, or the minutes from now. */

import { gettext } from "./language.js";
import { duration, wallClock } from "./wording.js";

/** @typedef {"local"|"utc"|"own"|"from now"} Clock */

/** @type {Clock[]} */
const CLOCKS = ["local", "utc", "own", "from now"];

const own = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/** @param {Clock} clock @returns {Clock} the one after it */
export function nextClock(clock) {
  return CLOCKS[(CLOCKS.indexOf(clock) + 1) % CLOCKS.length];
}

/** @param {Clock} clock @returns {string} its name */
export function clockName(clock) {
  switch (clock) {
    case "utc": return "UTC";
    case "own": return gettext("Your time");
    case "from now": return gettext("From now");
    default: return gettext("Local times");
  }
}

/** @param {Date} at @param {string} zone of the airport @param {Clock} clock @param {Date} now @returns {string} */
export function timeText(at, zone, clock, now) {
  switch (clock) {
    case "utc": return `${wallClock(at, "UTC").time}Z`;
    case "own": return wallClock(at, own).time;
    case "from now": {
      const minutes = Math.floor((at.getTime() - Math.floor(now.getTime() / 60_000) * 60_000) / 60_000);
      if (minutes === 0) return gettext("now");
      const words = duration(minutes);
      return minutes > 0 ? gettext("in {duration}", { duration: words }) : gettext("{age} ago", { age: words });
    }
    default: return wallClock(at, zone).time;
  }
}

/** Shows every time below `root` by this clock. @param {ParentNode} root @param {Clock} clock @param {Date} now */
export function showTimes(root, clock, now) {
  for (const time of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-at]"))) {
    const text = timeText(new Date(time.dataset.at ?? ""), time.dataset.zone ?? "UTC", clock, now);
    if (time.textContent !== text) time.textContent = text;
  }
  for (const marker of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-local-day]"))) {
    if (marker.hidden !== (clock !== "local")) marker.hidden = clock !== "local";
  }
}
