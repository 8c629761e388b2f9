"""The journal's contract (`windsock.journal.base`), one suite for every backend: memory, SQLite, PostgreSQL."""

import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import msgspec
import pytest
from django.db import connections
from msgspec import UNSET

from tests.unit.flights.values_of_fields import SENT, sent
from windsock.clock import ReplayClock
from windsock.errors import JournalUnavailable, PositionTrimmed, PositionUnknown
from windsock.flights import (
    ArrivalReport,
    DepartureReport,
    Designator,
    FlightKey,
    FlightRecord,
    MergeRules,
    Report,
    apply_report,
    parse_report,
)
from windsock.flights.fields import TABLE
from windsock.flights.programmes import Programme, ProgrammeList, Standing, retold
from windsock.ingest.batch import Submission, write_batch
from windsock.ingest.resolution import Hints
from windsock.ingest.results import Recorded
from windsock.journal.base import Draft, Event, FlightQuery, Head, Journal, RawReport, Writing, in_order
from windsock.journal.memory import MemoryJournal
from windsock.protocol.positions import Position
from windsock.protocol.topics import topics_of

DAY = date(2015, 1, 2)
NOON = datetime(2015, 1, 2, 12, 0, tzinfo=UTC)
WAIT = 60  # seconds until a thread that should long have finished fails its test


@pytest.fixture(
    params=[
        "memory",
        pytest.param("default", marks=pytest.mark.django_db(transaction=True), id="sqlite"),
        pytest.param(
            "postgresql", marks=pytest.mark.django_db(transaction=True, databases=["default", "postgresql"])
        ),
    ]
)
def journal(request: pytest.FixtureRequest) -> Journal:
    if request.param == "memory":
        return MemoryJournal()
    from windsock.journal.database import DatabaseJournal

    return DatabaseJournal(request.param)


# --- Telling the journal something ------------------------------------------------------------------------------------


def key_of(number: int, origin: str = "ATL", carrier: str = "DL") -> FlightKey:
    return FlightKey(carrier, number, None, DAY, origin)


def told(
    writing: Writing, key: FlightKey, now: datetime = NOON, source: str = "test", **facts: object
) -> Draft | None:
    """The draft that a report with these facts comes to; None if it changes nothing."""
    report = Report(
        flight=str(key.designator), date=key.date, origin=key.origin, source=source, observed_at=now, **facts
    )
    before = writing.load([key]).get(key)
    merged = apply_report(before, key, report, received_at=now, rules=MergeRules())
    if not merged.changes:
        writing.save([merged.record])
        return None
    topics = topics_of(merged.record.flight) | (topics_of(before.flight) if before else frozenset())
    return Draft(merged.record, merged.changes, tuple(sorted(topics)), now)


def tell(
    journal: Journal, key: FlightKey, now: datetime = NOON, source: str = "test", **facts: object
) -> list[Event]:
    """Reports facts about one flight, in a transaction of its own."""
    with journal.write() as writing:
        draft = told(writing, key, now, source, **facts)
        return writing.append([draft] if draft else [])


def gate(text: str) -> dict[str, DepartureReport]:
    return {"departure": DepartureReport(gate=text)}


def start(journal: Journal) -> Position:
    return Position(journal.head().epoch, 0)


def all_events(journal: Journal) -> list[Event]:
    return journal.after(start(journal), 1_000_000)


class Threads:
    """Runs functions in threads of their own and re-raises what any of them raised."""

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []
        self._errors: list[BaseException] = []

    def start(self, function: Callable[..., None], *args: object) -> None:
        def run() -> None:
            try:
                function(*args)
            except BaseException as error:
                self._errors.append(error)
            finally:
                connections.close_all()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self._threads.append(thread)

    def join(self) -> None:
        for thread in self._threads:
            thread.join(WAIT)
            assert not thread.is_alive(), "a thread did not finish"
        if self._errors:
            raise self._errors[0]


# --- Positions --------------------------------------------------------------------------------------------------------


def test_a_new_journal_is_empty_and_keeps_its_epoch(journal: Journal) -> None:
    head = journal.head()
    assert (head.offset, head.floor, head.clock) == (0, 0, None)
    assert journal.head() == head
    assert journal.after(head.position) == []
    assert journal.snapshot() == (head, [])


def test_events_are_numbered_from_one_in_the_order_of_their_writes(journal: Journal) -> None:
    with journal.write() as writing:
        first = [told(writing, key_of(number), **gate("A1")) for number in (1, 2)]
        events = writing.append([draft for draft in first if draft])
        assert writing.head().offset == 2
    events += tell(journal, key_of(3), **gate("A1"))
    assert [event.offset for event in events] == [1, 2, 3]
    assert all_events(journal) == events
    assert journal.head().offset == 3


def test_an_event_carries_the_wire_message(journal: Journal) -> None:
    (event,) = tell(journal, key_of(1865), departure=DepartureReport(gate="B12"), destination="MCO")
    epoch = journal.head().epoch
    message = json.loads(journal.after(start(journal))[0].message(epoch))
    assert message["type"] == "event"
    assert message["position"] == f"{epoch}:1"
    assert message["flight"]["id"] == event.flight_id == "DL1865.2015-01-02.ATL"
    assert message["flight"]["departure"]["gate"] == "B12"
    assert message["flight"]["version"] == event.version == 1
    assert message["changes"][0]["kind"] == "flight.added"
    assert message["recorded_at"] == "2015-01-02T12:00:00Z"
    assert {"all", "departures:ATL", "arrivals:MCO", "flight:DL1865.2015-01-02.ATL"} <= set(event.topics)


def test_a_write_that_fails_leaves_nothing_behind(journal: Journal) -> None:
    tell(journal, key_of(1), **gate("A1"))
    before = journal.head(), journal.snapshot(), all_events(journal)
    with pytest.raises(ZeroDivisionError), journal.write() as writing:
        drafts = [told(writing, key_of(1), **gate("A2")), told(writing, key_of(2), **gate("A2"))]
        writing.append([draft for draft in drafts if draft], [raw("DL2")])
        raise ZeroDivisionError
    assert (journal.head(), journal.snapshot(), all_events(journal)) == before
    assert journal.reports(key_of(2)) == []
    assert tell(journal, key_of(2), **gate("A3"))[0].offset == 2


def test_after_gives_at_most_the_limit_from_the_beginning(journal: Journal) -> None:
    for number in range(1, 6):
        tell(journal, key_of(number), **gate("A1"))
    epoch = journal.head().epoch
    assert [event.offset for event in journal.after(Position(epoch, 1), limit=2)] == [2, 3]
    assert [event.offset for event in journal.after(Position(epoch, 3), limit=2)] == [4, 5]
    assert journal.after(Position(epoch, 5), limit=2) == []


def test_a_position_of_another_epoch_is_unknown(journal: Journal) -> None:
    tell(journal, key_of(1), **gate("A1"))
    with pytest.raises(PositionUnknown, match="another epoch"):
        journal.after(Position("elsewhere", 0))


def test_a_position_ahead_of_the_head_is_unknown(journal: Journal) -> None:
    tell(journal, key_of(1), **gate("A1"))
    with pytest.raises(PositionUnknown, match="ahead"):
        journal.after(Position(journal.head().epoch, 2))


def test_a_reset_forgets_everything_and_begins_a_new_epoch(journal: Journal) -> None:
    tell(journal, key_of(1), codeshares=("KL6001",))
    old = journal.head()
    new = journal.reset()
    assert new.epoch != old.epoch
    assert (new.offset, new.floor) == (0, 0)
    assert journal.snapshot() == (new, [])
    with pytest.raises(PositionUnknown):
        journal.after(old.position)
    with journal.write() as writing:
        assert writing.named([(Designator("KL", 6001), DAY)]) == {}
    assert tell(journal, key_of(1), **gate("A1"))[0].offset == 1


def test_a_replays_clock_is_seen_in_the_head_until_it_is_taken_away(journal: Journal) -> None:
    clock = ReplayClock(
        label="2 January 2015", simulated_at=NOON, real_at=NOON + timedelta(days=4000), speed=60.0
    )
    journal.set_clock(clock)
    assert journal.head().clock == clock
    assert journal.snapshot()[0].clock == clock
    journal.set_clock(None)
    assert journal.head().clock is None


# --- Concurrency ------------------------------------------------------------------------------------------------------


class Whim(Exception):
    """A writer changed its mind."""


def test_sixteen_writers_with_rollbacks_leave_no_gap_and_a_follower_sees_no_hole(journal: Journal) -> None:
    origin = start(journal)
    threads, done = Threads(), threading.Event()
    kept: Counter[int] = Counter()
    followed: list[Event] = []

    def writer(seed: int) -> None:
        luck = random.Random(seed)
        for turn in range(12):
            try:
                with journal.write() as writing:
                    # Two flights each, some of them shared with other writers, in one locking order.
                    keys = sorted({key_of(luck.randrange(1, 8)), key_of(100 + seed)})
                    writing.load(keys)
                    drafts = [told(writing, key, NOON, f"w{seed}", **gate(f"{seed}-{turn}")) for key in keys]
                    events = writing.append([draft for draft in drafts if draft])
                    if luck.random() < 0.3:
                        raise Whim
                kept[seed] += len(events)
            except Whim:
                pass

    def follower() -> None:
        position = origin
        while True:
            last_look = done.is_set()
            news = list(in_order(journal.after(position, 7), position.offset))
            followed.extend(news)
            if news:
                position = Position(position.epoch, news[-1].offset)
            elif last_look:
                return

    threads.start(follower)
    writers = Threads()
    for seed in range(16):
        writers.start(writer, seed)
    writers.join()
    done.set()
    threads.join()
    assert journal.head().offset == sum(kept.values()) == len(followed)
    assert [event.offset for event in followed] == list(range(1, len(followed) + 1))
    assert followed == all_events(journal)


def test_concurrent_writes_to_one_flight_lose_no_change(journal: Journal) -> None:
    key, threads = key_of(1865), Threads()

    def writer(name: int) -> None:
        for turn in range(6):
            # Later and later, so that each of them is believed when it comes and is a change.
            tell(
                journal, key, NOON + timedelta(minutes=turn), f"source{name}", registration=f"N{name}{turn}DL"
            )

    for name in range(8):
        threads.start(writer, name)
    threads.join()
    events = all_events(journal)
    assert [event.version for event in events] == list(range(1, len(events) + 1))
    record = journal.flight(key)
    assert record is not None
    assert record.flight.version == len(events)
    assert set(record.facts["registration"]) == {f"source{name}" for name in range(8)}


def test_a_flight_that_many_add_at_once_is_added_once(journal: Journal) -> None:
    for number in range(1, 6):
        key, threads, together = key_of(number), Threads(), threading.Barrier(6)

        def adder(name: int, key: FlightKey = key, together: threading.Barrier = together) -> None:
            together.wait(WAIT)
            tell(journal, key, NOON + timedelta(seconds=name), f"source{name}", registration=f"N{name}DL")

        for name in range(6):
            threads.start(adder, name)
        threads.join()
        history = journal.history(key)
        assert [event.version for event in history] == list(range(1, len(history) + 1))
        added = [
            e.version
            for e in history
            if any(c["kind"] == "flight.added" for c in json.loads(e.message("x"))["changes"])
        ]
        assert added == [1]
        record = journal.flight(key)
        assert record is not None
        assert len(record.facts["registration"]) == 6


def test_a_snapshot_is_as_of_exactly_its_head(journal: Journal) -> None:
    tell(journal, key_of(1), **gate("A0"))
    threads, done = Threads(), threading.Event()
    taken: list[tuple[int, dict[str, int]]] = []

    def writer(name: int) -> None:
        for turn in range(25):
            tell(
                journal,
                key_of(1 + turn % 5),
                NOON + timedelta(minutes=turn),
                f"s{name}",
                **gate(f"{name}{turn}"),
            )

    def looker() -> None:
        while not done.is_set():
            head, records = journal.snapshot()
            taken.append((head.offset, {record.flight.id: record.flight.version for record in records}))

    looking = Threads()
    looking.start(looker)
    for name in range(3):
        threads.start(writer, name)
    threads.join()
    done.set()
    looking.join()
    events = all_events(journal)
    assert taken
    for offset, versions in taken:
        assert versions == {event.flight_id: event.version for event in events[:offset]}


# --- Flights ----------------------------------------------------------------------------------------------------------


def test_what_is_saved_without_an_event_is_kept_and_told_to_nobody(journal: Journal) -> None:
    key = key_of(1865)
    tell(journal, key, **gate("B12"))
    assert tell(journal, key, NOON, "other", **gate("B12")) == []
    record = journal.flight(key)
    assert record is not None
    assert set(record.facts["departure.gate"]) == {"test", "other"}
    assert (record.flight.version, journal.head().offset) == (1, 1)


def test_loading_a_flight_that_is_not_there_does_not_make_it(journal: Journal) -> None:
    with journal.write() as writing:
        assert writing.load([key_of(1), key_of(2)]) == {}
        draft = told(writing, key_of(2), **gate("A1"))
        assert draft is not None
        writing.append([draft])
    assert journal.flight(key_of(1)) is None
    assert [record.key for record in journal.snapshot()[1]] == [key_of(2)]
    assert [record.key for record in journal.find(FlightQuery())] == [key_of(2)]


def test_a_flight_is_found_by_its_own_and_its_codeshares_names(journal: Journal) -> None:
    atl, mco = key_of(1865, "ATL"), key_of(1865, "MCO")
    tell(journal, atl, codeshares=("KL6001", "AF2345"))
    tell(journal, mco, codeshares=("KL6001",))
    own, shared, nobody = (
        (Designator("DL", 1865), DAY),
        (Designator("KL", 6001), DAY),
        (Designator("DL", 1), DAY),
    )
    other_day = (Designator("DL", 1865), DAY + timedelta(days=1))
    with journal.write() as writing:
        assert writing.named([own, shared, nobody, other_day]) == {own: [atl, mco], shared: [atl, mco]}
    tell(journal, mco, NOON + timedelta(hours=1), codeshares=("AF2345",))
    with journal.write() as writing:
        assert writing.named([shared]) == {shared: [atl]}
        af = (Designator("AF", 2345), DAY)
        assert writing.named([af]) == {af: [atl, mco]}


def test_the_history_of_a_flight_is_its_own_events(journal: Journal) -> None:
    for turn in range(3):
        for number in (1, 2):
            tell(journal, key_of(number), NOON + timedelta(minutes=turn), **gate(f"A{turn}"))
    assert [(e.flight_id, e.version) for e in journal.history(key_of(2))] == [
        (str(key_of(2)), v) for v in (1, 2, 3)
    ]
    assert [e.version for e in journal.history(key_of(2), limit=2)] == [1, 2]


def test_a_snapshot_since_leaves_out_what_no_longer_matters(journal: Journal) -> None:
    old, new = NOON - timedelta(days=3), NOON
    tell(journal, key_of(1), old, departure=DepartureReport(scheduled=old))
    tell(journal, key_of(2), new, departure=DepartureReport(scheduled=new))
    # Told of long ago, but it flies today.
    tell(journal, key_of(3), old, departure=DepartureReport(scheduled=new))
    assert [r.key.number for r in journal.snapshot(NOON - timedelta(days=1))[1]] == [2, 3]
    assert [r.key.number for r in journal.snapshot()[1]] == [1, 2, 3]


@dataclass
class Made:
    key: FlightKey
    facts: dict[str, object]


def a_day_of_flights() -> Iterator[Made]:
    luck = random.Random(7)
    airports = ["ATL", "JFK", "MCO", "LAX"]
    for number in range(1, 61):
        origin, destination, elsewhere = luck.sample(airports, 3)
        departure = NOON + timedelta(minutes=luck.randrange(0, 600, 30))
        known = luck.random() < 0.9
        yield Made(
            key_of(number, origin, luck.choice(["DL", "AA"])),
            {
                "destination": destination,
                "diverted_to": elsewhere if luck.random() < 0.2 else UNSET,
                "registration": f"N{number}DL",
                "codeshares": (f"KL{6000 + number}",) if luck.random() < 0.3 else UNSET,
                "departure": DepartureReport(scheduled=departure) if known else UNSET,
                "arrival": ArrivalReport(scheduled=departure + timedelta(hours=2)) if known else UNSET,
            },
        )


def test_every_backend_finds_the_same_flights_in_the_same_order(journal: Journal) -> None:
    reference = MemoryJournal()
    for backend in (journal, reference):
        with backend.write() as writing:
            drafts = [told(writing, made.key, **made.facts) for made in a_day_of_flights()]
            writing.append([draft for draft in drafts if draft])
    windows = [(None, None), (NOON + timedelta(hours=2), NOON + timedelta(hours=6)), (NOON, None)]
    texts = [None, "DL1", "dal 12", "KL6003", "N7DL", "n-7dl", "JFK"]
    opposites = {None: (None, "JFK"), "JFK": (None, "KATL", "MCO"), "KATL": (None, "JFK")}
    ends = [(airport, opposite) for airport, others in opposites.items() for opposite in others]
    for (airport, opposite), direction, carrier, (since, until), text in product(
        ends, ("departures", "arrivals", "both"), (None, "DL"), windows, texts
    ):
        query = FlightQuery(
            airport=airport,
            direction=direction,
            opposite=opposite,
            carrier=carrier,
            since=since,
            until=until,
            text=text,
            limit=9,
        )
        assert [r.flight.id for r in journal.find(query)] == [r.flight.id for r in reference.find(query)], (
            query
        )


def test_flights_of_one_number_or_one_aircraft_are_found_in_order_of_time(journal: Journal) -> None:
    for days, number in ((0, 1), (2, 1), (1, 1), (1, 11), (3, 2)):
        departs = NOON + timedelta(days=days, minutes=number)
        key = FlightKey("DL", number, None, departs.date(), "ATL")
        tell(
            journal,
            key,
            registration="N1DL" if number == 1 else "N-1DL" if number == 2 else "DL1",
            departure=DepartureReport(scheduled=departs),
        )

    def found(**query: Any) -> list[tuple[int, int]]:
        return [
            (record.key.number, (record.key.date - DAY).days) for record in journal.find(FlightQuery(**query))
        ]

    assert found(designator="DL1") == [(1, 0), (1, 1), (1, 2)]
    assert found(designator="DL1", since=NOON + timedelta(days=1), limit=1) == [(1, 1)]
    assert found(registration="n1dl") == [(1, 0), (1, 1), (1, 2), (2, 3)]
    assert found(registration="N1DL", until=NOON + timedelta(days=1)) == [(1, 0)]
    assert found(registration="DL1") == [(11, 1)]
    assert found(designator="DL2", registration="N1DL") == [(2, 3)]
    assert found(designator="DL2", airport="ATL", direction="departures") == [(2, 3)]


@pytest.mark.parametrize(("typed", "limit"), [("DL1", 4), ("dal  0001", 100), ("KL6001", 4), ("n-1dl", 100)])
def test_what_is_typed_in_full_comes_first_and_pages_go_on_behind_it(
    journal: Journal, typed: str, limit: int
) -> None:
    # The flight of that name leaves last, behind more than a page of flights whose number only begins like it.
    with journal.write() as writing:
        drafts = []
        for number in (1, *range(10, 20), *range(100, 110)):
            drafts.append(
                told(
                    writing,
                    key_of(number, carrier="DL"),
                    registration=f"N{number}DL",
                    codeshares=(f"KL{6000 + number}",),
                    departure=DepartureReport(scheduled=NOON - timedelta(minutes=number)),
                )
            )
        writing.append([draft for draft in drafts if draft])
    pages: list[str] = []
    for _ in range(20):
        query = FlightQuery(text=typed, limit=limit, after_id=pages[-1] if pages else None)
        page = [record.flight.id for record in journal.find(query)]
        pages += page
        if len(page) < limit:
            break
    by_number = typed.strip().lower()[:2] in ("dl", "da")

    assert pages[0] == str(key_of(1, carrier="DL"))
    assert len(pages) == len(set(pages)) == (21 if by_number else 1)


@pytest.mark.parametrize("airport", [None, "JFK"])
def test_pages_follow_one_another_without_gap_or_repetition(journal: Journal, airport: str | None) -> None:
    with journal.write() as writing:
        drafts = [told(writing, made.key, **made.facts) for made in a_day_of_flights()]
        writing.append([draft for draft in drafts if draft])
    whole = [record.flight.id for record in journal.find(FlightQuery(airport=airport, limit=1000))]
    pages: list[str] = []
    while page := journal.find(FlightQuery(airport=airport, limit=7, after_id=pages[-1] if pages else None)):
        pages += [record.flight.id for record in page]
    assert pages == whole
    assert len(whole) == len(set(whole)) > 20


def test_flights_between_two_airports_are_found_in_either_direction(journal: Journal) -> None:
    for number, destination in ((1, "MCO"), (2, "JFK"), (3, "MCO")):
        departs = DepartureReport(scheduled=NOON + timedelta(minutes=number))
        arrives = ArrivalReport(scheduled=NOON + timedelta(hours=2, minutes=number))
        tell(journal, key_of(number), destination=destination, departure=departs, arrival=arrives)
    diverted = {"diverted": True, "diverted_to": "TPA"}
    tell(journal, key_of(3), NOON + timedelta(minutes=5), **diverted)

    def numbers(**query: str) -> list[int]:
        return [record.key.number for record in journal.find(FlightQuery(**query))]  # type: ignore[arg-type]

    assert numbers(airport="ATL", direction="departures", opposite="KMCO") == [1, 3]
    assert numbers(airport="MCO", direction="arrivals", opposite="ATL") == [1, 3]
    assert numbers(airport="TPA", direction="arrivals", opposite="ATL") == [3]
    assert numbers(airport="MCO", direction="departures", opposite="ATL") == []


def test_a_board_shows_the_best_known_time(journal: Journal) -> None:
    late, punctual = key_of(1), key_of(2)
    for number, minute in ((1, 0), (2, 30)):
        tell(journal, key_of(number), departure=DepartureReport(scheduled=NOON + timedelta(minutes=minute)))
    tell(
        journal,
        late,
        NOON + timedelta(minutes=5),
        departure=DepartureReport(estimated=NOON + timedelta(hours=3)),
    )
    found = journal.find(FlightQuery(airport="ATL", direction="departures"))
    assert [record.key for record in found] == [punctual, late]
    window = FlightQuery(airport="ATL", direction="departures", since=NOON, until=NOON + timedelta(hours=1))
    assert [record.key for record in journal.find(window)] == [punctual]


def test_flights_that_a_clock_ahead_changed_are_counted(journal: Journal) -> None:
    later = NOON + timedelta(days=7)
    tell(journal, key_of(1), NOON, departure=DepartureReport(scheduled=later + timedelta(days=1)))
    tell(journal, key_of(2), later, **gate("B1"))
    tell(journal, key_of(3), later + timedelta(minutes=1), **gate("B2"))
    assert journal.ahead(NOON) == 2
    assert journal.ahead(NOON, limit=1) == 1
    assert journal.ahead(later) == 1
    assert journal.ahead(later + timedelta(minutes=1)) == 0


def test_due_gives_flights_nobody_speaks_of_longest_first(journal: Journal) -> None:
    def schedule(number: int, minute: int, **more: object) -> None:
        departure = NOON + timedelta(minutes=minute)
        tell(
            journal,
            key_of(number),
            NOON - timedelta(hours=1),
            departure=DepartureReport(scheduled=departure),
            arrival=ArrivalReport(scheduled=departure + timedelta(hours=2)),
            **more,
        )

    schedule(1, 30)
    schedule(2, 0)
    schedule(3, 10, cancelled=True)
    schedule(4, 5)
    tell(
        journal,
        key_of(4),
        NOON + timedelta(minutes=6),
        departure=DepartureReport(actual=NOON + timedelta(minutes=6)),
    )
    assert [r.key.number for r in journal.due(NOON + timedelta(minutes=30))] == [2, 1]
    assert [r.key.number for r in journal.due(NOON + timedelta(minutes=29))] == [2]
    assert [
        r.key.number for r in journal.due(NOON + timedelta(minutes=30), since=NOON + timedelta(minutes=1))
    ] == [1]
    assert [r.key.number for r in journal.due(NOON + timedelta(minutes=30), limit=1)] == [2]
    # The one that left is awaited where it goes.
    assert [r.key.number for r in journal.due(NOON + timedelta(minutes=125))] == [2, 1, 4]
    # Said to be 15 minutes late already, it comes up again 15 minutes later.
    told_at = NOON + timedelta(minutes=15)
    tell(journal, key_of(2), told_at, "windsock.overdue", departure_overdue_minutes=15)
    assert [r.key.number for r in journal.due(NOON + timedelta(minutes=14))] == []
    assert [r.key.number for r in journal.due(NOON + timedelta(minutes=15))] == [2]


# --- Reports and pruning ----------------------------------------------------------------------------------------------


def raw(flight: str, at: datetime = NOON, offset: int | None = None, error: str | None = None) -> RawReport:
    flight_id = f"{flight}.2015-01-02.ATL"
    return RawReport("test", at, at, flight_id, offset, error, b'{"flight":"%s"}' % flight.encode())


def test_raw_reports_are_kept_with_the_offset_of_their_event(journal: Journal) -> None:
    tell(journal, key_of(9), **gate("A1"))
    with journal.write() as writing:
        draft = told(writing, key_of(1), **gate("A1"))
        assert draft is not None
        writing.append(
            [draft], [raw("DL1", offset=0), raw("DL1", NOON + timedelta(minutes=1), error="invalid_report")]
        )
    refused, taken = journal.reports(key_of(1))
    assert (taken.offset, taken.error, taken.body, taken.received_at) == (2, None, b'{"flight":"DL1"}', NOON)
    assert (refused.offset, refused.error) == (None, "invalid_report")
    assert journal.reports(key_of(1), limit=1) == [refused]


def test_reports_can_be_kept_without_any_event(journal: Journal) -> None:
    with journal.write() as writing:
        assert writing.append([], [raw("DL1")]) == []
    assert (len(journal.reports(key_of(1))), journal.head().offset) == (1, 0)


def test_pruned_events_raise_the_floor_and_their_positions_are_trimmed(journal: Journal) -> None:
    for hour in range(6):
        tell(journal, key_of(1), NOON + timedelta(hours=hour), **gate(f"A{hour}"))
    assert journal.prune(events_before=NOON + timedelta(hours=3)).events == 3
    head = journal.head()
    assert (head.floor, head.offset) == (3, 6)
    assert [event.offset for event in journal.after(Position(head.epoch, 3))] == [4, 5, 6]
    for offset in (0, 2):
        with pytest.raises(PositionTrimmed, match="fresh snapshot"):
            journal.after(Position(head.epoch, offset))
    assert journal.prune(events_before=NOON + timedelta(hours=3)).events == 0
    assert tell(journal, key_of(1), NOON + timedelta(hours=9), **gate("Z9"))[0].offset == 7


def test_everything_may_be_pruned_and_the_numbers_go_on(journal: Journal) -> None:
    tell(journal, key_of(1), **gate("A1"))
    assert journal.prune(events_before=NOON + timedelta(days=1)).events == 1
    head = journal.head()
    assert (head.floor, head.offset) == (1, 1)
    assert journal.after(head.position) == []
    with pytest.raises(PositionTrimmed):
        journal.after(Position(head.epoch, 0))
    assert tell(journal, key_of(1), NOON + timedelta(hours=1), **gate("A2"))[0].offset == 2


def test_an_event_told_late_is_not_pruned_before_the_ones_it_follows(journal: Journal) -> None:
    tell(journal, key_of(1), NOON + timedelta(days=2), **gate("A1"))
    tell(journal, key_of(2), NOON, **gate("A1"))
    assert journal.prune(events_before=NOON + timedelta(days=1)).events == 0
    assert len(all_events(journal)) == 2


def test_old_reports_and_flights_are_pruned_and_new_ones_stay(journal: Journal) -> None:
    later = NOON + timedelta(days=10)
    for number, at in ((1, NOON), (2, later)):
        with journal.write() as writing:
            draft = told(writing, key_of(number), at, codeshares=(f"KL{number}",))
            assert draft is not None
            writing.append([draft], [raw(f"DL{number}", at, offset=0)])
    pruned = journal.prune(reports_before=later, flights_before=later)
    assert (pruned.events, pruned.reports, pruned.flights) == (0, 1, 1)
    assert [record.key.number for record in journal.snapshot()[1]] == [2]
    assert (journal.reports(key_of(1)), len(journal.reports(key_of(2)))) == ([], 1)
    with journal.write() as writing:
        assert writing.named([(Designator("KL", 1), DAY)]) == {}


def test_a_follower_sees_no_hole_while_the_journal_is_pruned(journal: Journal) -> None:
    threads, written = Threads(), threading.Event()
    seen: list[int] = []

    def writer() -> None:
        for turn in range(120):
            tell(journal, key_of(1 + turn % 3), NOON + timedelta(minutes=turn), **gate(f"A{turn}"))
        written.set()

    def pruner() -> None:
        while not written.is_set():
            head = journal.head()
            if head.offset > 10:
                journal.prune(events_before=NOON + timedelta(minutes=head.offset - 10))

    def follower() -> None:
        position = start(journal)
        while True:
            last_look = written.is_set()
            try:
                news = list(in_order(journal.after(position), position.offset))
            except PositionTrimmed:
                head = journal.head()
                position = Position(
                    head.epoch, head.floor
                )  # where a fresh snapshot would take it, at the least
                continue
            seen.extend(event.offset for event in news)
            if news:
                position = Position(position.epoch, news[-1].offset)
            elif last_look:
                return

    for work in (writer, pruner, follower):
        threads.start(work)
    threads.join()
    assert seen == sorted(set(seen))
    assert seen[-1] == journal.head().offset == 120


def test_a_reset_among_writers_leaves_one_whole_epoch(journal: Journal) -> None:
    threads = Threads()

    def writer(name: int) -> None:
        for turn in range(20):
            try:
                tell(journal, key_of(name), NOON + timedelta(minutes=turn), **gate(f"A{turn}"))
            except JournalUnavailable:
                continue  # a deadlock that the database resolved: to be told again

    for name in range(1, 5):
        threads.start(writer, name)
    for _ in range(3):
        journal.reset()
    threads.join()
    head, records = journal.snapshot()
    events = all_events(journal)
    assert [event.offset for event in events] == list(range(1, head.offset + 1))
    newest = {event.flight_id: event for event in events}
    assert {record.flight.id: record.flight.version for record in records} == {
        flight_id: event.version for flight_id, event in newest.items()
    }


def test_a_record_comes_back_as_it_was_written(journal: Journal) -> None:
    made = list(a_day_of_flights())
    records: dict[FlightKey, FlightRecord] = {}
    with journal.write() as writing:
        drafts = [draft for one in made if (draft := told(writing, one.key, **one.facts))]
        records = {draft.record.key: draft.record for draft in drafts}
        writing.append(drafts)
    for key, record in records.items():
        assert journal.flight(key) == record


# --- Restored from a backup -------------------------------------------------------------------------------------------


def test_every_field_comes_back_as_it_was_believed_and_a_word_of_the_gate_changes_the_gate_alone(
    journal: Journal,
) -> None:
    # One flight for each field, since some of them hide others.
    fields = [field for field in TABLE if not field.own]
    made: dict[FlightKey, FlightRecord] = {}
    with journal.write() as writing:
        for number, field in enumerate(fields, 1):
            key = key_of(number)
            report = parse_report(
                sent(field, SENT[field.value][0]) | {"flight": str(key.designator)},
                source="test",
                now=NOON + timedelta(days=1),
            )
            merged = apply_report(None, key, report, received_at=NOON)
            writing.append([Draft(merged.record, merged.changes, ("all",), NOON)])
            made[key] = merged.record

    for (key, record), field in zip(made.items(), fields, strict=True):
        assert journal.flight(key) == record, field.path
        if field.path != "departure.gate":
            (event,) = tell(journal, key, NOON + timedelta(minutes=1), "gates", **gate("Z9"))
            assert [change.field for change in event.changes()] == ["departure.gate"], field.path


def test_an_event_gives_its_flight_and_changes_back_as_they_were_written(journal: Journal) -> None:
    written: list[Draft] = []
    with journal.write() as writing:
        for number, field in enumerate((field for field in TABLE if not field.own), 1):
            key, before = key_of(number), None
            for value in SENT[field.value]:
                report = parse_report(
                    sent(field, value) | {"flight": str(key.designator)},
                    source="test",
                    now=NOON + timedelta(days=1),
                )
                merged = apply_report(before, key, report, received_at=NOON)
                if merged.changes:
                    written.append(Draft(merged.record, merged.changes, ("all",), NOON))
                before = merged.record
        writing.append(written)

    events = all_events(journal)
    assert [event.changes() for event in events] == [draft.changes for draft in written]
    assert [event.flight() for event in events] == [draft.record.flight for draft in written]
    assert {change.kind for draft in written for change in draft.changes} >= {
        "flight.added", "schedule.retimed", "gate.changed", "reason.changed", "flight.diverted",
    }  # fmt: skip


def test_an_event_of_programmes_gives_its_standing_and_changes_back(journal: Journal) -> None:
    (event,) = programmes(journal, STOP)
    assert event.standing() == journal.standings()[1][0]
    (change,) = event.programme_changes()
    assert (change.kind, change.programme) == ("programme.started", STOP)


def test_an_event_whose_body_is_damaged_says_so(journal: Journal) -> None:
    (event,) = tell(journal, key_of(1), **gate("A1"))
    damaged = replace(event, body=event.body[:40])
    for read in (damaged.flight, damaged.changes):
        with pytest.raises(msgspec.DecodeError):
            read()


def test_a_new_epoch_keeps_everything_and_makes_old_positions_unknown(journal: Journal) -> None:
    tell(journal, key_of(1), **gate("A1"))
    before = journal.head()

    after = journal.renew()

    assert (after.offset, after.floor) == (before.offset, before.floor)
    assert after.epoch != before.epoch
    assert journal.head() == after
    assert [event.flight_id for event in all_events(journal)] == [str(key_of(1))]
    with pytest.raises(PositionUnknown):
        journal.after(before.position)


def test_an_epoch_is_renewed_for_a_lost_position_only(journal: Journal) -> None:
    tell(journal, key_of(1), **gate("A1"))
    head = journal.head()

    assert journal.renew(head.position) == head
    assert journal.renew(Position("another", 99)) == head
    assert journal.renew(Position(head.epoch, head.offset + 1)).epoch != head.epoch


@pytest.mark.parametrize(
    "using",
    [
        pytest.param("default", marks=pytest.mark.django_db(transaction=True), id="sqlite"),
        pytest.param(
            "postgresql", marks=pytest.mark.django_db(transaction=True, databases=["default", "postgresql"])
        ),
    ],
)
def test_a_writer_that_has_seen_more_than_there_is_starts_a_new_epoch(using: str) -> None:
    from windsock.journal.database import DatabaseJournal
    from windsock.journal.models import EventRow, JournalHead

    journal = DatabaseJournal(using)
    for number in range(1, 4):
        tell(journal, key_of(number), **gate("A1"))
    epoch = journal.head().epoch
    # What a restored backup looks like: the state of a while ago, its epoch included.
    EventRow.objects.using(using).filter(offset__gt=1).delete()
    JournalHead.objects.using(using).update(offset=1)

    tell(journal, key_of(9), **gate("B2"))

    head = journal.head()
    assert head.offset == 2
    assert head.epoch != epoch
    tell(journal, key_of(9), **gate("B3"))
    assert journal.head() == Head(head.epoch, 3, 0)


# --- Programmes of airports -------------------------------------------------------------------------------------------

STOP = Programme(
    airport="JFK", kind="ground_stop", source="faa", observed_at=NOON, ends_at=NOON + timedelta(hours=9)
)


def programmes(
    journal: Journal, *listed: Programme, now: datetime = NOON, source: str = "faa"
) -> list[Event]:
    """The source's whole list, in a transaction of its own."""
    with journal.write() as writing:
        standings, _ = writing.standings()
        told_now = ProgrammeList(source=source, observed_at=now, programmes=listed)
        return writing.append_programmes(retold(standings, told_now, now), now, {source: now})


def test_programmes_share_the_positions_of_flights_without_a_gap(journal: Journal) -> None:
    events = tell(journal, key_of(1), **gate("A1"))
    events += programmes(journal, STOP)
    events += tell(journal, key_of(1), **gate("A2"))
    assert [event.offset for event in events] == [1, 2, 3]
    assert all_events(journal) == events
    assert [event.of_programmes for event in events] == [False, True, False]


def test_an_event_of_programmes_carries_its_own_message_and_only_its_own_topic(journal: Journal) -> None:
    (event,) = programmes(journal, STOP)
    epoch = journal.head().epoch
    message = json.loads(all_events(journal)[0].message(epoch))
    assert event.topics == ("programmes:JFK",)
    assert list(message) == ["type", "position", "standing", "changes", "recorded_at"]
    assert (message["type"], message["position"]) == ("programmes", f"{epoch}:1")
    assert message["standing"]["programmes"][0]["ends_at"] == "2015-01-02T21:00:00Z"
    assert message["changes"][0]["kind"] == "programme.started"


def test_standings_are_told_as_of_their_head_and_stay_when_all_has_ended(journal: Journal) -> None:
    assert journal.standings() == (journal.head(), [])
    programmes(journal, STOP)
    programmes(journal, now=NOON + timedelta(minutes=1))
    later = NOON + timedelta(minutes=1)
    ended = Standing(airport="JFK", version=2, updated_at=later, programmes=())
    assert journal.standings() == (journal.head(), [ended])
    assert journal.head().offset == 2


def test_a_write_knows_the_standings_and_when_each_source_was_observed(journal: Journal) -> None:
    programmes(journal, STOP)
    programmes(journal, source="tower", now=NOON + timedelta(minutes=5))
    with journal.write() as writing:
        standings, observed = writing.standings()
    assert standings["JFK"].programmes == (STOP,)
    assert observed == {"faa": NOON, "tower": NOON + timedelta(minutes=5)}
    assert journal.programme_sources() == observed


def test_a_list_that_says_the_same_makes_no_event(journal: Journal) -> None:
    programmes(journal, STOP)
    assert programmes(journal, STOP, now=NOON + timedelta(minutes=1)) == []
    assert journal.head().offset == 1


def test_a_failed_write_of_programmes_leaves_nothing_behind(journal: Journal) -> None:
    with pytest.raises(ZeroDivisionError), journal.write() as writing:
        told_now = ProgrammeList(source="faa", observed_at=NOON, programmes=(STOP,))
        writing.append_programmes(retold({}, told_now, NOON), NOON, {"faa": NOON})
        raise ZeroDivisionError
    assert (journal.standings(), all_events(journal)) == ((journal.head(), []), [])
    assert journal.head().offset == 0


def test_a_reset_forgets_programmes(journal: Journal) -> None:
    programmes(journal, STOP)
    journal.reset()
    assert journal.standings() == (journal.head(), [])
    with journal.write() as writing:
        assert writing.standings() == ({}, {})


def test_programmes_and_flights_written_at_once_neither_wait_for_ever_nor_leave_a_gap(
    journal: Journal,
) -> None:
    threads = Threads()

    def flights(first: int) -> None:
        for number in range(first, first + 10):
            tell(journal, key_of(number), **gate("A1"))

    def lists() -> None:
        for minute in range(10):
            listed = (STOP,) if minute % 2 == 0 else ()
            programmes(journal, *listed, now=NOON + timedelta(minutes=minute))

    threads.start(flights, 1)
    threads.start(flights, 101)
    threads.start(lists)
    threads.join()
    assert [event.offset for event in all_events(journal)] == list(range(1, 31))
    assert journal.standings()[1][0].version == 10


def test_a_flight_that_was_another_one_answers_to_its_id_with_one_history(journal: Journal) -> None:
    sold, flown = key_of(3635, carrier="AF"), key_of(1865)
    tell(journal, sold, **gate("B7"))
    tell(journal, flown, **gate("B9"))
    with journal.write() as writing:
        records = writing.load([sold, flown])
        after = msgspec.structs.replace(records[flown].flight, former_ids=(str(sold),), version=2)
        merged = FlightRecord(key=flown, facts=records[flown].facts, flight=after)
        writing.remove([sold])
        writing.append([Draft(merged, (), ("all",), NOON)])
    assert [record.key for record in journal.snapshot()[1]] == [flown]
    for key in (sold, flown):
        found = journal.flight(key)
        assert found is not None and found.key == flown
        assert [event.flight_id for event in journal.history(key)] == [str(sold), str(flown), str(flown)]
    with journal.write() as writing:
        assert writing.known([sold, flown]) == {flown}
        assert writing.named([(sold.designator, DAY)]) == {(sold.designator, DAY): [flown]}


@pytest.mark.parametrize("together", [False, True])
def test_a_codeshare_that_came_first_becomes_one_with_its_flight_on_every_backend(
    journal: Journal, together: bool
) -> None:
    leg = {"date": "2015-01-02", "origin": "ATL", "observed_at": "2015-01-02T11:00:00Z"}
    reports = [
        {"flight": "AF3635", **leg, "departure": {"gate": "B7"}},
        {"flight": "DL1865", **leg, "codeshares": ["AF3635"]},
        {"flight": "AF3635", **leg, "arrival": {"gate": "C3"}},
    ]
    given = [Submission(index, report) for index, report in enumerate(reports)]
    for batch in [given] if together else [[one] for one in given]:
        write_batch(journal, batch, now=NOON, rules=MergeRules())
    (record,) = journal.snapshot()[1]
    assert record.flight.id == "DL1865.2015-01-02.ATL"
    assert record.flight.former_ids == ("AF3635.2015-01-02.ATL",)
    assert (record.flight.departure.gate, record.flight.arrival.gate) == ("B7", "C3")
    assert journal.flight(FlightKey.parse("AF3635.2015-01-02.ATL")) == record
    assert [event.offset for event in journal.history(record.key)] == [1, 2, 3]


@pytest.mark.parametrize("together", [False, True])
def test_a_flight_gives_its_provisional_date_to_the_flight_whose_plan_states_it_on_every_backend(
    journal: Journal, together: bool
) -> None:
    def telex(day: int, *, left: str) -> Submission:
        report = Report(
            flight="NZ1", origin="LAX", source="telex", departure=DepartureReport(actual=at(left))
        )
        return Submission(0, report, hints=Hints(utc_day=date(2015, 1, day)))

    def plan(day: int) -> Submission:
        scheduled = f"2015-01-{day + 1:02}T07:55:00Z"  # five to midnight in Los Angeles
        leg = {"flight": "NZ1", "date": f"2015-01-{day:02}", "origin": "LAX", "source": "plan"}
        return Submission(0, leg | {"departure": {"scheduled": scheduled}})

    def at(text: str) -> datetime:
        return datetime.fromisoformat(text)

    # Both left after midnight, so each is taken for a flight of the date that had begun.
    given = [telex(2, left="2015-01-02T08:30:00Z"), telex(3, left="2015-01-03T09:00:00Z"), plan(3)]
    for batch in [given] if together else [[one] for one in given]:
        results = write_batch(journal, batch, now=NOON + timedelta(days=1), rules=MergeRules()).results
        assert all(isinstance(result, Recorded) for result in results), results
    flights = {record.flight.id: record.flight for record in journal.snapshot()[1]}
    assert {id: flight.departure.actual for id, flight in flights.items()} == {
        "NZ1.2015-01-01.LAX": at("2015-01-02T08:30:00Z"),
        "NZ1.2015-01-02.LAX": at("2015-01-03T09:00:00Z"),
        "NZ1.2015-01-03.LAX": None,
    }
    assert {flight.former_ids for flight in flights.values()} == {()}
    # Nobody who reads along, or has seen an id before, takes a version for an old one.
    latest: dict[str, int] = {}
    for event in all_events(journal):
        assert event.version > latest.get(event.flight_id, 0)
        latest[event.flight_id] = event.version
    assert latest == {id: flight.version for id, flight in flights.items()}
    corrected = [e for e in all_events(journal) if b'"flight.corrected"' in e.body]
    assert [e.flight_id for e in corrected] == ["NZ1.2015-01-01.LAX", "NZ1.2015-01-02.LAX"]
    with journal.write() as writing:
        name = (Designator.parse("NZ1"), date(2015, 1, 1))
        assert [str(key) for key in writing.named([name])[name]] == ["NZ1.2015-01-01.LAX"]
