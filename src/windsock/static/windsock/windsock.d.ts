/** Types of `windsock.js`. */

export { FlightBoard, FlightStatus } from "./elements.js";

export type State = "connecting" | "resuming" | "live" | "moving" | "closed";
export type Flight = import("./types.js").Flight;
export type Change = import("./types.js").Change;
export type Programme = import("./types.js").Programme;
export type Standing = import("./types.js").Standing;
export type ReplayClock = import("./types.js").ReplayClock;
export type Row = import("./wording.js").Row;
export type BoardContext = import("./wording.js").BoardContext;

export interface EventDetails {
  event: { flight: Flight; before: Flight | null; changes: Change[]; position: string; recordedAt: string };
  programmes: { standing: Standing; before: Standing | null; changes: unknown[]; position: string; recordedAt: string };
  snapshot: { topics: string[]; position: string };
  resumed: { position: string };
  state: { state: State; why: string; retryIn: number | null };
  head: unknown;
  notice: unknown;
  answered: { id: string; answer: unknown };
  problem: { code: string; message: string };
  renew: null;
  stopped: { code: number; why: string };
}

export interface Options {
  url?: string;
  topics: string[];
  mode?: "every" | "latest";
  after?: string | null;
  board?: Flight[];
  programmes?: Standing[];
  ticket?: string | (() => string | Promise<string>);
  random?: () => number;
  WebSocket?: unknown;
}

export class WindsockClient extends EventTarget {
  constructor(options: Options & { [Name in keyof EventDetails as `on${Name}`]?: (detail: EventDetails[Name]) => void });
  readonly state: State;
  readonly board: Map<string, Flight>;
  readonly programmes: Map<string, Standing>;
  readonly position: string | null;
  readonly clock: ReplayClock | null;
  now(): Date;
  start(): this;
  stop(): void;
  retryNow(): void;
  subscribe(...topics: string[]): void;
  unsubscribe(...topics: string[]): void;
  report(report: object): Promise<unknown>;
  addEventListener<Name extends keyof EventDetails>(
    name: Name, listener: (event: CustomEvent<EventDetails[Name]>) => void, options?: boolean | AddEventListenerOptions): void;
}

/** The conversation without sockets and timers, for other carriers. */
export class ClientSession {
  constructor(options?: Record<string, unknown>);
  [member: string]: any;
}

export function socketUrl(base?: string): string;
export function serviceTime(real: number, clock: ReplayClock | null | undefined): Date;
export function backOff(attempt: number, random: () => number, atLeast?: number): number;
export function reaction(code: number | null): "stop" | "at-once" | "back-off";
export function boardRow(flight: Flight, context: BoardContext): Row;
export function inWindow(flight: Flight, direction: "departures" | "arrivals", from: Date, to: Date): boolean;
export function sortKey(flight: Flight, direction: "departures" | "arrivals"): string;
export function programmeLine(programme: Programme, zone: string, now: Date): { kind: string; what: string; why: string; source: string };
export function shownProgrammes(programmes: Programme[], direction: "departures" | "arrivals", now: Date): Programme[];
export function becauseOf(programmes: Programme[], direction: "departures" | "arrivals", now: Date): string;
