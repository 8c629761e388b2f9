// @ts-check
/** Which page of a round is shown when, and in which language: by the clock alone, so that screens side by side agree. */

/**
 * Returns the page and the language shown at `at`.
 * @param {number} at milliseconds since 1970 @param {number} round seconds in which all pages are seen
 * @param {{seconds: number, count: number}} panel how long a page stays, and how many there are @param {number} languages
 */
export function turnAt(at, round, panel, languages) {
  const turns = Math.max(1, Math.round(round / panel.seconds));
  const number = Math.floor(at / 1000 / round);
  const turn = Math.min(turns - 1, Math.floor((at / 1000 - number * round) / panel.seconds));
  const page = turn % panel.count;
  // How often this page was shown before: neighbors speak different languages, and each page speaks every one in its turn.
  const shown = number * Math.ceil(turns / panel.count) + Math.floor(turn / panel.count);
  return { round: number, page, language: (page + shown) % languages };
}
