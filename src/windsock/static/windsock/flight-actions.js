// @ts-check
/** What a reader can do with a flight: watch it, share it, and choose the clock of its times. */

import { gettext } from "./language.js";
import { clockName, nextClock, showTimes } from "./time-choice.js";
import { watch, watched } from "./watched.js";

/** Milliseconds for which the button says that the link was copied. */
const COPIED_MS = 4000;

/**
 * Wires the buttons below `root`, which are hidden without a script.
 * @param {HTMLElement} root @param {() => Date} now @param {(sentence: string) => void} announce
 * @returns {{clock: () => import("./time-choice.js").Clock}}
 */
export function wireActions(root, now, announce) {
  /** @param {string} name @returns {HTMLButtonElement} */
  const button = (name) => /** @type {HTMLButtonElement} */ (root.querySelector(`[data-do="${name}"]`));
  const id = root.dataset.flight ?? "";
  const watching = button("watch"), sharing = button("share"), times = button("times");
  /** @type {import("./time-choice.js").Clock} */
  let clock = "local";

  const showWatched = () => {
    const on = watched().some((each) => each.id === id);
    watching.setAttribute("aria-pressed", String(on));
    watching.textContent = on ? gettext("Watching") : gettext("Watch this flight");
  };
  watching.addEventListener("click", () => {
    const on = watching.getAttribute("aria-pressed") !== "true";
    if (!watch(id, on)) announce(gettext("This browser does not keep anything: the flight cannot be watched."));
    showWatched();
  });
  addEventListener("storage", showWatched);

  sharing.addEventListener("click", async () => {
    const url = `${location.origin}${location.pathname}`;
    const text = `${document.querySelector("h1")?.textContent}: ${root.querySelector("[data-state]")?.textContent}`;
    try {
      if (navigator.share) {
        await navigator.share({ title: document.title, text, url });
        return;
      }
      await navigator.clipboard.writeText(`${text} ${url}`);
      sharing.textContent = gettext("Link copied");
      announce(gettext("Link copied"));
      setTimeout(() => { sharing.textContent = gettext("Share"); }, COPIED_MS);
    } catch (failed) {
      if (/** @type {Error} */ (failed)?.name === "AbortError") return; // the reader thought better of it
      const link = /** @type {HTMLInputElement} */ (root.querySelector("[data-link-to-copy]"));
      link.value = url;
      link.hidden = false;
      link.select();
    }
  });

  const choose = () => {
    clock = nextClock(clock);
    times.textContent = clockName(clock);
    showTimes(root, clock, now());
    announce(clockName(clock));
  };
  times.addEventListener("click", choose);
  root.addEventListener("click", (event) => {
    const at = event.target instanceof Element ? event.target.closest("[data-at]") : null;
    if (at && !at.closest("a, button, summary")) choose();
  });

  showWatched();
  times.textContent = clockName(clock);
  for (const each of [watching, sharing, times]) each.hidden = false;
  return { clock: () => clock };
}
