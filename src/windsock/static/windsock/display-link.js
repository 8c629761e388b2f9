// @ts-check
/** A screen that waits to be linked: it asks whether it is, and shows a new code when the old one has expired. */

/** Milliseconds between two requests: an operator who has approved it looks at the screen. */
const EVERY = 3000;

const place = /** @type {HTMLElement} */ (document.querySelector("[data-link-state]"));

async function look() {
  try {
    const answer = await fetch(place.dataset.linkState ?? "", { cache: "no-store", signal: AbortSignal.timeout(EVERY * 3) });
    const { state } = await answer.json();
    // The screen may have opened an address of its own: the same one shows what it is linked to.
    if (state === "linked" || state === "expired") return location.reload();
  } catch { /* asked again */ }
  setTimeout(look, EVERY);
}

setTimeout(look, EVERY);
