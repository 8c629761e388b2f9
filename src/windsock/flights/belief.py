"""From facts to the flight: what is believed, and what follows from it. A pure function, so order cannot matter."""

from datetime import date as Day
from datetime import datetime, timedelta
from typing import Any

from windsock.flights import airlines, delay_codes
from windsock.flights.delay import basis_of, minutes_between
from windsock.flights.facts import Belief, Facts, beliefs, best, weight
from windsock.flights.fields import MILESTONES
from windsock.flights.identity import FlightKey
from windsock.flights.report import Reason
from windsock.flights.rules import OWN_WATCHES, MergeRules
from windsock.flights.state import Arrival, Carrier, Departure, Flight, Runway
from windsock.flights.status import DOWN, beyond_times, flags_of, from_first, latest, status_of
from windsock.flights.tablecache import remembered

_BY_ORDER = tuple(MILESTONES)
_LEFT = (MILESTONES["out"], MILESTONES["airborne"])
_ACTUALS = ("departure.actual", "takeoff.actual", "landing.actual", "arrival.actual")


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
    """A flight of which nothing is known but who it is."""
    return Flight(
        id=str(key),
        designator=str(key.designator),
        carrier=carrier_of(key.carrier, key.date),
        number=key.number,
        suffix=key.suffix,
        date=key.date,
        origin=key.origin,
    )


class _Reading:
    """One pass over the facts: the beliefs, with what a return to the gate has overtaken left out."""

    __slots__ = ("back", "facts", "held", "rules", "values")

    def __init__(self, facts: Facts, rules: MergeRules) -> None:
        self.facts, self.rules = facts, rules
        self.held = held = beliefs(facts, rules)
        self.back: datetime | None = None
        if "returned_to_gate" in held or "air_return" in held:
            self._overtake()
        self.values = {path: belief[1].value for path, belief in held.items()}

    def value(self, path: str) -> Any:
        held = self.held.get(path)
        return None if held is None else held[1].value

    def _overtake(self) -> None:
        """Drops times of the attempt that failed: the flight is at its gate again until it leaves anew.

        Each source's word counts by itself, so one that still repeats the first departure does not hide the second.
        """
        back = self.back = latest(self.value("returned_to_gate"), self.value("air_return"))
        if back is None:
            return
        for path in (*_ACTUALS, "departure.estimated", "takeoff.estimated"):
            self._only_after(path, back)
        boarding = self.held.get("boarding")
        if boarding is not None and boarding[1].observed_at <= back:
            del self.held["boarding"]
        if back == self.value("air_return"):
            # A landing before it has left anew is the one back at the origin.
            left = self.value("takeoff.actual") or self.value("departure.actual")
            for path in ("landing.actual", "arrival.actual"):
                self._only_after(path, left)

    def _only_after(self, path: str, time: datetime | None) -> None:
        """Leaves only words of later times (and erasures) standing; none at all if the time is not known."""
        if path not in self.held:
            return
        still = {
            source: fact
            for source, fact in self.facts[path].items()
            if time is not None and (fact.value is None or fact.value > time)
        }
        if still:
            self.held[path] = best(path, still, self.rules)
        else:
            del self.held[path]

    def estimate(
        self, side: str, scheduled: datetime | None
    ) -> tuple[datetime | None, int | None, datetime | None]:
        """The estimated gate time, the bare delay where no schedule makes a time of it, and when this was observed.

        A delay in minutes and an estimated time are two ways of saying the same; the weightier word holds, and in
        the same report the time.
        """
        time = self.held.get(f"{side}.estimated")
        minutes = self.held.get(f"{side}_delay_minutes")
        if minutes is not None and minutes[1].value is not None and self._speaks(side, minutes, time):
            value: int = minutes[1].value
            seen = minutes[1].observed_at
            if scheduled is None:
                return None, value, seen
            estimated = scheduled + timedelta(minutes=value)
            if side == "departure" and self.back is not None and estimated <= self.back:
                return None, None, None
            return estimated, None, seen
        if time is None:
            return None, None, None
        return time[1].value, None, time[1].observed_at

    def _speaks(self, side: str, minutes: Belief, time: Belief | None) -> bool:
        if time is None:
            return True
        mine = weight(f"{side}_delay_minutes", minutes, self.rules)
        other = weight(f"{side}.estimated", time, self.rules)
        return mine > other or (mine == other and time[1].value is None)

    def overdue(self, side: str, scheduled: datetime | None, seen: datetime | None) -> int | None:
        """How many minutes had surely passed since the schedule without word, when the watch last looked.

        A schedule moved since then, or an estimate heard since then, is word.
        """
        held = self.held.get(f"{side}_overdue_minutes")
        if held is None or held[1].value is None or scheduled is None:
            return None
        fact = held[1]
        if seen is not None and seen > fact.observed_at:
            return None
        passed = min(fact.value, minutes_between(scheduled, fact.observed_at))
        return passed if passed > 0 else None

    def silent_source(self) -> str | None:
        """The feed that fell silent, unless somebody (the feed itself, too) has spoken of the flight since then."""
        held = self.held.get("silent_source")
        if held is None or held[1].value is None:
            return None
        since = held[1].observed_at
        for by_source in self.facts.values():
            for source, fact in by_source.items():
                if fact.observed_at > since and source not in OWN_WATCHES:
                    return None
        source = held[1].value
        return str(source)

    def cancelled(self) -> bool:
        """Whether it is cancelled: said so, and no weightier or later word saw it fly since.

        An off-block time is no such word: flights leave the gate, come back and are cancelled.
        """
        held = self.held.get("cancelled")
        if held is None or not held[1].value:
            return False
        flown = (
            (source, fact)
            for source, fact in self.facts.get("stated_status", {}).items()
            if MILESTONES.get(fact.value, 0) >= MILESTONES["airborne"]
        )
        return not (
            any(self._denies(held, path, self.held.get(path)) for path in _ACTUALS[1:])
            or any(self._denies(held, "stated_status", word) for word in flown)
        )

    def _denies(self, cancelled: Belief, path: str, seen: Belief | None) -> bool:
        if seen is None or seen[1].value is None:
            return False
        later: bool = seen[1].observed_at > cancelled[1].observed_at
        return later and self.rules.rank(seen[0], path) >= self.rules.rank(cancelled[0], "cancelled")

    def stated(self) -> str | None:
        """How far sources state that it has come: the furthest word that no later one of a higher rank takes back.

        Sources of the same rank do not contradict each other by knowing less. Words of an attempt that failed are left
        out; after a return in the air, a landing counts only once the flight has left anew.
        """
        words = [
            (MILESTONES[fact.value], self.rules.rank(source, "stated_status"), fact.observed_at)
            for source, fact in self.facts["stated_status"].items()
            if fact.value is not None and (self.back is None or fact.observed_at > self.back)
        ]
        if self.back is not None and self.back == self.value("air_return"):
            left = self.value("takeoff.actual") or self.value("departure.actual")
            if left is None:
                left = min((seen for far, _, seen in words if far in _LEFT), default=None)
            words = [word for word in words if word[0] <= max(_LEFT) or (left is not None and word[2] > left)]
        furthest = max(
            (
                far
                for far, rank, seen in words
                if not any(less < far and above > rank and later > seen for less, above, later in words)
            ),
            default=0,
        )
        return _BY_ORDER[furthest]

    def conflicts(self) -> tuple[str, ...]:
        """The fields in which sources of the same, highest rank contradict each other.

        Only what happened can be contradicted: of plans and estimates the newer word is simply newer.
        """
        found = []
        for path in (*_ACTUALS, "diverted_to"):
            by_source = self.facts.get(path)
            if by_source is None or len(by_source) == 1 or path not in self.held:
                continue
            top = self.rules.rank(self.held[path][0], path)
            values = [
                f.value
                for s, f in by_source.items()
                if f.value is not None and self.rules.rank(s, path) == top
            ]
            if path != "diverted_to" and self.back is not None:
                values = [value for value in values if value > self.back]
            if len(values) > 1 and self._differ(values):
                found.append(path)
        return tuple(found)

    def _differ(self, values: list[Any]) -> bool:
        low, high = min(values), max(values)
        if isinstance(low, datetime):
            limit = timedelta(minutes=self.rules.conflict_minutes)
            return bool(high - low > limit)
        return bool(low != high)


def believe(before: Flight, facts: Facts, rules: MergeRules) -> Flight:
    """The flight that these facts make. Only who it is, version and updated_at are taken from `before`."""
    reading = _Reading(facts, rules)
    value = reading.values.get
    cancelled = reading.cancelled()
    diverted_to = value("diverted_to")
    diverted = bool(value("diverted")) or diverted_to is not None
    out, off, on, in_ = [value(path) for path in _ACTUALS]
    takeoff = Runway(scheduled=value("takeoff.scheduled"), estimated=value("takeoff.estimated"), actual=off)
    landing = Runway(scheduled=value("landing.scheduled"), estimated=value("landing.estimated"), actual=on)
    stated = None
    if "stated_status" in reading.held:
        stated = beyond_times(reading.stated(), out, off, on, in_)
    gone = (stated or out or off or on or in_) is not None
    down = stated in DOWN or (on or in_) is not None
    departure = _departure(reading, out, takeoff, gone, cancelled)
    arrival = _arrival(reading, in_, landing, gone, down, departure, cancelled or diverted)
    boarding = bool(value("boarding"))
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
        codeshares=value("codeshares") or (),
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
        delay_reasons=_worded(value("delay_reasons")),
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
        version=before.version,
        updated_at=before.updated_at,
    )  # fmt: skip


def _departure(
    reading: _Reading, out: datetime | None, takeoff: Runway, gone: bool, cancelled: bool
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
    elif scheduled is None:
        delay = bare
    else:
        # It left its gate before it took off, so an estimate behind the take-off is refuted by it.
        runway = takeoff.actual or takeoff.estimated
        time = estimated or runway
        if takeoff.actual is not None and time is not None and takeoff.actual < time:
            time = takeoff.actual
        delay = None if time is None else minutes_between(scheduled, time)
        if not gone:
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
            runway=takeoff.actual or takeoff.estimated,
        ),
        overdue_minutes=overdue,
    )


def _arrival(
    reading: _Reading,
    in_: datetime | None,
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
    elif scheduled is None:
        delay = bare
    else:
        time = estimated or landing.actual or landing.estimated
        if landing.actual is not None and time is not None and landing.actual > time:
            time = landing.actual  # not at its gate before it was on the ground
        delay = None if time is None else minutes_between(scheduled, time)
        # A flight that has not left is overdue at its origin; to say so at its destination as well would be an echo.
        if not down and (gone or departure.scheduled is None):
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
            runway=landing.actual or landing.estimated,
        ),
        overdue_minutes=overdue,
    )


def _worded(reasons: tuple[Reason, ...] | None) -> tuple[Reason, ...]:
    """The reasons with our wording where the source gave none."""
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
