"""Put the additions of a day together: inbound flights, gates, estimates, and the day's incidents."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec import UNSET
from msgspec.structs import replace as with_fields

from windsock.flights.programmes import ProgrammeList
from windsock.flights.report import ArrivalReport, DepartureReport
from windsock.replay.past_flights import PastFlight
from windsock.replay.script import SCHEDULE_AHEAD, TimedReport, script
from windsock.replay.staging import choice, estimates, incidents, terminals
from windsock.replay.staging.incidents import Message
from windsock.replay.staging.reports import SOURCE, staged
from windsock.replay.staging.rotations import inbound

GATE_AHEAD = timedelta(hours=3)
"""Gate and aircraft of a departure are announced this long before it."""

_NEW_GATE_AHEAD = timedelta(minutes=40)
_LATE = timedelta(minutes=45)


@dataclass(frozen=True, slots=True)
class Staging:
    """What is added to a day: flights, reports, programmes of airports, and telexes whose flight is unclear.

    `diverted` and `reinstated` are the two flights with a story; None where the day has none that fits.
    """

    rows: tuple[PastFlight, ...]
    tells: tuple[TimedReport, ...]
    programmes: tuple[ProgrammeList, ...]
    messages: tuple[Message, ...]
    diverted: PastFlight | None
    reinstated: PastFlight | None


def stage(rows: Sequence[PastFlight], *, hub: str, begins: datetime, weather: str) -> Staging:
    """Return what the demo adds to the departures `rows` of New York.

    `hub` is the airport with a ground stop, `begins` when the story begins, `weather` its reason: "thunderstorms".
    """
    real = sorted(rows, key=lambda row: (row.scheduled_out, row.key))
    peak = incidents.peak(real, hub)
    legs = incidents.held(inbound(real), real, hub, peak)
    through = incidents.through_flight(legs, real, hub, begins)
    diverted = incidents.diversion(legs, real, hub, peak)
    reinstated = incidents.reinstated(real, hub, peak)
    if through is not None:
        legs[through[0]] = through[1]
    if diverted is not None:
        legs[diverted[0]] = diverted[1]
    flights = [*real, *legs]
    taken = {f"{row.carrier}{row.number}" for row in flights}
    onward = next((row for row in real if through is not None and row.line == through[1].line), None)
    gates = _gates(flights)
    published = real[0].scheduled_out - SCHEDULE_AHEAD

    tells = [_with_place(tell, gates, taken) for tell in script(legs, source=SOURCE)]
    late_aircraft = {
        leg.line for leg in legs if leg.in_ and leg.scheduled_in and leg.in_ - leg.scheduled_in > _LATE
    }
    for row in real:
        tells += _departure(row, gates[row.key.designator, row.origin], taken, published)
        if reinstated is None or row.key != reinstated.key:
            tells += estimates.of(row, weather=weather, late_aircraft=row.line in late_aircraft)
    for leg in legs:
        if not leg.diverted:
            tells += estimates.of(leg, weather=weather, late_aircraft=False)
    if reinstated is not None:
        tells += incidents.cancelled_and_reinstated(reinstated)
    return Staging(
        rows=tuple(legs),
        tells=tuple(sorted(tells, key=lambda tell: (tell.at, tell.report.flight, tell.report.origin or ""))),
        programmes=tuple(incidents.programmes(hub, peak, weather)),
        messages=tuple(incidents.messages(through[1] if through else None, onward, begins)),
        diverted=diverted[1] if diverted else None,
        reinstated=reinstated,
    )


def _gates(flights: Sequence[PastFlight]) -> dict[tuple[object, str], str]:
    """Return the gate in New York of each flight, by its number and origin, as planned by the schedule."""
    plan = terminals.GatePlan()
    wanted = []
    for row in flights:
        if row.origin in terminals.AIRPORTS:
            leaves = row.scheduled_out
            wanted.append((leaves - terminals.TURNAROUND, leaves, row, row.origin))
        elif row.scheduled_in is not None:
            arrives = row.scheduled_in
            wanted.append((arrives, arrives + terminals.TURNAROUND, row, row.destination))
    wanted.sort(key=lambda one: (one[0], one[2].key))
    return {
        (row.key.designator, row.origin): plan.take(
            airport, row.carrier, arrives, leaves, row.carrier, row.number
        )
        for arrives, leaves, row, airport in wanted
    }


def _with_place(tell: TimedReport, gates: dict[tuple[object, str], str], taken: set[str]) -> TimedReport:
    """Return a report about an inbound flight; its schedule with terminal, gate, belt, aircraft and codeshares."""
    report = tell.report
    arrival = report.arrival
    if arrival is UNSET or arrival.scheduled is UNSET or report.destination in (UNSET, None):
        return tell
    airport, flight = str(report.destination), report.designator
    place = terminals.terminal(airport, flight.carrier)
    return TimedReport(
        tell.at,
        with_fields(
            report,
            arrival=ArrivalReport(
                scheduled=arrival.scheduled,
                terminal=place.name,
                gate=gates[flight, str(report.origin)],
                belt=choice.one(place.belts, "belt", flight),
            ),
            codeshares=_free(terminals.codeshares(flight.carrier, flight.number, airport), taken),
        ),
    )


def _departure(row: PastFlight, gate: str, taken: set[str], published: datetime) -> Iterator[TimedReport]:
    """Yield terminal, desks, gate and aircraft of a departure; some late ones get another gate."""
    place = terminals.terminal(row.origin, row.carrier)
    announced = max(published, row.scheduled_out - GATE_AHEAD)
    more: dict[str, object] = {} if row.registration is None else {"registration": row.registration}
    codeshares = _free(terminals.codeshares(row.carrier, row.number, row.origin), taken)
    if codeshares:
        more["codeshares"] = codeshares
    yield staged(
        row,
        announced,
        departure=DepartureReport(
            terminal=place.name, gate=gate, checkin_desk=terminals.desks(row.carrier, row.origin)
        ),
        **more,
    )
    late = row.out is not None and row.out - row.scheduled_out > _LATE
    if late and choice.number("other gate", row.key, below=3) == 0:
        other = choice.one([other for other in place.gates if other != gate], "gate", row.key)
        yield staged(row, row.scheduled_out - _NEW_GATE_AHEAD, departure=DepartureReport(gate=other))


def _free(numbers: Sequence[str], taken: set[str]) -> tuple[str, ...]:
    """Return the numbers that no other flight has, and note them as taken."""
    free = tuple(number for number in numbers if number not in taken)
    taken.update(free)
    return free
