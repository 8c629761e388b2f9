"""Flights stored under codes and dates of former tables follow the corrected ones; nothing of them is lost."""

import importlib
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connections, transaction

from windsock.access import calendars
from windsock.access.models import CalendarLink
from windsock.flights import FlightKey, Report, airlines, airports, apply_report
from windsock.flights.airports import Airport
from windsock.flights.report import DepartureReport
from windsock.ingest import pipeline, record
from windsock.journal import models
from windsock.journal.base import Draft, RawReport
from windsock.journal.database import DatabaseJournal
from windsock.journal.rekeying import rekey
from windsock.watchlist import store
from windsock.watchlist.models import WatchedFlight

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def stored(
    carrier: str, number: int, date: str, origin: str, scheduled: str, *, using: str = "default", **more: Any
) -> str:
    """Write a flight, its event and its report under a key as former tables made it; return its id."""
    key = FlightKey(carrier, number, None, datetime.fromisoformat(date).date(), origin)
    departure = DepartureReport(scheduled=datetime.fromisoformat(scheduled), **more.pop("departure", {}))
    source = more.pop("source", "plan")
    report = Report(
        flight=f"{carrier}{number}", source=source, date=key.date, origin=origin, departure=departure, **more
    )
    merged = apply_report(None, key, report, received_at=NOW)
    journal = DatabaseJournal(using)
    raw = RawReport(
        source=source, received_at=NOW, observed_at=None, error=None, flight_id=str(key), offset=0, body=b"{}"
    )
    with journal.write() as writing:
        writing.load([key])
        writing.append(
            [Draft(record=merged.record, changes=merged.changes, topics=(), recorded_at=NOW)], [raw]
        )
    return str(key)


def follow(using: str = "default") -> Any:
    names = ("FlightRow", "FlightName", "ReportRow", "EventRow", "JournalHead")
    with transaction.atomic(using=using):
        return rekey(using, SimpleNamespace(**{name: getattr(models, name) for name in names}))


def test_a_daily_flight_moves_as_a_row_to_the_dates_of_its_origins_clocks() -> None:
    # 06:30Z is 00:30 in Chihuahua; the public table's zone showed 23:30 of the day before.
    ids = [
        stored(
            "AM",
            2101,
            f"2026-11-{day - 1}",
            "CUU",
            f"2026-11-{day}T06:30+00:00",
            departure={"gate": f"A{day}"},
        )
        for day in (27, 28, 29)
    ]
    epoch = DatabaseJournal("default").head().epoch
    done = follow()

    assert {old for old, _ in done.moved} == set(ids) and not done.joined
    for day in (27, 28, 29):
        key = FlightKey.parse(f"AM2101.2026-11-{day}.CUU")
        found = DatabaseJournal("default").flight(key)
        assert found is not None and found.flight.departure.gate == f"A{day}"
        assert (found.flight.id, found.flight.key, str(found.flight.date)) == (
            str(key),
            key,
            f"2026-11-{day}",
        )
        assert (
            len(DatabaseJournal("default").history(key)) == len(DatabaseJournal("default").reports(key)) == 1
        )
    assert DatabaseJournal("default").flight(FlightKey.parse("AM2101.2026-11-26.CUU")) is None
    assert DatabaseJournal("default").head().epoch != epoch


def test_a_date_that_a_source_stated_itself_stays() -> None:
    stored("AM", 2101, "2026-11-28", "CUU", "2026-11-28T06:30+00:00")
    stored("AM", 2103, "2026-11-26", "CUU", "2026-11-28T06:30+00:00")
    stored("DL", 1, "2026-11-27", "ATL", "2026-11-28T06:30+00:00")

    assert follow().moved == []


@pytest.mark.parametrize(
    ("carrier", "origin", "today"),
    [("FFT", "DEN", "F9"), ("EC", "BER", "U2"), ("TAM", "GRU", "LA"), ("MBU", "HAM", "DI")],
)
def test_a_flight_under_a_carriers_other_code_moves_and_meets_its_next_report(
    carrier: str, origin: str, today: str
) -> None:
    old = stored(
        carrier, 1234, "2026-11-27", origin, "2026-11-27T18:00+00:00", codeshares=("UA999", f"{today}1234")
    )
    assert follow().moved == [(old, f"{today}1234.2026-11-27.{origin}")]
    record(
        [
            {
                "flight": f"{today}1234",
                "date": "2026-11-27",
                "origin": origin,
                "source": "ops",
                "departure": {"estimated": "2026-11-27T18:30Z"},
            },
            {"flight": "UA999", "date": "2026-11-27", "source": "ops", "departure": {"gate": "B7"}},
        ]
    )
    _, (found,) = pipeline().journal.snapshot()

    assert (found.flight.id, found.flight.codeshares) == (f"{today}1234.2026-11-27.{origin}", ("UA999",))
    assert (found.flight.departure.delay_minutes, found.flight.departure.gate) == (30, "B7")
    assert DatabaseJournal("default").flight(FlightKey.parse(old)) == found


@pytest.mark.parametrize(
    "using",
    [
        "default",
        pytest.param(
            "postgresql", marks=pytest.mark.django_db(transaction=True, databases=["default", "postgresql"])
        ),
    ],
)
def test_two_flights_of_one_become_one_with_the_word_of_both(using: str) -> None:
    stored("F9", 1234, "2026-11-27", "DEN", "2026-11-27T18:00+00:00", using=using, departure={"gate": "A1"})
    stored(
        "FFT",
        1234,
        "2026-11-27",
        "DEN",
        "2026-11-27T18:00+00:00",
        source="aero",
        using=using,
        departure={"actual": NOW + timedelta(hours=6, minutes=20)},
    )
    done = follow(using)
    key = FlightKey.parse("F91234.2026-11-27.DEN")
    _, (found,) = DatabaseJournal(using).snapshot()

    assert done.joined == {str(key)} and list(done.lines()) == [
        "FFT1234.2026-11-27.DEN is now F91234.2026-11-27.DEN (two flights became one)"
    ]
    assert (found.flight.departure.gate, found.flight.departure.delay_minutes, found.flight.status) == (
        "A1",
        20,
        "out",
    )
    assert {source for by_source in found.facts.values() for source in by_source} == {"plan", "aero"}
    assert len(DatabaseJournal(using).reports(key)) == len(DatabaseJournal(using).history(key)) == 2


def test_it_does_nothing_the_second_time() -> None:
    stored("FFT", 1234, "2026-11-27", "DEN", "2026-11-27T18:00+00:00")
    follow()
    epoch = DatabaseJournal("default").head().epoch

    assert follow().moved == []
    assert DatabaseJournal("default").head().epoch == epoch


def test_flights_follow_what_an_operator_corrects() -> None:
    stored("XQJ", 7, "2026-11-27", "CUN", "2026-11-28T04:30+00:00")
    place = airports.airport("CUN")
    assert place is not None
    try:
        airlines.use_own([airlines.Airline(iata="Q7", icao="XQJ", name="Ours")])
        airports.use_own([Airport(iata="CUN", icao="MMUN", name="", city="", country="MX", zone="UTC")])
        assert follow().moved == [("XQJ7.2026-11-27.CUN", "Q77.2026-11-28.CUN")]
    finally:
        airlines.use_own([])
        airports.use_own([])


def test_the_migration_says_what_it_moved(capsys: pytest.CaptureFixture[str]) -> None:
    migration = importlib.import_module("windsock.migrations.0006_flight_keys")
    for number in range(1, 24):
        stored("FFT", number, "2026-11-27", "DEN", "2026-11-27T18:00+00:00")
    with transaction.atomic():
        migration.follow(apps, SimpleNamespace(connection=connections["default"]))
    said = capsys.readouterr().out

    assert "23 flights follow the corrected tables" in said
    assert "FFT1.2026-11-27.DEN is now F91.2026-11-27.DEN" in said and "… and 3 more" in said


def test_whatever_names_a_flight_by_its_id_follows_it() -> None:
    """A table that gets a column `flight_id` must be taught to `rekey`, or its rows lose their flight.

    Those of the journal follow in the same transaction; the others by the `follow` of their package.
    """
    named = {
        model.__name__
        for model in apps.get_app_config("windsock").get_models()
        if any(field.name in ("flight_id", "flight") for field in model._meta.get_fields())
    }

    assert named == {"FlightName", "EventRow", "ReportRow"} | {"CalendarLink", "WatchedFlight"}


def test_calendars_and_watched_flights_follow() -> None:
    user = get_user_model().objects.create_user("follower")
    since = datetime(2026, 11, 27, tzinfo=UTC)
    secret = calendars.create(user, "F91.2026-11-26.DEN")
    for flight in ("F91.2026-11-26.DEN", "F91.2026-11-27.DEN", "F92.2026-11-26.DEN", "F92.2026-11-27.DEN"):
        WatchedFlight.objects.create(user=user, flight=flight, since=since)
    WatchedFlight.objects.filter(flight="F91.2026-11-27.DEN").delete()
    moved = [("F91.2026-11-26.DEN", "F91.2026-11-27.DEN"), ("F92.2026-11-26.DEN", "F92.2026-11-27.DEN")]

    calendars.follow(moved)
    store.follow(moved)

    assert CalendarLink.objects.get(user=user).flight_id == "F91.2026-11-27.DEN"
    assert calendars.opens(secret, "F91.2026-11-27.DEN")
    assert not calendars.opens(secret, "F91.2026-11-26.DEN")
    assert set(store.flights_of(user)) == {"F91.2026-11-27.DEN", "F92.2026-11-27.DEN"}
