/** Types of `elements.js` and `board.min.js`. The elements are defined when the module is loaded. */

export type ElementState = "connecting" | "live" | "empty" | "unknown" | "refused" | "offline" | "stale";

/** `<flight-board airport="JFK">`. Its options are attributes. */
export class FlightBoard extends HTMLElement {
  readonly airport: string;
  readonly direction: "departures" | "arrivals";
  readonly hours: number;
}

/** `<flight-status number="DL1865">`. Its options are attributes. */
export class FlightStatus extends HTMLElement {
  readonly flight: string;
  readonly number: string;
}

declare global {
  interface HTMLElementTagNameMap {
    "flight-board": FlightBoard;
    "flight-status": FlightStatus;
  }
}
