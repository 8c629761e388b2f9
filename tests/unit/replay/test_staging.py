"""What the demo adds to the shipped days: each thing is there, is the same every time, and never claims to be real."""

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connections

from windsock.cli.day import LoadedDay, load
from windsock.feeds.registry import FORMATS
from windsock.flights import Flight
from windsock.ingest.pipeline import Pipeline
from windsock.ingest.programmes import FORGET_AFTER
from windsock.ingest.replay import IntoJournal
from windsock.journal.memory import MemoryJournal
from windsock.protocol.positions import Position
from windsock.replay.days import DAYS
from windsock.replay.player import Replay
from windsock.replay.staging import SOURCE, Staging, stage

NEW_YORK = {"JFK", "LGA", "EWR"}


@dataclass
class Played:
    """A day with its additions, the flights as they are at its end, and how often each kind of change came."""

    day: LoadedDay
    staging: Staging
    flights: list[Flight]
    changes: Counter[str]
    refused: list[str]

    def flight(self, key: object) -> Flight:
        """The flight with this key."""
        (found,) = [flight for flight in self.flights if flight.key == key]
        return found


@pytest.fixture(scope="module", params=DAYS)
def played(request: pytest.FixtureRequest) -> Played:
    day = load(request.param, staged=True)
    assert day.staging is not None
    journal = MemoryJournal()
    pipeline = Pipeline(journal, on_exit=connections.close_all)
    run = Replay(day.tells, IntoJournal(pipeline, after_minutes=15, step_minutes=15), label=day.label)
    summary = run.run()
    assert pipeline.stop(30)
    events = journal.after(Position(journal.head().epoch, 0), 100_000)
    kinds = Counter(
        change["kind"] for event in events for change in json.loads(event.message("any"))["changes"]
    )
    return Played(
        day, day.staging, [record.flight for record in journal.snapshot()[1]], kinds, summary.refused
    )


def _from_new_york(played: Played) -> list[Flight]:
    return [flight for flight in played.flights if flight.origin in NEW_YORK]


def _to_new_york(played: Played) -> list[Flight]:
    return [flight for flight in played.flights if flight.destination in NEW_YORK]


def _inbound_aircraft(played: Played) -> int:
    """How many departures have an arrival of the same aircraft before them."""
    came = {
        (flight.registration, flight.destination) for flight in _to_new_york(played) if flight.registration
    }
    return sum((flight.registration, flight.origin) in came for flight in _from_new_york(played))


def _count(flights: list[Flight], holds: Callable[[Flight], object]) -> int:
    return sum(bool(holds(flight)) for flight in flights)


def _arrivals(code: str) -> Callable[[Played], int]:
    return lambda played: _count(played.flights, lambda flight: flight.destination == code)


def _kind(kind: str) -> Callable[[Played], int]:
    return lambda played: played.changes[kind]


def _diverted_within(played: Played) -> int:
    return _count(_to_new_york(played), lambda flight: flight.diverted_to in NEW_YORK)


def _ground_stops(played: Played) -> int:
    return sum(one.kind == "ground_stop" for told in played.staging.programmes for one in told.programmes)


# Each thing that the demo shows → how often it is there, and at least how often it must be.
THINGS: dict[str, tuple[Callable[[Played], int], int]] = {
    **{f"arrivals at {code}": (_arrivals(code), 100) for code in sorted(NEW_YORK)},
    "gates of departures": (lambda p: _count(_from_new_york(p), lambda f: f.departure.gate), 900),
    "terminals of departures": (lambda p: _count(_from_new_york(p), lambda f: f.departure.terminal), 900),
    "check-in desks": (lambda p: _count(_from_new_york(p), lambda f: f.departure.checkin_desk), 900),
    "belts": (lambda p: _count(_to_new_york(p), lambda f: f.arrival.belt), 400),
    "gates of arrivals": (lambda p: _count(_to_new_york(p), lambda f: f.arrival.gate), 400),
    "codeshares": (lambda p: _count(p.flights, lambda f: f.codeshares), 500),
    "departures with an inbound aircraft": (_inbound_aircraft, 150),
    "delay reasons": (lambda p: _count(p.flights, lambda f: f.delay_reasons), 100),
    "cancellations with a reason": (
        lambda p: _count(p.flights, lambda f: f.status == "cancelled" and f.delay_reasons),
        50,
    ),
    "delays that are announced": (_kind("delay.raised"), 100),
    "overdue flights": (_kind("overdue.raised"), 50),
    "changes of a gate": (_kind("gate.changed"), 10),
    "reinstated flights": (_kind("flight.reinstated"), 1),
    "diversions within New York": (_diverted_within, 1),
    "ground stops": (_ground_stops, 2),
    "unclear telexes": (lambda p: len(p.staging.messages), 2),
}


@pytest.mark.parametrize("thing", THINGS)
def test_the_day_contains(played: Played, thing: str) -> None:
    count, least = THINGS[thing]
    assert count(played) >= least


def test_nothing_staged_is_refused(played: Played) -> None:
    assert played.refused == []


def test_what_is_staged_says_so_and_the_data_is_untouched(played: Played) -> None:
    assert {tell.report.source for tell in played.staging.tells} == {SOURCE}
    plain = load(next(name for name, day in DAYS.items() if day.label == played.day.label))
    assert [tell for tell in played.day.tells if tell.report.source != SOURCE] == plain.tells
    assert plain.staging is None


def test_a_real_flight_ends_as_the_data_says(played: Played) -> None:
    flights = {flight.key: flight for flight in played.flights}
    for row in played.day.rows:
        flight = flights[row.key]
        assert flight.departure.actual == row.out
        assert flight.arrival.actual == row.in_
        assert (flight.status == "cancelled") == row.cancelled, flight.id


def test_nothing_staged_is_told_before_it_happened(played: Played) -> None:
    for tell in played.staging.tells:
        for part in ("departure", "takeoff", "landing", "arrival"):
            actual = getattr(getattr(tell.report, part), "actual", None)
            assert not actual or actual <= tell.at


def test_an_aircraft_flies_one_flight_at_a_time(played: Played) -> None:
    rows = [
        row for row in (*played.day.rows, *played.staging.rows) if row.registration and row.out and row.in_
    ]
    rows.sort(key=lambda row: (row.registration or "", row.out or row.scheduled_out))
    staged = {row.key for row in played.staging.rows}
    for before, after in pairwise(rows):
        if before.registration == after.registration and staged & {before.key, after.key}:
            assert before.in_ is not None
            assert after.out is not None
            assert before.in_ < after.out, (before.key, after.key)


def test_no_number_is_given_twice(played: Played) -> None:
    own = Counter(str(flight.key.designator) for flight in played.flights)
    (through,) = [number for number, times in own.items() if times > 1]
    assert own[through] == 2, "the one flight of two legs, whose telex is unclear"
    sold = Counter(str(number) for flight in played.flights for number in flight.codeshares or ())
    assert set(sold.values()) == {1}
    assert not sold.keys() & own.keys()


def test_the_flight_that_was_cancelled_too_early_leaves_after_all(played: Played) -> None:
    assert played.staging.reinstated is not None
    assert played.flight(played.staging.reinstated.key).status in ("out", "airborne", "landed", "arrived")


def test_the_diverted_flight_ends_at_another_airport_of_the_city(played: Played) -> None:
    assert played.staging.diverted is not None
    flight = played.flight(played.staging.diverted.key)
    assert flight.status == "diverted"
    assert {flight.destination, flight.diverted_to} <= NEW_YORK
    assert flight.destination != flight.diverted_to


def test_programmes_are_renewed_before_they_are_forgotten_and_end(played: Played) -> None:
    lists = played.staging.programmes
    assert lists[-1].programmes == ()
    for before, after in pairwise(lists):
        assert timedelta(0) < after.observed_at - before.observed_at < FORGET_AFTER


def test_nothing_leaves_for_an_airport_during_its_ground_stop(played: Played) -> None:
    stopped = [
        (told.observed_at, one.ends_at, one.airport)
        for told in played.staging.programmes
        for one in told.programmes
        if one.kind == "ground_stop"
    ]
    begins, ends, hub = stopped[0]
    assert ends is not None
    for row in (*played.day.rows, *played.staging.rows):
        assert row.destination != hub or row.out is None or not begins <= row.out < ends, row.key


def test_the_telexes_are_read_without_a_fault(played: Played) -> None:
    parse = FORMATS["mvt"].parser("telex", {})
    for message in played.staging.messages:
        parsed = parse(message.body, message.at)
        assert not parsed.faults
        assert len(parsed.statements) == 1


def test_the_same_flights_in_any_order_give_the_same_additions(played: Played) -> None:
    rows = list(played.day.rows)
    random.Random(7).shuffle(rows)
    day = next(day for day in DAYS.values() if day.label == played.day.label)
    again = stage(rows, hub=day.airport, begins=played.day.at(day.start), weather=day.weather)
    assert again == played.staging
