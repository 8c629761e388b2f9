// @ts-check
/** The keys of a board: between its rows, to the next flight, and their list. "/" belongs to every page: see find.js. */

/**
 * Listens to the keys of the board and opens their list.
 * @param {HTMLElement} root with the list of keys
 * @param {{step: (id: string, by: number) => void, next: () => void, turnTimes: () => void}} acts
 *   `step`: to the row this far from the flight's; `next`: to the next flight; `turnTimes`: gives times in another way
 */
export function listenToKeys(root, { step, next, turnTimes }) {
  const list = /** @type {HTMLDialogElement} */ (root.querySelector("[data-keys]"));
  const opener = /** @type {HTMLElement} */ (root.querySelector("[data-keys-open]"));
  opener.hidden = false;
  opener.addEventListener("click", () => list.showModal());
  document.addEventListener("keydown", (event) => {
    const on = /** @type {HTMLElement} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey || list.open || on.closest("input, textarea, select, summary, [contenteditable]")) return;
    const id = /** @type {HTMLElement|null} */ (on.closest("tr[data-flight]"))?.dataset.flight;
    if (event.key === "n") next();
    else if (event.key === "t") turnTimes();
    else if (event.key === "?") list.showModal();
    else if (id && event.key === "ArrowDown") step(id, 1);
    else if (id && event.key === "ArrowUp") step(id, -1);
    else return;
    event.preventDefault();
  });
}
