// @ts-check
// Sets the chosen theme before the first paint (a classic script in the head), without a flash of the other one.
(() => {
  const key = "windsock.theme";
  const root = document.documentElement;
  const stored = () => {
    try { return localStorage.getItem(key); } catch { return null; }
  };
  const chosen = stored();
  if (chosen) root.dataset.theme = chosen;
  document.addEventListener("DOMContentLoaded", () => {
    const button = /** @type {HTMLElement|null} */ (document.querySelector("[data-theme-toggle]"));
    if (!button) return;
    const dark = () => getComputedStyle(root).colorScheme === "dark" ||
      (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
    const label = () => { /** @type {HTMLElement} */ (button.querySelector("[data-theme-label]")).textContent = dark() ? "Light theme" : "Dark theme"; };
    button.hidden = false;
    button.addEventListener("click", () => {
      root.dataset.theme = dark() ? "light" : "dark";
      try { localStorage.setItem(key, root.dataset.theme); } catch { /* private mode: for this page only */ }
      label();
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", label);
    label();
  });
})();
