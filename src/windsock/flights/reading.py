"""From facts to what is believed of each field: rank and time decide, but never against what has happened since.

A pure function of the facts, so that the order in which they came cannot matter.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

from windsock.flights.delay import minutes_between
from windsock.flights.facts import Belief, Fact, Facts, beliefs, best, weight
from windsock.flights.fields import CANCELLATION_REASONS, MILESTONES
from windsock.flights.own_sources import OWN_SOURCES
from windsock.flights.report import Reason
from windsock.flights.rules import MergeRules
from windsock.flights.status import ACTUALS, latest

_BY_ORDER = tuple(MILESTONES)
_LEFT = (MILESTONES["out"], MILESTONES["airborne"])

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far one milestone may precede another at the same airport: two sources' clocks, and whole minutes."""

FASTEST = 0.4
"""No flight takes less of its planned block time than this. Schedules are padded, those of short hops most: of the 60
minutes planned for one, 25 may be flown."""


class Reading:
    """One pass over the facts: the beliefs, without what a return to the gate or a later milestone has overtaken."""

    __slots__ = ("back", "facts", "held", "impossible", "origin", "outrun", "rules", "stated", "values")

    def __init__(self, facts: Facts, rules: MergeRules, origin: str) -> None:
        self.facts, self.rules, self.origin = facts, rules, origin
        self.held = held = beliefs(facts, rules)
        self.back: datetime | None = None
        self.impossible: tuple[str, ...] = ()
        self.outrun = False
        if "diverted_to" in held and self.value("diverted_to") == origin:
            self._back_at_origin()
        if "returned_to_gate" in held or "air_return" in held:
            self._overtake()
        times = self._times()
        known = 4 - times.count(None)
        if known > 1 and not _possible(*times):
            self._in_order()
            times = self._times()
        if known:
            self._refute(*times)
        if "departure.estimated" in held or "arrival.estimated" in held:
            self._same_as_runway()
        self.stated = self._stated() if "stated_status" in held else None
        self.values = {path: belief[1].value for path, belief in held.items()}

    def value(self, path: str) -> Any:
        """Return what is believed of a field, None if nothing is."""
        held = self.held.get(path)
        return None if held is None else held[1].value

    def _times(self) -> list[datetime | None]:
        held = self.held
        return [None if (found := held.get(path)) is None else found[1].value for path in ACTUALS]

    # --- What has happened overtakes what was expected or claimed ---

    def _back_at_origin(self) -> None:
        """Take a diversion to the origin for what it is: an air return, from when it is down there again."""
        _, word = self.held.pop("diverted_to")
        left = latest(self.value("departure.actual"), self.value("takeoff.actual"))
        if left is not None and left > word.observed_at:
            self.held.pop("diverted", None)  # it has left anew since
            return
        for path in ("landing.actual", "arrival.actual"):
            down = self.held.get(path)
            if down is not None and down[1].value is not None and (left is None or down[1].value > left):
                self.held.pop("diverted", None)
                if self.value("air_return") is None:
                    self.held["air_return"] = down
                return

    def _overtake(self) -> None:
        """Drop times of the attempt that failed: the flight is at its gate again until it leaves anew.

        Each source's word counts by itself, so one that still repeats the first departure does not hide the second.
        """
        back = self.back = latest(self.value("returned_to_gate"), self.value("air_return"))
        if back is None:
            return
        for path in (*ACTUALS, "departure.estimated", "takeoff.estimated"):
            self._only(path, _after(back))
        boarding = self.held.get("boarding")
        if boarding is not None and boarding[1].observed_at <= back:
            del self.held["boarding"]
        if back == self.value("air_return"):
            # A landing before it has left anew is the one back at the origin.
            left = self.value("takeoff.actual") or self.value("departure.actual")
            for path in ("landing.actual", "arrival.actual"):
                self._only(path, _never if left is None else _after(left))

    def _only(self, path: str, possible: Callable[[Any], bool]) -> None:
        """Leave only the words that are possible (and erasures) standing; none at all if there is none."""
        if path not in self.held:
            return
        still = {
            source: fact
            for source, fact in self.facts[path].items()
            if (fact.value is None and possible is not _never)
            or (fact.value is not None and possible(fact.value))
        }
        if still:
            self.held[path] = best(path, still, self.rules)
        else:
            del self.held[path]

    def _in_order(self) -> None:
        """Leave only milestones standing that can all have happened: off block, take-off, landing, in block.

        Where they contradict each other, those hold that weigh more together, by their sources' ranks; among equals,
        the earlier milestones. Of a milestone that does not hold, another source's possible word does.
        """
        happened = [path for path in ACTUALS if self.value(path) is not None]
        times = {path: self.held[path][1].value for path in happened}
        weights = {path: max(self.rules.rank(self.held[path][0], path), 0) + 1 for path in happened}
        left = max(
            (
                chosen
                for size in range(1, len(happened))
                for chosen in combinations(happened, size)
                if _ordered({path: times[path] for path in chosen})
            ),
            key=lambda chosen: (
                sum(weights[path] for path in chosen),
                [path in chosen for path in ACTUALS],
            ),
        )
        self.impossible = tuple(path for path in happened if path not in left)
        kept = {path: times[path] for path in left}
        for path in self.impossible:

            def possible(time: datetime, path: str = path) -> bool:
                return _ordered({**kept, path: time})

            still = {
                source: fact
                for source, fact in self._standing(path).items()
                if fact.value is not None and possible(fact.value)
            }
            if still:
                self.held[path] = best(path, still, self.rules)
                kept[path] = self.held[path][1].value
            else:
                del self.held[path]

    def _standing(self, path: str) -> dict[str, Fact]:
        """Return the words on a milestone that a return has not overtaken."""
        return {
            source: fact
            for source, fact in self.facts[path].items()
            if self.back is None or fact.value is None or fact.value > self.back
        }

    def _refute(
        self, out: datetime | None, off: datetime | None, on: datetime | None, in_: datetime | None
    ) -> None:
        """Drop what was expected of a milestone that has happened, or at times that another one rules out."""
        held = self.held
        left = out if off is None or (out is not None and out > off) else off
        down = on if in_ is None or (on is not None and on < in_) else in_
        if "departure.estimated" in held or "departure_delay_minutes" in held:
            gone = off if down is None or (off is not None and off < down) else down
            self.outrun = self._expected("departure", out, None, gone) and out is None
        if "takeoff.estimated" in held:
            self._expected("takeoff", off, out, down)
        landing = "landing.estimated" in held
        if not (landing or "arrival.estimated" in held or "arrival_delay_minutes" in held):
            return
        earliest = left
        scheduled, planned = self.value("departure.scheduled"), self.value("arrival.scheduled")
        if left is not None and scheduled is not None and planned is not None and planned > scheduled:
            earliest = left + FASTEST * (planned - scheduled)
        if landing:
            self._expected("landing", on, earliest, in_)
        self._expected("arrival", in_, latest(on, earliest), None)

    def _expected(
        self, part: str, actual: datetime | None, low: datetime | None, high: datetime | None
    ) -> bool:
        """Drop estimates of a milestone that happened at `actual`, or that are not between `low` and `high`.

        Return whether the one believed was dropped.
        """
        held, path, minutes = self.held, *_ESTIMATES[part]
        scheduled = None
        if minutes in held and (plan := held.get(f"{part}.scheduled")) is not None:
            scheduled = plan[1].value
        if actual is not None:
            # Minutes of which no schedule makes a time still say how late it was.
            late = None if scheduled is None else held.pop(minutes, None)
            return held.pop(path, None) is not None or late is not None

        def possible(time: datetime) -> bool:
            return (low is None or time >= low) and (high is None or time <= high)

        dropped = False
        time = self.value(path)
        if time is not None and not possible(time):
            self._only(path, possible)
            dropped = True
        if scheduled is not None and (count := held[minutes][1].value) is not None:
            plan_time: datetime = scheduled
            if not possible(plan_time + timedelta(minutes=count)):
                self._only(minutes, lambda count: possible(plan_time + timedelta(minutes=count)))
                dropped = True
        return dropped

    def _same_as_runway(self) -> None:
        """Drop an estimate for the gate that is only the runway's time, copied: it would make taxi time a delay."""
        for gate, runway in (("departure", "takeoff"), ("arrival", "landing")):
            time = self.value(f"{gate}.estimated")
            if time is None:
                continue
            copied = (self.value(f"{runway}.actual"), self.value(f"{runway}.estimated"))
            if time in copied:
                self._only(f"{gate}.estimated", _none_of(copied))

    def estimate(
        self, side: str, scheduled: datetime | None
    ) -> tuple[datetime | None, int | None, datetime | None]:
        """Return the estimated gate time, the bare delay if no schedule makes a time of it, and when this was observed.

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
        """Return the feed that fell silent, unless a source (that feed included) has reported the flight since."""
        held = self.held.get("silent_source")
        if held is None or held[1].value is None:
            return None
        since = held[1].observed_at
        for by_source in self.facts.values():
            for source, fact in by_source.items():
                if fact.observed_at > since and source not in OWN_SOURCES:
                    return None
        source = held[1].value
        return str(source)

    # --- What contradicts what has happened ---

    def cancelled(self) -> bool:
        """Return whether it is cancelled: said so, and not seen to fly. After take-off nothing cancels a flight.

        An off-block time does not prove it: flights leave the gate, return and are cancelled. Nor is a take-off that
        only the source reported that later reports the flight cancelled: it returned.
        """
        claim = self.held.get("cancelled")
        if (
            claim is None
            or not claim[1].value
            or MILESTONES.get(self.stated or "", 0) >= MILESTONES["airborne"]
        ):
            return False
        if self.value("landing.actual") is not None or self.value("arrival.actual") is not None:
            return False
        off = self.value("takeoff.actual")
        if off is None:
            return True
        seen = {source for source, fact in self.facts["takeoff.actual"].items() if fact.value is not None}
        if seen != {claim[0]} or claim[1].observed_at <= off:
            return False
        return claim[1].observed_at >= self.facts["takeoff.actual"][claim[0]].observed_at

    def reasons(self) -> tuple[Reason, ...] | None:
        """Return why it is late or, while it is cancelled, why that: the weightier word of the two."""
        late = self.held.get("delay_reasons")
        if CANCELLATION_REASONS not in self.held:
            return None if late is None else tuple(late[1].value or ())
        gone = self.held[CANCELLATION_REASONS]
        if gone[1].value and self.cancelled():
            weighs = weight("delay_reasons", gone, self.rules)
            if late is None or not late[1].value or weighs >= weight("delay_reasons", late, self.rules):
                late = gone
        reasons: tuple[Reason, ...] | None = None if late is None else late[1].value
        return reasons

    def _outweighed(self, cancelled: Belief) -> bool:
        """Whether the flight flew after it was said to be cancelled, as seen by a source of at least that rank.

        That is a flight reinstated without a word, and no conflict. When it flew counts, not when somebody last said
        so, or the conflict would come and go with every repetition.
        """
        claim = self.rules.rank(cancelled[0], "cancelled")
        for path in ACTUALS[1:]:
            seen = self.held.get(path)
            if seen is not None and (time := seen[1].value) is not None:
                rank = self.rules.rank(seen[0], path)
                if rank > claim or (rank == claim and time > cancelled[1].observed_at):
                    return True
        return any(
            self.rules.rank(source, "stated_status") > claim
            for source, fact in self.facts.get("stated_status", {}).items()
            if MILESTONES.get(fact.value, 0) >= MILESTONES["airborne"]
        )

    def _stated(self) -> str:
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
        """Return the fields in which sources of the same, highest rank contradict each other, or what has happened.

        Only what happened can be contradicted: of plans and estimates the newer word is simply newer.
        """
        found = list(self.impossible)
        for path in _MAY_CONFLICT:
            by_source = self.facts.get(path)
            if by_source is None or len(by_source) == 1 or path not in self.held or path in found:
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
        cancelled = self.held.get("cancelled")
        if (
            cancelled is not None
            and cancelled[1].value
            and not self.cancelled()
            and not self._outweighed(cancelled)
        ):
            found.append("cancelled")
        return tuple(sorted(found, key=_CONTRADICTED.index)) if found else ()

    def _differ(self, values: list[Any]) -> bool:
        low, high = min(values), max(values)
        if isinstance(low, datetime):
            limit = timedelta(minutes=self.rules.conflict_minutes)
            return bool(high - low > limit)
        return bool(low != high)


_ESTIMATES = {
    part: (f"{part}.estimated", f"{part}_delay_minutes")
    for part in ("departure", "takeoff", "landing", "arrival")
}
_MAY_CONFLICT = (*ACTUALS, "diverted_to")
_CONTRADICTED = (*_MAY_CONFLICT, "cancelled")


def _ordered(times: dict[str, datetime]) -> bool:
    """Whether these milestones can all have happened at these times."""
    return _possible(*(times.get(path) for path in ACTUALS))


def _possible(out: datetime | None, off: datetime | None, on: datetime | None, in_: datetime | None) -> bool:
    """Whether a flight can have left its gate, taken off, landed and come to its gate at these times."""
    if out is not None:
        if off is not None and off < out and out - off > CLOCKS_DIFFER:
            return False
        if (on is not None and on < out) or (in_ is not None and in_ < out):
            return False
    if off is not None and ((on is not None and on < off) or (in_ is not None and in_ < off)):
        return False
    return on is None or in_ is None or in_ >= on or on - in_ <= CLOCKS_DIFFER


def _after(time: datetime) -> Callable[[Any], bool]:
    return lambda value: bool(value > time)


def _none_of(times: tuple[Any, ...]) -> Callable[[Any], bool]:
    return lambda value: value not in times


def _never(value: Any) -> bool:
    return False
