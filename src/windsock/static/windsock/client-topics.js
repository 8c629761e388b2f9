// @ts-check
/** Names of topics as clients write them. */

/** Returns the topic in upper-case codes; the server's own spelling replaces it once it has answered. @param {string} topic */
export function canonical(topic) {
  const [kind, ...rest] = topic.trim().split(":");
  if (!rest.length) return kind.toLowerCase();
  const value = rest.join(":").toUpperCase();
  return `${kind.toLowerCase()}:${kind.toLowerCase() === "registration" ? value.replaceAll("-", "") : value}`;
}
