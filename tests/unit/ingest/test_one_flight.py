"""One flight stays one, and two stay two: retimings across midnight, names, legs, a number that leaves twice a day."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from windsock.collect.intake import submissions_of
from windsock.feeds import aeroapi
from windsock.flights import Flight, FlightKey, MergeRules
from windsock.ingest.batch import Submission, write_batch
from windsock.ingest.results import Recorded, Rejected, Result
from windsock.journal.memory import MemoryJournal
from windsock.live.core.board import LiveBoard

NOW = datetime(2026, 11, 27, 22, tzinfo=UTC)


def put(journal: MemoryJournal, *reports: Any, together: bool = False) -> list[Result]:
    given = [
        one if isinstance(one, Submission) else Submission(index, one) for index, one in enumerate(reports)
    ]
    batches = [given] if together else [[one] for one in given]
    return [r for batch in batches for r in write_batch(journal, batch, now=NOW, rules=MergeRules()).results]


def flights(journal: MemoryJournal) -> dict[str, Flight]:
    return {record.flight.id: record.flight for record in journal.snapshot()[1]}


def night(date: str, scheduled: str, source: str = "ops", **more: Any) -> dict[str, Any]:
    return {
        "flight": "QR11", "origin": "DOH", "destination": "LHR", "date": date, "source": source,
        "departure": {"scheduled": scheduled}, **more,
    }  # fmt: skip


EVENING = night("2026-11-27", "2026-11-27T23:40+03:00")
RETIMED = night("2026-11-27", "2026-11-28T00:25+03:00")
BY_THE_NEW_DATE = night("2026-11-28", "2026-11-28T00:25+03:00", "airport")
TOMORROW = night("2026-11-28", "2026-11-28T23:40+03:00")


def polled(*flights: Any) -> list[Submission]:
    body = json.dumps({"flights": list(flights), "links": None, "num_pages": 1}).encode()
    return submissions_of(aeroapi.parse(body, received_at=NOW).statements)


def record(**said: Any) -> dict[str, Any]:
    return {
        "ident": "QTR11", "ident_icao": "QTR11", "ident_iata": "QR11", "codeshares": [],
        "origin": {"code_iata": "DOH"}, "destination": {"code_iata": "LHR"},
    } | said  # fmt: skip


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("tomorrow", [False, True])
@pytest.mark.parametrize("first", ["old date first", "new date first"])
def test_a_flight_retimed_across_midnight_stays_one_under_either_date(
    first: str, tomorrow: bool, together: bool
) -> None:
    journal = MemoryJournal()
    again = [RETIMED, BY_THE_NEW_DATE] if first == "old date first" else [BY_THE_NEW_DATE, RETIMED]
    put(journal, EVENING, *([TOMORROW] if tomorrow else []), *again, together=together)
    found = flights(journal)
    assert list(found) == ["QR11.2026-11-27.DOH", "QR11.2026-11-28.DOH"][: 2 if tomorrow else 1]
    assert found["QR11.2026-11-27.DOH"].departure.scheduled == datetime(2026, 11, 27, 21, 25, tzinfo=UTC)
    if tomorrow:
        assert found["QR11.2026-11-28.DOH"].departure.scheduled == datetime(2026, 11, 28, 20, 40, tzinfo=UTC)


def test_a_feed_that_dates_flights_by_their_present_plan_follows_the_retiming() -> None:
    journal = MemoryJournal()
    put(journal, EVENING, TOMORROW)
    put(journal, *polled(record(scheduled_out="2026-11-27T21:25:00Z", actual_out="2026-11-27T21:31:00Z")))
    found = flights(journal)
    assert found["QR11.2026-11-27.DOH"].departure.actual is not None
    assert found["QR11.2026-11-28.DOH"].departure.actual is None
    assert len(found) == 2


def test_what_follows_by_the_new_date_without_a_plan_finds_the_flight() -> None:
    journal = MemoryJournal()
    put(journal, EVENING, RETIMED)
    left = {
        "flight": "QR11",
        "origin": "DOH",
        "date": "2026-11-28",
        "departure": {"actual": "2026-11-27T21:30Z"},
    }
    put(journal, left)
    (flight,) = flights(journal).values()
    assert (flight.id, flight.status) == ("QR11.2026-11-27.DOH", "out")


@pytest.mark.parametrize("retimed", [False, True])
@pytest.mark.parametrize(
    "said",
    [
        {"departure": {"actual": "2026-11-27T21:31Z"}},
        {"departure": {"estimated": "2026-11-27T21:31Z"}},
        {"takeoff": {"actual": "2026-11-27T21:31Z"}},
    ],
    ids=["actual", "estimated", "take-off"],
)
def test_a_departure_told_by_the_new_date_is_not_tomorrows_a_day_early(
    said: dict[str, Any], retimed: bool
) -> None:
    """Both days' flights are known, and the report gives no plan: 00:31 is the evening's flight, late or retimed."""
    journal = MemoryJournal()
    put(journal, EVENING, TOMORROW, *([RETIMED] if retimed else []))
    before = flights(journal)["QR11.2026-11-28.DOH"]
    put(journal, {"flight": "QR11", "origin": "DOH", "date": "2026-11-28", "source": "airport", **said})
    found = flights(journal)
    assert list(found) == ["QR11.2026-11-27.DOH", "QR11.2026-11-28.DOH"]
    assert found["QR11.2026-11-28.DOH"] == before
    told = found["QR11.2026-11-27.DOH"]
    assert datetime(2026, 11, 27, 21, 31, tzinfo=UTC) in (
        told.departure.actual, told.departure.estimated, told.takeoff.actual,
    )  # fmt: skip


def test_a_departure_told_by_its_own_date_stays_there_however_early_or_late() -> None:
    journal = MemoryJournal()
    morning = night("2026-11-28", "2026-11-28T00:25+03:00")
    put(journal, night("2026-11-27", "2026-11-27T00:25+03:00"), morning)
    left = {"flight": "QR11", "origin": "DOH", "source": "airport"}
    put(journal, {**left, "date": "2026-11-27", "departure": {"actual": "2026-11-27T23:50+03:00"}})
    put(journal, {**left, "date": "2026-11-28", "departure": {"estimated": "2026-11-28T00:10+03:00"}})
    found = flights(journal)
    assert found["QR11.2026-11-27.DOH"].departure.delay_minutes == 23 * 60 + 25
    assert found["QR11.2026-11-28.DOH"].departure.estimated == datetime(2026, 11, 27, 21, 10, tzinfo=UTC)


@pytest.mark.parametrize("others", [[], ["AA12"], ["AS3491", "AA12"]])
def test_whoever_calls_a_flight_by_a_codeshare_keeps_that_name_whatever_codeshares_it_lists(
    others: list[str],
) -> None:
    journal = MemoryJournal()
    who = {"origin": "SEA", "destination": "BOI", "date": "2026-11-27"}
    put(
        journal,
        {**who, "flight": "AS3491", "source": "board", "codeshares": ["OO3491"]},
        {**who, "flight": "OO3491", "source": "ops", "codeshares": others},
        {**who, "flight": "OO3491", "source": "ops", "departure": {"gate": "C3"}},
    )
    (flight,) = flights(journal).values()
    assert flight.codeshares == tuple(sorted({"OO3491", *others} - {"AS3491"}))
    assert flight.departure.gate == "C3"


def test_a_flight_put_off_within_its_day_is_not_taken_for_its_neighbour() -> None:
    journal = MemoryJournal()
    put(journal, EVENING, TOMORROW, night("2026-11-28", "2026-11-29T13:40+03:00"))
    found = flights(journal)
    assert found["QR11.2026-11-27.DOH"].departure.scheduled == datetime(2026, 11, 27, 20, 40, tzinfo=UTC)
    assert found["QR11.2026-11-28.DOH"].departure.scheduled == datetime(2026, 11, 29, 10, 40, tzinfo=UTC)


def leg(origin: str, destination: str, departs: str, arrives: str) -> dict[str, Any]:
    return {
        "flight": "OO55", "origin": origin, "destination": destination, "date": "2026-11-27",
        "departure": {"scheduled": f"2026-11-27T{departs}Z"}, "arrival": {"scheduled": f"2026-11-27T{arrives}Z"},
    }  # fmt: skip


def test_a_destination_that_only_one_leg_has_decides_between_legs() -> None:
    journal = MemoryJournal()
    put(journal, leg("CPR", "DEN", "06:00", "07:10"), leg("DEN", "GJT", "08:00", "09:10"))
    told = {"flight": "OO55", "date": "2026-11-27", "arrival": {"estimated": "2026-11-27T09:30Z"}}
    (result,) = put(journal, told | {"destination": "GJT"})
    assert isinstance(result, Recorded) and result.flight_id == "OO55.2026-11-27.DEN"
    for unclear in (told, told | {"destination": "ASE"}):
        (result,) = put(journal, unclear)
        assert isinstance(result, Rejected) and result.code == "ambiguous_flight"


def test_a_number_that_leaves_one_airport_twice_a_day_is_refused_the_second_time_with_the_reason() -> None:
    journal = MemoryJournal()
    put(journal, leg("HNL", "OGG", "16:00", "16:40"), leg("OGG", "HNL", "17:20", "18:00"))
    (result,) = put(journal, leg("HNL", "LIH", "19:00", "19:40"))
    assert isinstance(result, Rejected) and result.code == "ambiguous_flight"
    assert "to OGG at 2026-11-27 16:00Z" in result.message and "OO55A" in result.message
    put(journal, {**leg("HNL", "OGG", "16:00", "16:40"), "departure": {"actual": "2026-11-27T16:05Z"}})
    left = {"flight": "OO55", "origin": "HNL", "date": "2026-11-27", "destination": "LIH"}
    (result,) = put(journal, left | {"departure": {"actual": "2026-11-27T19:10Z"}})
    assert isinstance(result, Rejected)
    first = flights(journal)["OO55.2026-11-27.HNL"]
    assert (first.destination, first.departure.scheduled) == ("OGG", datetime(2026, 11, 27, 16, tzinfo=UTC))
    (result,) = put(journal, leg("HNL", "LIH", "19:00", "19:40") | {"flight": "OO55A"})
    assert isinstance(result, Recorded)


def test_a_flight_may_be_sent_elsewhere_with_nearly_the_same_plan() -> None:
    journal = MemoryJournal()
    put(journal, leg("HNL", "OGG", "16:00", "16:40"), leg("HNL", "LIH", "16:30", "17:10"))
    (flight,) = flights(journal).values()
    assert flight.destination == "LIH"


@pytest.mark.parametrize("first", ["plan", "feed"])
def test_every_name_a_source_gives_is_a_name_of_the_flight_whatever_the_tables_know(first: str) -> None:
    # No table knows either code, so nothing but the record itself says that both are one flight.
    plan = {
        "flight": "Q91234", "date": "2026-11-27", "origin": "DEN", "source": "plan",
        "departure": {"scheduled": "2026-11-27T20:00Z"},
    }  # fmt: skip
    told = polled(
        record(
            ident="QXQ1234", ident_icao="QXQ1234", ident_iata="Q91234", scheduled_out="2026-11-27T20:00:00Z",
            origin={"code_iata": "DEN"}, destination={"code_iata": "MCO"},
        )
    )  # fmt: skip
    journal = MemoryJournal()
    put(journal, *([plan, *told] if first == "plan" else [*told, plan]))
    for name in ("Q91234", "QXQ1234"):
        said = {"flight": name, "date": "2026-11-27", "origin": "DEN", "departure": {"gate": "A1"}}
        (result,) = put(journal, said)
        assert isinstance(result, Recorded)
    assert len(flights(journal)) == 1


SOLD = {
    "flight": "UA9000", "date": "2026-11-27", "origin": "FRA", "destination": "JFK", "source": "board",
    "observed_at": "2026-11-27T08:00Z", "departure": {"scheduled": "2026-11-27T10:00Z", "gate": "Z15"},
}  # fmt: skip
FLOWN = {
    "flight": "LH418", "date": "2026-11-27", "origin": "FRA", "source": "ops", "codeshares": ["UA9000", "AC9100"],
    "observed_at": "2026-11-27T09:00Z", "departure": {"scheduled": "2026-11-27T10:00Z"}, "registration": "D-AIMA",
}  # fmt: skip
BOARDED = SOLD | {"observed_at": "2026-11-27T10:05Z", "departure": {"actual": "2026-11-27T10:02Z"}}
THIRD = SOLD | {"flight": "AC9100", "source": "other board", "observed_at": "2026-11-27T08:30Z"}


@settings(max_examples=30, deadline=None)
@given(st.permutations([SOLD, FLOWN, BOARDED, THIRD, FLOWN]), st.booleans())
def test_any_order_of_codeshares_gives_one_flight(order: list[dict[str, Any]], together: bool) -> None:
    journal, expected = MemoryJournal(), MemoryJournal()
    put(expected, FLOWN, SOLD, THIRD, BOARDED)
    board = LiveBoard()
    before = journal.head()
    put(journal, *order, together=together)
    for event in journal.after(before.position):
        board.apply(event)
    fresh, (flight,) = LiveBoard(), flights(journal).values()
    fresh.load([flight])
    assert flight.id == "LH418.2026-11-27.FRA"
    (same,) = flights(expected).values()

    def believed(one: Flight) -> Flight:
        return msgspec.structs.replace(one, version=0, updated_at=None, former_ids=())

    assert believed(flight) == believed(same)
    # Snapshot and later events make what a fresh snapshot is, for every topic, the old ids' too.
    for topic in ("all", "departures:FRA", *(f"flight:{id}" for id in (flight.id, *flight.former_ids))):
        assert list(board.flights([topic])) == list(fresh.flights([topic])) != []
    for id in flight.former_ids:
        found = journal.flight(FlightKey.parse(id))
        assert found is not None and found.flight.id == flight.id
    assert len(journal.history(FlightKey.parse(flight.id))) == journal.head().offset


def test_when_a_codeshare_is_learned_one_event_says_so_to_the_subscribers_of_both() -> None:
    journal = MemoryJournal()
    put(journal, SOLD)
    (result,) = put(journal, FLOWN)
    assert isinstance(result, Recorded)
    assert "flight.merged" in [change.kind for change in result.changes]
    event = journal.history(FlightKey.parse(result.flight_id))[-1]
    assert {"flight:UA9000.2026-11-27.FRA", "flight:LH418.2026-11-27.FRA"} <= set(event.topics)
    (flight,) = flights(journal).values()
    assert (flight.departure.gate, flight.registration) == ("Z15", "D-AIMA")
    (result,) = put(journal, BOARDED)
    assert isinstance(result, Recorded) and result.flight_id == flight.id
    assert "flight:UA9000.2026-11-27.FRA" in journal.history(flight.key)[-1].topics


def test_a_number_that_goes_elsewhere_is_not_taken_for_the_codeshare() -> None:
    journal = MemoryJournal()
    put(journal, SOLD | {"destination": "ORD"}, FLOWN | {"destination": "JFK"})
    assert len(flights(journal)) == 2
