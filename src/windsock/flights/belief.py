"""From facts to the flight: what is believed, and what follows from it. A pure function, so order cannot matter."""

from datetime import date as Day
from datetime import datetime, timedelta

from windsock.flights import airlines, delay_codes
from windsock.flights.delay import basis_of, minutes_between
from windsock.flights.facts import Facts
from windsock.flights.identity import FlightKey
from windsock.flights.reading import Reading
from windsock.flights.report import Reason
from windsock.flights.rules import MergeRules
from windsock.flights.state import Arrival, Carrier, Departure, Flight, Runway
from windsock.flights.status import ACTUALS, DOWN, beyond_times, flags_of, from_first, status_of
from windsock.flights.tablecache import remembered


@remembered(maxsize=4096)
def carrier_of(code: str, on: Day) -> Carrier:
    """Both codes of the carrier with this canonical code on that day."""
    found = airlines.airline(code, on)
    if found is None:
        return Carrier(code, None) if len(code) == 2 else Carrier(None, code)
    if len(code) == 2:
        return Carrier(code, found.icao)
    # It goes by its ICAO code although it has an IATA code: another carrier holds that one, too.
    return Carrier(None, code)


def blank(key: FlightKey) -> Flight:
    """Return a flight of which only the identity is known."""
    return Flight(
        id=str(key),
        designator=str(key.designator),
        carrier=carrier_of(key.carrier, key.date),
        number=key.number,
        suffix=key.suffix,
        date=key.date,
        origin=key.origin,
    )


def believe(before: Flight, facts: Facts, rules: MergeRules) -> Flight:
    """Return the flight that these facts make. Only its identities, version and stamps come from `before`."""
    reading = Reading(facts, rules, before.origin)
    value = reading.values.get
    cancelled = reading.cancelled()
    diverted_to = value("diverted_to")
    diverted = bool(value("diverted")) or diverted_to is not None
    out, off, on, in_ = [value(path) for path in ACTUALS]
    takeoff = Runway(scheduled=value("takeoff.scheduled"), estimated=value("takeoff.estimated"), actual=off)
    landing = Runway(scheduled=value("landing.scheduled"), estimated=value("landing.estimated"), actual=on)
    stated = beyond_times(reading.stated, out, off, on, in_)
    gone = (stated or out or off or on or in_) is not None
    down = stated in DOWN or (on or in_) is not None
    departure = _departure(reading, out, takeoff, gone, cancelled)
    arrival = _arrival(reading, in_, takeoff, landing, gone, down, departure, cancelled or diverted)
    boarding = bool(value("boarding")) and not gone
    returned, air_return = value("returned_to_gate"), value("air_return")
    conflicts = reading.conflicts()
    # Of a flight that is down, or never leaves, no news is expected.
    silent = None if cancelled or down else reading.silent_source()
    return Flight(
        id=before.id,
        designator=before.designator,
        carrier=before.carrier,
        number=before.number,
        suffix=before.suffix,
        date=before.date,
        origin=before.origin,
        destination=value("destination"),
        diverted_to=diverted_to,
        codeshares=_other_names(value("codeshares"), before.designator),
        registration=value("registration"),
        aircraft_type=value("aircraft_type"),
        status=status_of(
            departure, takeoff, landing, arrival, cancelled=cancelled, diverted=diverted, boarding=boarding,
            stated=stated,
        ),
        flags=flags_of(
            departure, takeoff, landing, arrival,
            returned_to_gate=returned, air_return=air_return, stated=stated, conflicts=conflicts,
            silent=silent is not None, rules=rules,
        ),
        departure=departure,
        takeoff=takeoff,
        landing=landing,
        arrival=arrival,
        delay_reasons=_worded(reading.reasons()),
        cancelled=cancelled,
        diverted=diverted,
        boarding=boarding,
        stated_status=stated,
        returned_to_gate=returned,
        air_return=air_return,
        recovery_of=value("recovery_of"),
        recovered_by=value("recovered_by"),
        conflicts=conflicts,
        silent_source=silent,
        former_ids=before.former_ids,
        version=before.version,
        updated_at=before.updated_at,
        reported_at=before.reported_at,
    )  # fmt: skip


def _departure(
    reading: Reading, out: datetime | None, takeoff: Runway, gone: bool, cancelled: bool
) -> Departure:
    value = reading.values.get
    scheduled = value("departure.scheduled")
    first = value("departure.first_scheduled")
    estimated, bare, seen = reading.estimate("departure", scheduled)
    overdue = None
    if out is not None:
        delay = minutes_between(scheduled, out) if scheduled is not None else bare
    elif cancelled:
        delay = None  # what never leaves is not late
    else:
        delay = bare if scheduled is None else None
        if estimated is not None and scheduled is not None:
            delay = minutes_between(scheduled, estimated)
        elif delay is None and (runway := takeoff.actual or takeoff.estimated) is not None:
            delay = _by_takeoff(runway, takeoff.scheduled, scheduled, outrun=reading.outrun)
    if out is None and not cancelled and scheduled is not None and not gone:
        passed = reading.overdue("departure", scheduled, seen)
        if passed is not None and (delay is None or passed > delay):
            delay = overdue = passed
        if reading.back is not None:
            waited = minutes_between(scheduled, reading.back)
            if delay is None or waited > delay:
                delay, overdue = waited, None
    return Departure(
        scheduled=scheduled,
        estimated=estimated,
        actual=out,
        delay_minutes=delay,
        terminal=value("departure.terminal"),
        gate=value("departure.gate"),
        stand=value("departure.stand"),
        checkin_desk=value("departure.checkin_desk"),
        first_scheduled=first,
        delay_from_first_minutes=from_first(delay, scheduled, first),
        delay_basis=basis_of(
            delay_minutes=delay,
            overdue_minutes=overdue,
            scheduled=scheduled,
            estimated=estimated,
            actual=out,
            runway=takeoff,
        ),
        overdue_minutes=overdue,
    )


def _arrival(
    reading: Reading,
    in_: datetime | None,
    takeoff: Runway,
    landing: Runway,
    gone: bool,
    down: bool,
    departure: Departure,
    elsewhere: bool,
) -> Arrival:
    value = reading.values.get
    scheduled = value("arrival.scheduled")
    first = value("arrival.first_scheduled")
    estimated, bare, seen = reading.estimate("arrival", scheduled)
    overdue = None
    if elsewhere:
        delay = None  # cancelled or diverted: it does not arrive where and when this schedule says
    elif in_ is not None:
        delay = minutes_between(scheduled, in_) if scheduled is not None else bare
    else:
        delay = bare if scheduled is None else None
        if estimated is not None and scheduled is not None:
            delay = minutes_between(scheduled, estimated)
        elif delay is None and (runway := landing.actual or landing.estimated) is not None:
            delay = _by_landing(runway, landing.scheduled, scheduled)
        elif delay is None and scheduled is not None and not down:
            delay = _carried_over(departure, takeoff, reading.rules.late_minutes)
    # A flight that has not left is overdue at its origin; to say so at its destination as well would be an echo.
    if not (down or elsewhere) and scheduled is not None and (gone or departure.scheduled is None):
        passed = reading.overdue("arrival", scheduled, seen)
        if passed is not None and (delay is None or passed > delay):
            delay = overdue = passed
    return Arrival(
        scheduled=scheduled,
        estimated=estimated,
        actual=in_,
        delay_minutes=delay,
        terminal=value("arrival.terminal"),
        gate=value("arrival.gate"),
        stand=value("arrival.stand"),
        belt=value("arrival.belt"),
        first_bag=value("arrival.first_bag"),
        first_scheduled=first,
        delay_from_first_minutes=from_first(delay, scheduled, first),
        delay_basis=basis_of(
            delay_minutes=delay,
            overdue_minutes=overdue,
            scheduled=scheduled,
            estimated=estimated,
            actual=in_,
            runway=landing,
        ),
        overdue_minutes=overdue,
    )


def _by_takeoff(time: datetime, plan: datetime | None, gate: datetime | None, *, outrun: bool) -> int | None:
    """Return the delay at the gate that a take-off proves: against the runway's own plan, else what it bounds.

    Without a plan for the runway the taxi time is not known, so a take-off after the gate's schedule says nothing of
    the gate. It did leave the gate before: earlier than scheduled, or than an estimate that was `outrun`.
    """
    if plan is not None:
        return minutes_between(plan, time)
    if gate is None:
        return None
    minutes = minutes_between(gate, time)
    return minutes if minutes <= 0 or outrun else None


def _by_landing(time: datetime, plan: datetime | None, gate: datetime | None) -> int | None:
    """Return the delay at the gate that a landing proves: it comes to its gate later than that."""
    if plan is not None:
        return minutes_between(plan, time)
    if gate is None:
        return None
    minutes = minutes_between(gate, time)
    return minutes if minutes >= 0 else None


TAXI = timedelta(minutes=30)
"""So long may a flight taxi to its runway before that counts as late: more than at nearly all airports and hours."""


def _carried_over(departure: Departure, takeoff: Runway, late: int) -> int | None:
    """Return how late a flight that left late will arrive, by its block time, where nobody has said."""
    scheduled = departure.scheduled
    if scheduled is None:
        return None
    delays = []
    if departure.actual is not None:
        delays.append(minutes_between(scheduled, departure.actual))
    if takeoff.actual is not None:
        delays.append(minutes_between(takeoff.scheduled or scheduled + TAXI, takeoff.actual))
    carried = max(delays, default=0)
    return carried if carried >= late else None


def _other_names(names: tuple[str, ...] | None, own: str) -> tuple[str, ...]:
    """Return the codeshares without the flight's own designator: EJU7181, "sold as U27181", is U27181 already."""
    if not names:
        return ()
    return tuple(name for name in names if name != own) if own in names else names


def _worded(reasons: tuple[Reason, ...] | None) -> tuple[Reason, ...]:
    """Return the reasons, with our wording where the source gave none."""
    if not reasons:
        return ()
    return tuple(
        reason
        if reason.text is not None
        else Reason(
            reason.scheme, reason.code, delay_codes.reason_text(reason.scheme, reason.code), reason.minutes
        )
        for reason in reasons
    )
