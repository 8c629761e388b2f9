"""The times of a flight as they may be shown: at each end one time, its kind, and whether the plan still holds.

What is shown is possible and honest at the moment `now`: no time that has passed is "expected" without saying so,
nothing arrives before it can have left and flown, and what nobody reported is marked as inferred. `status` words it.
The browser computes the same (`static/windsock/times.js`); `tests/js/wording.json` holds both to it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from windsock.flights import Arrival, Departure, Flight
from windsock.flights.belief import TAXI
from windsock.flights.delay import minutes_between
from windsock.flights.reading import FASTEST

Direction = Literal["departures", "arrivals"]
Kind = Literal["planned", "expected", "about", "at_least", "actual", "none"]

DOWN = frozenset({"landed", "arrived"})
GONE = frozenset({"out", "airborne", "landed", "arrived"})

UNCONFIRMED_MINUTES = 15
"""A time that has passed by this much without a report is no longer expected: the flight is overdue. Sources take some
minutes to report; the overdue watch waits as long unless it is configured otherwise."""

GIVE_UP_MINUTES = 24 * 60
"""A flight without news for a day is no longer said to become later and later: nobody waits for it any longer. The
overdue watch gives up as well."""

MAX_GAIN = timedelta(minutes=30)
"""How much a flight is likely to gain, at most, on its planned time from gate to gate: one in ten of 1,332 flights on
two bad days gained more, and hardly any gained more than a fifth."""

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEnd:
    """One end of the way, in times.

    `at` is the time to show and `kind` what it is: "planned" (only the schedule is known), "expected" (announced by
    a source), "about" (inferred from the rest of the flight), "at_least" (inferred: not before this), "actual", "none".
    `planned` is the schedule, `struck` when it no longer holds. `runway`: the time is the take-off or the landing.
    `unconfirmed`: the time has passed by a few minutes, and nobody has reported that it happened.
    `announced` is the last estimate of a source that is no longer believed. `untimed`: it happened, nobody said when.
    `delay_minutes` is how late `at` is, early negative; None where no schedule or no time is known.
    """

    planned: datetime | None
    struck: bool = False
    at: datetime | None = None
    kind: Kind = "none"
    runway: bool = False
    unconfirmed: bool = False
    announced: datetime | None = None
    untimed: bool = False
    delay_minutes: int | None = None

    @property
    def inferred(self) -> bool:
        """Whether no source reported the time: it follows from the clock or from the other end."""
        return self.kind in ("about", "at_least")


@dataclass(frozen=True, slots=True)
class ShownTimes:
    """Both ends of the way, and whether the flight has left and come down."""

    departure: ShownEnd
    arrival: ShownEnd
    gone: bool
    down: bool

    def end(self, direction: Direction) -> ShownEnd:
        """Return the end that a board of this direction is about."""
        return self.departure if direction == "departures" else self.arrival


def expected(flight: Flight, direction: Direction) -> datetime | None:
    """Return the best time at the gate that sources reported; the runway's if only that is known."""
    gate, runway = (
        (flight.departure, flight.takeoff) if direction == "departures" else (flight.arrival, flight.landing)
    )
    return gate.actual or gate.estimated or runway.actual or runway.estimated


def scheduled(flight: Flight, direction: Direction) -> datetime | None:
    """Return the time that a board sorts by."""
    gate = flight.departure if direction == "departures" else flight.arrival
    return gate.scheduled or expected(flight, direction)


def shown_times(flight: Flight, now: datetime, late_minutes: int = 15) -> ShownTimes:
    """Return what may be shown of the flight's times at `now`. Delays from `late_minutes` on are carried over."""
    now = now.replace(second=0, microsecond=0)
    departure, arrival = flight.departure, flight.arrival
    down = (
        flight.status in DOWN or bool(arrival.actual or flight.landing.actual) or flight.stated_status in DOWN
    )
    gone = (
        down
        or flight.status in GONE
        or flight.status == "diverted"
        or bool(departure.actual or flight.takeoff.actual or flight.stated_status)
    )
    leaving = _departure(flight, now, gone)
    return ShownTimes(leaving, _arrival(flight, leaving, now, gone, down, late_minutes), gone, down)


def _departure(flight: Flight, now: datetime, gone: bool) -> ShownEnd:
    gate, runway = flight.departure, flight.takeoff
    plan, estimate = gate.scheduled, gate.estimated or runway.estimated
    by_runway = gate.estimated is None and estimate is not None
    if flight.status == "cancelled":
        return ShownEnd(planned=plan, struck=plan is not None)
    if gate.actual is not None:
        return _end(plan, gate.actual, "actual", delay=gate.delay_minutes)
    if runway.actual is not None:
        return _end(plan, runway.actual, "actual", delay=gate.delay_minutes, runway=True)
    if gone:
        return _happened(plan, estimate, gate, now, by_runway, untimed=flight.stated_status is not None)
    waiting = estimate or plan
    if waiting is None:
        return ShownEnd(planned=None, delay_minutes=gate.delay_minutes)
    reported = gate.delay_minutes if gate.delay_basis == "inferred" else None
    if _overdue(waiting, gate.overdue_minutes, now) or (reported and (estimate is None or estimate < now)):
        return _end(plan, _at_least(plan, reported, waiting, now), "at_least", announced=estimate)
    if estimate is not None:
        return _estimated(plan, gate, estimate, by_runway, now)
    return _end(plan, waiting, "planned", unconfirmed=waiting < now)


def _arrival(
    flight: Flight, leaving: ShownEnd, now: datetime, gone: bool, down: bool, late_minutes: int
) -> ShownEnd:
    gate, runway = flight.arrival, flight.landing
    plan, estimate = gate.scheduled, gate.estimated or runway.estimated
    by_runway = gate.estimated is None and estimate is not None
    if flight.status == "cancelled":
        return ShownEnd(planned=plan, struck=plan is not None)
    elsewhere = flight.status == "diverted" or flight.diverted_to is not None
    if (actual := gate.actual or runway.actual) is not None:
        found = _end(plan, actual, "actual", delay=gate.delay_minutes, runway=gate.actual is None)
        return _elsewhere(found) if elsewhere else found
    if down:
        found = _happened(plan, estimate, gate, now, by_runway, untimed=flight.stated_status in DOWN)
        return _elsewhere(found) if elsewhere else found
    if elsewhere:
        if estimate is None or minutes_between(estimate, now) >= UNCONFIRMED_MINUTES:
            return ShownEnd(planned=plan, struck=plan is not None, announced=estimate)
        return _elsewhere(_end(plan, estimate, "expected", runway=by_runway, unconfirmed=estimate < now))
    base = _earliest_departure(leaving, now, gone)
    left_plan = flight.departure.scheduled
    block = plan - left_plan if plan is not None and left_plan is not None and plan > left_plan else None
    held = leaving.kind == "at_least" and not gone
    earliest = None if base is None else base + _shortest(block, held=held)
    if estimate is not None and (earliest is None or estimate >= earliest):
        if _overdue(estimate, gate.overdue_minutes, now):
            return _end(
                plan, _at_least(plan, gate.overdue_minutes, estimate, now), "at_least", announced=estimate
            )
        return _estimated(plan, gate, estimate, by_runway, now)
    kind: Kind = "about"
    carried = None if held else _carried_over(flight, leaving, base, block, late_minutes)
    known = carried or plan
    if earliest is not None and (known is None or known < earliest):
        carried = max(earliest, now) if known is not None or estimate is not None else None
        kind = "at_least"
    if carried is not None:
        if _overdue(carried, gate.overdue_minutes, now):
            carried, kind = _at_least(plan, gate.overdue_minutes, carried, now), "at_least"
        return _end(plan, carried, kind, announced=estimate, unconfirmed=carried < now)
    if plan is None:  # and no estimate that is possible
        return ShownEnd(planned=None, delay_minutes=gate.delay_minutes)
    if _overdue(plan, gate.overdue_minutes, now):
        return _end(plan, _at_least(plan, gate.overdue_minutes, plan, now), "at_least", announced=estimate)
    return _end(plan, plan, "planned", announced=estimate, unconfirmed=plan < now)


def _end(
    plan: datetime | None,
    at: datetime,
    kind: Kind,
    *,
    delay: int | None = None,
    runway: bool = False,
    unconfirmed: bool = False,
    announced: datetime | None = None,
) -> ShownEnd:
    if plan is not None and kind != "planned" and (not runway or kind in ("about", "at_least")):
        delay = minutes_between(plan, at)
    if announced is not None and plan is not None and announced == plan:
        announced = None  # it was announced on time: the plan says that already
    struck = plan is not None and kind != "planned" and _minute(plan) != _minute(at)
    return ShownEnd(
        planned=plan,
        struck=struck,
        at=at,
        kind=kind,
        runway=runway,
        unconfirmed=unconfirmed,
        announced=announced,
        delay_minutes=delay,
    )


def _estimated(
    plan: datetime | None, gate: Departure | Arrival, estimate: datetime, runway: bool, now: datetime
) -> ShownEnd:
    """Return the end whose estimate is believed; a forecast of our own is only about right."""
    kind: Kind = "about" if gate.delay_basis == "predicted" else "expected"
    return _end(plan, estimate, kind, delay=gate.delay_minutes, runway=runway, unconfirmed=estimate < now)


def _happened(
    plan: datetime | None,
    estimate: datetime | None,
    gate: Departure | Arrival,
    now: datetime,
    runway: bool,
    *,
    untimed: bool,
) -> ShownEnd:
    """Return the end of a milestone that has passed and whose time no source reported."""
    if estimate is not None and estimate <= now:
        return ShownEnd(
            planned=plan,
            struck=plan is not None and _minute(plan) != _minute(estimate),
            at=estimate,
            kind="about",
            runway=runway,
            untimed=untimed,
            delay_minutes=None if plan is None or runway else minutes_between(plan, estimate),
        )
    delay = gate.delay_minutes if plan is None else None
    kind: Kind = "none" if plan is None else "planned"
    return ShownEnd(planned=plan, at=plan, kind=kind, untimed=untimed, delay_minutes=delay)


def _elsewhere(end: ShownEnd) -> ShownEnd:
    """Return the end without what compares it with a schedule that is another airport's."""
    return ShownEnd(
        planned=end.planned,
        struck=end.planned is not None,
        at=None if end.kind == "planned" else end.at,
        kind="none" if end.kind == "planned" else end.kind,
        runway=end.runway,
        unconfirmed=end.unconfirmed,
        announced=end.announced,
        untimed=end.untimed,
    )


def _earliest_departure(leaving: ShownEnd, now: datetime, gone: bool) -> datetime | None:
    """Return the earliest time at which it can have left, or can leave; None if that is not known."""
    if gone:
        return leaving.at if leaving.kind == "actual" else None
    return None if leaving.at is None else max(leaving.at, now)


def _shortest(block: timedelta | None, *, held: bool) -> timedelta:
    """Return the shortest time from gate to gate that is possible; of a flight that is `held`, the shortest likely."""
    if block is None:
        return timedelta(0)
    return block - min(block / 5, MAX_GAIN) if held else block * FASTEST


def _carried_over(
    flight: Flight, leaving: ShownEnd, base: datetime | None, block: timedelta | None, late_minutes: int
) -> datetime | None:
    """Return when it arrives if it flies as long as planned after a late departure; None if it is not late."""
    gate = flight.arrival
    if gate.scheduled is None:
        return None
    late = 0
    if gate.delay_basis in ("inferred", "predicted") and not gate.overdue_minutes:
        late = gate.delay_minutes or 0
    if base is not None and block is not None and flight.departure.scheduled is not None:
        waited = minutes_between(
            flight.departure.scheduled, base - (TAXI if leaving.runway else timedelta(0))
        )
        if waited >= late_minutes:
            late = max(late, waited)
    return gate.scheduled + late * _MINUTE if late > 0 else None


def _overdue(time: datetime, reported: int | None, now: datetime) -> bool:
    """Return whether a time has passed without news for so long that it is no longer believed."""
    return time < now and (
        bool(reported) or UNCONFIRMED_MINUTES <= minutes_between(time, now) < GIVE_UP_MINUTES
    )


def _at_least(plan: datetime | None, reported: int | None, waiting: datetime, now: datetime) -> datetime:
    """Return the time before which it cannot happen: now, or what the watch has seen pass already."""
    seen = waiting if plan is None or not reported else plan + reported * _MINUTE
    return seen if minutes_between(waiting, now) >= GIVE_UP_MINUTES else max(now, seen)


def _minute(time: datetime) -> datetime:
    return time.replace(second=0, microsecond=0)
