// @ts-check
/**
 * Rows of a table, keyed by flight: a row that stays is the same element, and only rows that moved are moved.
 *
 * @typedef {import("./ordered-rows.js").Entry} Entry
 */

export class KeyedRows {
  /** @type {Entry[]} */
  entries = [];

  /**
   * @param {HTMLElement} body with the rows that the server rendered, if any @param {HTMLTemplateElement} template of one row
   * @param {(tr: HTMLElement, entry: Entry, added: boolean) => void} fill
   */
  constructor(body, template, fill) {
    this.body = body;
    this.template = template;
    this.fill = fill;
    /** Flight → its row, of those in the document. @type {Map<string, HTMLElement>} */
    this.rows = new Map();
    for (const tr of /** @type {NodeListOf<HTMLElement>} */ (body.querySelectorAll("tr[data-flight]"))) this.rows.set(tr.dataset.flight ?? "", tr);
  }

  /** Fills the row of one entry again, if it is in the document. @param {Entry} entry */
  touch(entry) {
    const tr = this.rows.get(entry.id);
    if (tr) this.fill(tr, entry, false);
  }

  /** Shows these rows in this order. @param {Entry[]} entries */
  draw(entries) {
    this.entries = entries;
    this.arrange(entries.map((_, index) => index));
  }

  /** @protected @param {(number|HTMLElement)[]} wanted indices of entries, and elements between them */
  arrange(wanted) {
    const keep = new Set(wanted.map((piece) => typeof piece === "number" ? this.entries[piece].id : ""));
    for (const [id, tr] of this.rows) {
      if (keep.has(id)) continue;
      tr.remove();
      this.rows.delete(id);
    }
    const { activeElement } = /** @type {Document|ShadowRoot} */ (this.body.getRootNode());
    let next = this.body.firstElementChild;
    for (const piece of wanted) {
      const tr = typeof piece === "number" ? this.row(this.entries[piece], piece) : piece;
      // One row that moved further down: take it out, and leave the others where they are.
      if (tr !== next && next?.nextElementSibling === tr && !next.contains(activeElement)) {
        next.remove();
        next = tr;
      }
      if (tr === next) next = next.nextElementSibling;
      else this.body.insertBefore(tr, next);
    }
  }

  /** @protected @param {Entry} entry @param {number} index @returns {HTMLElement} */
  row(entry, index) {
    const held = this.rows.get(entry.id);
    if (held) {
      this.fill(held, entry, false);
      return held;
    }
    const tr = /** @type {HTMLElement} */ (/** @type {any} */ (this.template.content.firstElementChild).cloneNode(true));
    this.fill(tr, entry, true);
    this.added(tr, index);
    this.rows.set(entry.id, tr);
    return tr;
  }

  /** @protected @param {HTMLElement} _tr @param {number} _index */
  added(_tr, _index) {}
}
