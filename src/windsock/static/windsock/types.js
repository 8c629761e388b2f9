// @ts-check
/**
 * The shapes of the messages from the server, for editors and type checkers. A module of its own, named only in comments: Django's
 * storages that hash file names follow those too, and never finish if two modules name each other.
 *
 * @typedef {"connecting"|"resuming"|"live"|"moving"|"closed"} State
 * @typedef {{kind: string, field: string|null, from: any, to: any}} Change
 * @typedef {{scheduled: string|null, estimated: string|null, actual: string|null, delay_minutes: number|null,
 *   delay_basis?: string|null, first_scheduled?: string|null, delay_from_first_minutes?: number|null,
 *   overdue_minutes?: number|null, terminal: string|null, gate: string|null, stand?: string|null,
 *   checkin_desk?: string|null, belt?: string|null, first_bag?: string|null}} GateTimes
 * @typedef {{scheduled?: string|null, estimated: string|null, actual: string|null}} RunwayTimes
 * @typedef {{id: string, designator: string, carrier: {iata: string|null, icao: string|null}, number: number,
 *   suffix: string|null, date: string, origin: string, destination: string|null, diverted_to: string|null,
 *   codeshares: string[], registration: string|null, aircraft_type: string|null, status: string, flags: string[],
 *   departure: GateTimes, takeoff: RunwayTimes, landing: RunwayTimes, arrival: GateTimes,
 *   delay_reasons: {scheme: string, code: string|null, text?: string|null, minutes?: number|null}[],
 *   cancelled?: boolean, diverted?: boolean, boarding?: boolean, stated_status?: string|null, returned_to_gate?: string|null,
 *   air_return?: string|null, recovery_of?: string|null, recovered_by?: string|null, conflicts?: string[],
 *   silent_source?: string|null, former_ids?: string[], version: number, updated_at: string|null,
 *   reported_at?: string|null}} Flight
 * @typedef {{airport: string, kind: string, source: string, observed_at: string, reason?: string, begins_at?: string,
 *   ends_at?: string, average_minutes?: number, minimum_minutes?: number, maximum_minutes?: number, trend?: string,
 *   only_for?: string}} Programme
 * @typedef {{airport: string, version: number, updated_at: string, programmes: Programme[]}} Standing
 * @typedef {{label: string, simulated_at: string, real_at: string, speed: number}} ReplayClock
 * @typedef {{epoch: string, offset: number}} Position
 */

export {};
