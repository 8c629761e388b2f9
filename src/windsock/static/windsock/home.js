// @ts-check
/** The choice of airports: narrows as the user types. Enter opens the departures of the first one. */

import { goLive } from "./live.js";

const search = /** @type {HTMLInputElement} */ (document.querySelector("#q"));
const entries = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-search]")]);
const none = /** @type {HTMLElement|null} */ (document.querySelector("[data-none]"));

search.addEventListener("input", () => {
  const text = search.value.trim().toLowerCase();
  let left = 0;
  for (const entry of entries) {
    entry.hidden = !(entry.dataset.search ?? "").includes(text);
    if (!entry.hidden) left += 1;
  }
  if (none) none.hidden = left > 0 || entries.length === 0;
});
search.form?.addEventListener("submit", (event) => {
  const first = entries.find((entry) => !entry.hidden);
  if (!first) return;
  event.preventDefault();
  first.querySelector("a")?.click();
});

if (document.querySelector(".strip")) goLive([], "UTC");
