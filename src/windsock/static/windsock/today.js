// @ts-check
/** The page of the day: its figures are fetched again at a bounded rate, since a single event hardly moves them. */

import { announcer } from "./announcer.js";
import { goLive } from "./live.js";

const root = /** @type {HTMLElement} */ (document.getElementById("today"));
const announce = announcer(document.querySelector("[data-announce]"));

/** Milliseconds between two fetches: nobody reads figures faster. An unchanged journal is answered without a body. */
const PAUSE = 10_000;

const client = goLive([], root.dataset.zone ?? "UTC");
let last = Date.now(), asking = false, version = "";
let verdict = root.querySelector("[data-verdict]")?.textContent ?? "";

async function refresh() {
  asking = true;
  last = Date.now();
  try {
    const url = new URL(location.href);
    url.searchParams.set("part", "1");
    const response = await fetch(url, { headers: version ? { "If-None-Match": version } : {} });
    if (response.status === 304) throw new Error("unchanged");
    if (response.redirected || !response.ok) throw new Error(`HTTP ${response.status}`);
    version = response.headers.get("ETag") ?? "";
    const part = new DOMParser().parseFromString(await response.text(), "text/html");
    const open = root.querySelector("details")?.open ?? false;
    const focused = document.activeElement instanceof HTMLAnchorElement && root.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    root.replaceChildren(...part.body.childNodes);
    const details = root.querySelector("details");
    if (details) details.open = open;
    if (focused) /** @type {HTMLElement|null} */ (root.querySelector(`a[href="${CSS.escape(focused)}"]`))?.focus({ preventScroll: true });
    const said = root.querySelector("[data-verdict]")?.textContent ?? "";
    if (said !== verdict) announce(said);
    verdict = said;
  } catch { /* nothing new, or the service restarts: the next turn asks again */ }
  asking = false;
}

setInterval(() => {
  if (!asking && !document.hidden && client.state === "live" && Date.now() - last >= PAUSE) void refresh();
}, 1000);
