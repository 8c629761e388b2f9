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

/**
 * Language → its catalogue, shared by all copies of this module: an element that was loaded as one file learns a language from
 * the service's own modules. @type {Map<string, Catalogue>}
 */
const catalogues = /** @type {any} */ (globalThis)[Symbol.for("windsock.catalogues")] ??= new Map();
/** @type {Catalogue} The plural categories stand in the order in which the catalogue lists the forms. */
const ENGLISH = { language: "en", plurals: ["one", "other"], messages: {} };
let spoken = ENGLISH;
let rules = new Intl.PluralRules("en");

/** Takes the catalogue in which messages are looked up from now on. @param {Catalogue} catalogue */
export function learn(catalogue) {
  catalogues.set(catalogue.language, catalogue);
  speak(catalogue);
}

/** Whether messages in this language can be looked up. @param {string} code */
export const hasCatalogue = (code) => catalogues.has(code);

/** Returns what `act` returns, which speaks this language meanwhile; English if there is no catalogue of it.
 * @template T @param {string} code @param {() => T} act synchronous @returns {T} */
export function speaking(code, act) {
  const before = spoken;
  speak(catalogues.get(code) ?? ENGLISH);
  try {
    return act();
  } finally {
    speak(before);
  }
}

/** @param {Catalogue} catalogue */
function speak(catalogue) {
  if (catalogue === spoken) return;
  spoken = catalogue;
  rules = new Intl.PluralRules(catalogue.language);
}

/** Returns the message with its named placeholders filled in. @param {string} message @param {Values} [values] @returns {string} */
export function gettext(message, values) {
  const found = spoken.messages[message];
  return filled(typeof found === "string" ? found : message, values);
}

/** Returns the message for this count; `{count}` is one of its placeholders. @param {string} one @param {string} many @param {number} count @param {Values} [values] @returns {string} */
export function ngettext(one, many, count, values) {
  const forms = spoken.messages[one];
  const form = Array.isArray(forms) ? forms[spoken.plurals.indexOf(rules.select(count))] ?? forms.at(-1) : undefined;
  return filled(form ?? (count === 1 ? one : many), { count, ...values });
}

/** Returns a message that means different things in different places. @param {string} context @param {string} message @param {Values} [values] @returns {string} */
export function pgettext(context, message, values) {
  const found = spoken.messages[`${context}\u0004${message}`];
  return filled(typeof found === "string" ? found : message, values);
}

/** @param {string} text @param {Values} [values] */
const filled = (text, values) => values ? text.replace(/\{(\w+)\}/g, (whole, name) => name in values ? String(values[name]) : whole) : text;
