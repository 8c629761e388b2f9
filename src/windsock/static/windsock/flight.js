// @ts-check
/** The page of one flight: after each of its events the server is asked for the part that changes. */

import { announcer, goLive } from "./live.js";
import { freshen } from "./rows.js";

const root = /** @type {HTMLElement} */ (document.getElementById("flight"));
const announce = announcer();
const client = goLive([`flight:${root.dataset.flight}`], root.dataset.zone ?? "UTC");
let version = Number(root.dataset.version);
let asking = false;

async function refresh() {
  const newest = client.board.get(root.dataset.flight ?? "");
  if (asking || !newest || newest.version <= version) return;
  asking = true;
  try {
    const response = await fetch("?part=1");
    if (response.redirected || !response.ok) throw new Error(`HTTP ${response.status}`);
    const known = new Set([...root.querySelectorAll("[data-key]")].map((entry) => /** @type {HTMLElement} */ (entry).dataset.key));
    const part = new DOMParser().parseFromString(await response.text(), "text/html");
    root.replaceChildren(...part.body.childNodes);
    version = Number(response.headers.get("X-Flight-Version"));
    for (const entry of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("li[data-key]"))) {
      if (!known.has(entry.dataset.key)) freshen(entry);
    }
    announce(root.querySelector(".verdict")?.textContent ?? "");
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 2000)); // the service restarts: once more shortly
  }
  asking = false;
  void refresh();
}

for (const name of ["event", "snapshot", "resumed"]) client.addEventListener(name, () => void refresh());
