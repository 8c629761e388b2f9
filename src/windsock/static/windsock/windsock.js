// @ts-check
/**
 * Windsock for browsers (and node 22): live flight delays in one import, no build step.
 *
 *     <script type="module" src="https://HOST/static/windsock/windsock.js"></script>
 *     <flight-board airport="JFK" direction="departures"></flight-board>
 *
 * The client without the element is `WindsockClient`. (This comment shows no statement that names another module, nor the
 * words that begin one: Django's storages that hash file names find those with regular expressions, in comments too, and fail.)
 */

export { ClientSession } from "./session.js";
export { backOff, reaction } from "./backoff.js";
export { WindsockClient, serviceTime, socketUrl } from "./client.js";
export { becauseOf, programmeLine, shownProgrammes } from "./programmes.js";
export { boardRow, inWindow, sortKey } from "./wording.js";
export { FlightBoard, FlightStatus } from "./elements.js";
