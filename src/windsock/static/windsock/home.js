// @ts-check
/** The first page: the age of the data, and the airports that this browser visited last. */

import { goLive } from "./live.js";
import { visited } from "./visited.js";

const place = /** @type {HTMLElement|null} */ (document.querySelector("[data-visited]"));

/** Lists the visited airports by name; the server knows the names. @param {HTMLElement} section */
async function list(section) {
  const codes = visited();
  if (!codes.length) return;
  const { departuresUrl = "", namesUrl = "" } = section.dataset;
  /** @type {Record<string, string>} */
  let names = {};
  try {
    names = (await (await fetch(`${namesUrl}?airports=${codes.join(",")}`)).json()).airports;
  } catch { /* the codes alone will do */ }
  const items = codes.map((code) => {
    const item = document.createElement("li"), link = document.createElement("a"), plate = document.createElement("span");
    link.className = "door";
    link.href = departuresUrl.replace("XXX", code);
    plate.className = "iata";
    plate.textContent = code;
    link.append(plate, names[code] ?? "");
    item.append(link);
    return item;
  });
  section.querySelector("ul")?.replaceChildren(...items);
  section.hidden = false;
}

if (place) void list(place);
if (document.querySelector(".strip")) goLive([], "UTC");
