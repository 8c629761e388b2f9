// @ts-check
/** The page of one flight: after each of its events it fetches the part that changes from the server. */

import { announcer, goLive } from "./live.js";
import { freshen } from "./rows.js";

const root = /** @type {HTMLElement} */ (document.getElementById("flight"));
const announce = announcer();
/** Airport → the version of its programmes that the page shows. @type {Record<string, number>} */
let shown = JSON.parse(/** @type {HTMLElement} */ (document.getElementById("programme-versions")).textContent ?? "{}");
const client = goLive([`flight:${root.dataset.flight}`], root.dataset.zone ?? "UTC", Object.keys(shown).map((code) => `programmes:${code}`));
const programmesNewer = () => [...client.programmes.values()].some((standing) => standing.version > (shown[standing.airport] ?? 0));
let version = Number(root.dataset.version);
let asking = false;

async function refresh() {
  const newest = client.board.get(root.dataset.flight ?? "");
  if (asking || !newest || (newest.version <= version && !programmesNewer())) return;
  asking = true;
  // Whatever the server renders from here on is at least as new as these versions.
  const asked = Object.fromEntries([...client.programmes.values()].map((standing) => [standing.airport, standing.version]));
  try {
    const response = await fetch("?part=1");
    if (response.redirected || !response.ok) throw new Error(`HTTP ${response.status}`);
    const known = new Set([...root.querySelectorAll("[data-key]")].map((entry) => /** @type {HTMLElement} */ (entry).dataset.key));
    const part = new DOMParser().parseFromString(await response.text(), "text/html");
    root.replaceChildren(...part.body.childNodes);
    const before = version;
    version = Number(response.headers.get("X-Flight-Version"));
    shown = { ...shown, ...asked };
    for (const entry of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("li[data-key]"))) {
      if (!known.has(entry.dataset.key)) freshen(entry);
    }
    announce(root.querySelector(version > before ? ".verdict" : ".programmes b")?.textContent ?? "");
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 2000)); // the service restarts: try again shortly
  }
  asking = false;
  void refresh();
}

for (const name of ["event", "programmes", "snapshot", "resumed"]) client.addEventListener(name, () => void refresh());
