// @ts-check
/**
 * The search field, on the first page and in the head of every other one: an accessible combobox over what the server finds.
 * Without this module the field is a plain form. Enter without a choice sends the form: the server opens the only hit.
 */

import { visit } from "./visited.js";

const DEBOUNCE = 120; // milliseconds: below the pause between two letters of a slow typist, above that of a fast one

/** Makes the form a combobox whose list is the element with the id in its `data-find`. @param {HTMLFormElement} form */
function enhance(form) {
  const input = /** @type {HTMLInputElement} */ (form.querySelector("input[name=q]"));
  const panel = /** @type {HTMLElement} */ (document.getElementById(form.dataset.find ?? ""));
  const idle = /** @type {HTMLElement|null} */ (document.querySelector("[data-find-idle]"));
  const said = document.querySelector("[data-find-said]");
  const floating = panel.hasAttribute("data-floating");
  const rendered = panel.firstElementChild !== null;
  let answered = input.value.trim(), active = -1;
  /** @type {HTMLElement[]} */
  let options = [];
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;
  /** @type {AbortController|null} */
  let request = null;

  /** Gives the list its roles: on a page without this module they would promise keys that do nothing. */
  function adopt() {
    const list = panel.querySelector("[data-options]");
    options = /** @type {HTMLElement[]} */ ([...panel.querySelectorAll("[data-option]")]);
    active = -1;
    input.removeAttribute("aria-activedescendant");
    if (list && options.length) {
      list.id = `${panel.id}-list`;
      list.setAttribute("role", "listbox");
      list.setAttribute("aria-label", form.querySelector("label")?.textContent ?? "");
      for (const group of list.querySelectorAll("[data-group]")) {
        const heading = /** @type {HTMLElement} */ (group.querySelector("h2"));
        heading.id = `${panel.id}-${heading.id}`;
        group.setAttribute("role", "group");
        group.setAttribute("aria-labelledby", heading.id);
        for (const plain of group.querySelectorAll("h2, ul, li")) plain.setAttribute("role", "presentation");
      }
      options.forEach((option, index) => {
        option.id = `${panel.id}-${index}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.tabIndex = -1;
      });
      input.setAttribute("aria-controls", list.id);
    } else input.removeAttribute("aria-controls");
    input.setAttribute("aria-expanded", String(options.length > 0 && !panel.hidden));
  }

  /** @param {string} html what the server found for `text` @param {string} text */
  function show(html, text) {
    const part = new DOMParser().parseFromString(html, "text/html");
    panel.replaceChildren(...part.body.childNodes);
    answered = text;
    panel.hidden = false;
    if (idle) idle.hidden = true;
    adopt();
    const counts = [...panel.querySelectorAll("[data-group]")].map((group) => `${group.querySelector("h2")?.textContent}: ${group.querySelectorAll("li").length}`);
    if (said) said.textContent = counts.join(", ") || (panel.querySelector(".note")?.textContent ?? "");
  }

  function clear() {
    request?.abort();
    request = null;
    answered = "";
    panel.replaceChildren();
    panel.hidden = floating;
    if (idle) idle.hidden = false;
    if (said) said.textContent = "";
    adopt();
  }

  async function ask() {
    const text = input.value.trim();
    if (text === answered && request === null) return;
    if (!text) return clear();
    request?.abort();
    const mine = request = new AbortController();
    try {
      const url = new URL(form.action);
      const hidden = /** @type {HTMLInputElement[]} */ ([...form.querySelectorAll("input[type=hidden]")]);
      url.search = new URLSearchParams({ q: text, part: "1", ...Object.fromEntries(hidden.map(({ name, value }) => [name, value])) }).toString();
      const response = await fetch(url, { signal: mine.signal });
      if (response.redirected || !response.ok) throw new Error(`HTTP ${response.status}`);
      const html = await response.text();
      if (request !== mine) return; // a newer text has been asked for
      request = null;
      show(html, text);
      if (!floating) remember(text);
    } catch (error) {
      if (request !== mine) return;
      request = null; // the service restarts: the next letter, or Enter, asks again
    }
  }

  /** Puts the text into the address, so that it can be kept and shared. @param {string} text */
  function remember(text) {
    const url = new URL(location.href);
    url.searchParams.set("q", text);
    history.replaceState(null, "", url);
  }

  /** @param {number} index */
  function choose(index) {
    options[active]?.setAttribute("aria-selected", "false");
    active = index;
    const option = options[active];
    if (!option) {
      input.removeAttribute("aria-activedescendant");
      return;
    }
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option.id);
  }

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, input.value.trim() ? DEBOUNCE : 0);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!options.length || panel.hidden) return;
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      const count = options.length + 1; // beyond the ends lies the field itself
      choose(((active + 1 + step + count) % count) - 1);
    } else if (event.key === "Enter" && options[active] && !panel.hidden) {
      event.preventDefault();
      options[active].click();
    } else if (event.key === "Escape") {
      event.preventDefault();
      clearTimeout(timer);
      if (active >= 0) return choose(-1);
      input.value = "";
      clear();
      if (floating) input.blur();
      else history.replaceState(null, "", location.pathname);
    }
  });
  form.addEventListener("submit", (event) => {
    if (!input.value.trim()) event.preventDefault();
  });
  if (floating) {
    // Gone as soon as the reader turns to the page again.
    document.addEventListener("pointerdown", (event) => {
      if (form.contains(/** @type {Node} */ (event.target))) return;
      panel.hidden = true;
      input.setAttribute("aria-expanded", "false");
    });
    input.addEventListener("focus", () => {
      panel.hidden = options.length === 0 && !panel.querySelector(".note");
      input.setAttribute("aria-expanded", String(!panel.hidden && options.length > 0));
    });
  } else if (rendered && idle) idle.hidden = true;
  adopt();
}

const forms = /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-find]"));
for (const form of forms) enhance(form);

document.addEventListener("keydown", (event) => {
  const at = /** @type {HTMLElement} */ (event.target);
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || at.closest("input, textarea, select, [contenteditable]")) return;
  const input = /** @type {HTMLInputElement|null} */ (forms[0]?.querySelector("input[name=q]") ?? null);
  if (!input) return;
  event.preventDefault();
  input.focus();
  input.select();
});

const board = document.getElementById("board");
if (board?.dataset.airport) visit(board.dataset.airport);
