// @ts-check
/**
 * The Windsock service that an element belongs to: found from the address of its own module, it says by itself where its socket, names
 * and pages are, and whether it lets this page in.
 *
 * @typedef {{socket: string, stream: string, names: string, home: string, board: string, flight: string, public: boolean,
 *   origin: string, origin_allowed: boolean, late_minutes: number, attributions: string[], catalogues: Record<string, string>}} Service
 */

import { hasCatalogue } from "./language.js";

/** Codes in one request for names, the most that the service answers. */
const MAX_NAMES = 300;

/**
 * Returns the addresses below which the service may be: the given one, or where the module was served from. A module among static
 * files is two folders below them, whatever those are called; one that the service serves itself is beside them.
 * @param {string|null} given as in an attribute @param {string} module @param {string} page @returns {string[]} each ending with a slash
 */
export function candidates(given, module, page) {
  if (given !== null) return [new URL(given.endsWith("/") ? given : `${given}/`, page).href];
  const here = new URL("./", module);
  return here.pathname.endsWith("/windsock/") ? [new URL("../../", here).href, here.href] : [here.href];
}

/** Asks the service where everything is; null: none is there. It rejects if nothing answers: try again.
 * @param {string|null} given @param {string} module @returns {Promise<Service|null>} */
export async function findService(given, module) {
  let silent = null;
  for (const base of candidates(given, module, document.baseURI)) {
    const index = new URL("api/v1/", base);
    const answer = await fetch(index).catch(() => { silent = base; });
    if (!answer?.ok) continue;
    const found = await answer.json().catch(() => null);
    if (!found?.socket) continue;
    const at = (/** @type {string} */ path) => new URL(path, index).href;
    const socket = new URL(found.socket, index);
    socket.protocol = socket.protocol.replace("http", "ws");
    // Placeholders are not escaped yet, so these stay paths.
    return { ...found, socket: socket.href, stream: at(found.stream), names: at(found.names), home: at(found.home),
      board: index.origin + found.board, flight: index.origin + found.flight,
      catalogues: Object.fromEntries(Object.entries(found.catalogues).map(([code, path]) => [code, at(String(path))])) };
  }
  if (silent) throw new Error(silent);
  return null;
}

/** Loads the catalogue of a language; returns the language to speak. @param {string} wanted as BCP 47 @param {Service} service */
export async function loadLanguage(wanted, service) {
  const code = wanted.toLowerCase().split("-")[0].replace(/^n[no]$/, "nb");
  if (code !== "en" && !hasCatalogue(code) && service.catalogues[code]) await import(service.catalogues[code]).catch(() => {});
  return hasCatalogue(code) ? code : "en";
}

/** Names of codes, each fetched once. */
export class Names {
  airports = /** @type {Record<string, string>} */ ({});
  carriers = /** @type {Record<string, string>} */ ({});
  zones = /** @type {Record<string, string>} */ ({});
  /** Kind and code of what was asked for. @type {Set<string>} */
  asked = new Set();
  /** And of what was answered, whether or not there is such a thing. @type {Set<string>} */
  answered = new Set();

  /** Fetches the names that are new here. @param {string} address @param {(string|null)[]} airports @param {(string|null)[]} carriers @returns {Promise<boolean>} whether any came */
  async learn(address, airports, carriers) {
    const url = new URL(address);
    const fresh = [];
    for (const [kind, codes] of /** @type {const} */ ([["airports", airports], ["carriers", carriers]])) {
      const wanted = [...new Set(codes)].filter((code) => code && !this.asked.has(kind + code)).slice(0, MAX_NAMES);
      if (wanted.length) url.searchParams.set(kind, wanted.join());
      for (const code of wanted) fresh.push(kind + code);
    }
    if (!fresh.length) return false;
    for (const key of fresh) this.asked.add(key);
    try {
      const found = await (await fetch(url)).json();
      for (const kind of /** @type {const} */ (["airports", "carriers", "zones"])) Object.assign(this[kind], found[kind]);
      for (const key of fresh) this.answered.add(key);
    } catch {
      for (const key of fresh) this.asked.delete(key);
      return false;
    }
    return true;
  }
}
