// @ts-check
/**
 * Makes a part of the page equal to a fresh one with the fewest changes: what is equal stays as it is, so that focus, selection,
 * scroll position and opened details survive. Elements are matched by `data-key` or `id`, others by their kind and order.
 *
 * Not touched: elements with `data-keep`, the `open` of details, and marks that scripts put on for a while.
 */

/** Classes and attributes that are put on by scripts, and that a fresh part does not have. */
const MARKS = new Set(["fresh", "turned", "turned-again"]);
const OWN = new Set(["open", "data-from"]);

/** @typedef {(element: Element, before: string, after: string) => void} OnCompared */

/** @param {Element} current @param {Element} fresh @param {OnCompared} [onCompared] called for `data-compared` elements whose text changes */
export function patch(current, fresh, onCompared) {
  const before = onCompared && current instanceof HTMLElement && "compared" in current.dataset ? current.textContent ?? "" : null;
  patchAttributes(current, fresh);
  patchChildren(current, fresh, onCompared);
  const after = current.textContent ?? "";
  if (before !== null && before !== after) onCompared?.(current, before, after);
}

/** @param {Element} current @param {Element} fresh */
function patchAttributes(current, fresh) {
  for (const { name, value } of fresh.attributes) {
    if (OWN.has(name)) continue;
    const wanted = name === "class" ? [value, ...[...current.classList].filter((mark) => MARKS.has(mark))].join(" ") : value;
    if ((current.getAttribute(name) ?? "") !== wanted || !current.hasAttribute(name)) current.setAttribute(name, wanted);
  }
  for (const { name } of [...current.attributes]) {
    if (fresh.hasAttribute(name) || OWN.has(name)) continue;
    const marks = name === "class" ? [...current.classList].filter((mark) => MARKS.has(mark)).join(" ") : "";
    if (!marks) current.removeAttribute(name);
    else if (current.className !== marks) current.className = marks;
  }
}

/** @param {Element} current @param {Element} fresh @param {OnCompared} [onCompared] */
function patchChildren(current, fresh, onCompared) {
  const waiting = new Map(nodesOf(current).map((node) => [node, keyOf(node)]));
  /** @type {Node|null} */
  let place = null;
  for (const wanted of nodesOf(fresh)) {
    const key = keyOf(wanted);
    const found = [...waiting].find(([, other]) => other === key)?.[0];
    if (!found) {
      const made = document.importNode(wanted, true);
      current.insertBefore(made, place ? place.nextSibling : current.firstChild);
      place = made;
      continue;
    }
    waiting.delete(found);
    // Those in between are leaving, or are moved by a later turn: only what stands before its place has to move.
    if (place && place.compareDocumentPosition(found) & Node.DOCUMENT_POSITION_PRECEDING) current.insertBefore(found, place.nextSibling);
    place = found;
    if (found instanceof Element && wanted instanceof Element) {
      if (!found.hasAttribute("data-keep")) patch(found, wanted, onCompared);
    } else if (found.textContent !== wanted.textContent) found.textContent = wanted.textContent;
  }
  for (const gone of waiting.keys()) current.removeChild(gone);
}

/** @param {Element} parent @returns {Node[]} its elements and texts; blanks between elements do not count */
function nodesOf(parent) {
  return [...parent.childNodes].filter((node) => node instanceof Element || (node.nodeType === Node.TEXT_NODE && node.textContent?.trim()));
}

/** @param {Node} node @returns {string} what it is matched by */
function keyOf(node) {
  if (!(node instanceof Element)) return "#text";
  const key = node.getAttribute("data-key") ?? node.id;
  return key ? `${node.nodeName}#${key}` : node.nodeName;
}
