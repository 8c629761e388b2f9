// @ts-check
/** On every page: the number of watched flights beside the link to them, and the list level with the account's. */

import { belongTo, CHANGED, entries, keep, watched } from "./watched.js";

const link = /** @type {HTMLElement|null} */ (document.querySelector("[data-mine-link]"));
const account = link?.dataset.account ?? "";
let sending = false, again = false;

function count() {
  const badge = link?.querySelector("[data-mine-count]");
  if (!badge) return;
  const text = watched().length ? String(watched().length) : "";
  if (badge.textContent !== text) badge.textContent = text;
}

/** Sends the list and keeps the merged one. If it fails, the next change or page sends all of it again. */
async function synchronise() {
  if (!account || !link) return;
  if (sending) {
    again = true;
    return;
  }
  sending = true;
  do {
    again = false;
    const sent = JSON.stringify(entries());
    const token = /** @type {HTMLInputElement|null} */ (document.querySelector("input[name=csrfmiddlewaretoken]"))?.value ?? "";
    try {
      const response = await fetch(link.dataset.listUrl ?? "", { method: "POST", body: sent, headers: { "Content-Type": "application/json", "X-CSRFToken": token } });
      if (!response.ok || response.redirected) break;
      again ||= JSON.stringify(entries()) !== sent; // changed meanwhile, perhaps in another tab
      taking = true;
      keep(await response.json());
      taking = false;
    } catch {
      break;
    }
  } while (again);
  taking = false;
  sending = false;
}

let taking = false;
const changed = () => {
  count();
  if (!taking) void synchronise();
};

if (account) belongTo(account);
count();
addEventListener(CHANGED, changed);
addEventListener("storage", count);
void synchronise();
