// @ts-check
/** The elements alone, which `board.min.js` holds with everything that they need. */

export { FlightBoard } from "./flight-board.js";
export { FlightStatus } from "./flight-status.js";
