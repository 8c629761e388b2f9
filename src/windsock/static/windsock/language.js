// @ts-check
/**
 * The language in which people read. A message is an English sentence with named placeholders; its translations come from the
 * catalogue of the page's language, a module in `locale/` that the page links before its own and that calls `learn`. English
 * needs no catalogue. The server has the same functions (`windsock.wording.language`), and the same catalogue.
 *
 * @typedef {Record<string, string|number>} Values
 * @typedef {{language: string, plurals: Intl.LDMLPluralRule[], messages: Record<string, string|string[]>}} Catalogue
 */

/** The language of the page, as BCP 47. */
export const language = globalThis.document?.documentElement.lang || "en";

/** @type {Record<string, string|string[]>} */
let messages = {};
/** The plural categories in the order in which the catalogue lists the forms. @type {Intl.LDMLPluralRule[]} */
let plurals = ["one", "other"];
let rules = new Intl.PluralRules("en");

/** Takes the catalogue in which messages are looked up from now on. @param {Catalogue} catalogue */
export function learn(catalogue) {
  messages = catalogue.messages;
  plurals = catalogue.plurals;
  rules = new Intl.PluralRules(catalogue.language);
}

/** Returns the message with its named placeholders filled in. @param {string} message @param {Values} [values] @returns {string} */
export function gettext(message, values) {
  const found = messages[message];
  return filled(typeof found === "string" ? found : message, values);
}

/** Returns the message for this count; `{count}` is one of its placeholders. @param {string} one @param {string} many @param {number} count @param {Values} [values] @returns {string} */
export function ngettext(one, many, count, values) {
  const forms = messages[one];
  const form = Array.isArray(forms) ? forms[plurals.indexOf(rules.select(count))] ?? forms.at(-1) : undefined;
  return filled(form ?? (count === 1 ? one : many), { count, ...values });
}

/** Returns a message that means different things in different places. @param {string} context @param {string} message @param {Values} [values] @returns {string} */
export function pgettext(context, message, values) {
  const found = messages[`${context}\u0004${message}`];
  return filled(typeof found === "string" ? found : message, values);
}

/** @param {string} text @param {Values} [values] */
const filled = (text, values) => values ? text.replace(/\{(\w+)\}/g, (whole, name) => name in values ? String(values[name]) : whole) : text;
