"""A whole day replayed at full speed: at its end the journal says of every flight what the file says.

The file is read here by csv alone and compared column by column, also with the local hhmm that the feed does not use.
"""

import csv
import gzip
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pytest

from windsock.cli.day import load
from windsock.flights import Flight, FlightKey
from windsock.flights.airports import airport
from windsock.flights.identity import Designator
from windsock.ingest.pipeline import Pipeline
from windsock.ingest.replay import IntoJournal
from windsock.journal.base import Journal, in_order
from windsock.protocol.positions import Position
from windsock.replay.days import DAYS
from windsock.replay.player import Replay, Summary

pytestmark = pytest.mark.acceptance

BACKENDS = [
    pytest.param("default", marks=pytest.mark.django_db(transaction=True), id="sqlite"),
    pytest.param(
        "postgresql", marks=pytest.mark.django_db(transaction=True, databases=["default", "postgresql"])
    ),
]


@dataclass
class Line:
    """One line of a file, as it stands there: local hhmm (2400 is 0), delays in minutes, None where nothing stands."""

    key: FlightKey
    destination: str
    departure_delay: int | None
    arrival_delay: int | None
    out: int | None
    off: int | None
    on: int | None
    in_: int | None
    cancelled: bool
    diverted: bool


def _lines(path: Path, line: Callable[[dict[str, str]], Line]) -> list[Line]:
    with gzip.open(path, "rt") as text:
        return [line(row) for row in csv.DictReader(text)]


def _key(carrier: str, number: str, on: date, origin: str) -> FlightKey:
    return FlightKey.of(Designator.parse(carrier + number, on), on, origin)


def _number(text: str) -> int | None:
    return int(text) if text else None


def _hhmm(text: str) -> int | None:
    return int(text) % 2400 if text else None


def of_2015(row: dict[str, str]) -> Line:
    diverted = row["DIVERTED"] == "1"
    return Line(
        key=_key(row["AIRLINE"], row["FLIGHT_NUMBER"], date(2015, 1, 2), row["ORIGIN_AIRPORT"]),
        destination=row["DESTINATION_AIRPORT"],
        departure_delay=_number(row["DEPARTURE_DELAY"]),
        arrival_delay=_number(row["ARRIVAL_DELAY"]),
        out=_hhmm(row["DEPARTURE_TIME"]),
        off=_hhmm(row["WHEELS_OFF"]),
        # What stands here for a diverted flight is the landing of a second flight, from where the diversion ended.
        on=None if diverted else _hhmm(row["WHEELS_ON"]),
        in_=None if diverted else _hhmm(row["ARRIVAL_TIME"]),
        cancelled=row["CANCELLED"] == "1",
        diverted=diverted,
    )


def of_new_york(row: dict[str, str]) -> Line:
    on = date(int(row["year"]), int(row["month"]), int(row["day"]))
    return Line(
        key=_key(row["carrier"], row["flight"], on, row["origin"]),
        destination=row["dest"],
        departure_delay=_number(row["dep_delay"]),
        arrival_delay=_number(row["arr_delay"]),
        out=None,
        off=None,
        on=None,
        in_=_hhmm(row["arr_time"]) if row["arr_delay"] else None,
        cancelled=not row["dep_delay"],
        diverted=bool(row["dep_delay"] and not row["arr_delay"] and row["arr_time"]),
    )


def _local(moment: datetime | None, code: str | None) -> int | None:
    if moment is None:
        return None
    place = airport(code or "")
    assert place is not None
    local = moment.astimezone(place.tz)
    return local.hour * 100 + local.minute


def _as_in_the_file(flight: Flight, line: Line) -> Line:
    """What the journal believes, in the file's words."""
    left, came = flight.departure, flight.arrival
    return Line(
        key=flight.key,
        destination=flight.destination or "",
        departure_delay=left.delay_minutes if left.delay_basis == "actual" else None,
        arrival_delay=came.delay_minutes if came.delay_basis == "actual" else None,
        out=None if line.out is None and left.actual else _local(left.actual, flight.origin),
        off=_local(flight.takeoff.actual, flight.origin),
        on=_local(flight.landing.actual, flight.destination),
        in_=_local(came.actual, flight.destination),
        cancelled=flight.status == "cancelled",
        diverted=flight.status == "diverted",
    )


@pytest.fixture
def into(request: pytest.FixtureRequest) -> Iterator[Pipeline]:
    from django.db import connections

    from windsock.journal.database import DatabaseJournal

    pipeline = Pipeline(DatabaseJournal(request.param), on_exit=connections.close_all)
    yield pipeline
    assert pipeline.stop(30)


def _replay(name: str, pipeline: Pipeline, what: str) -> Summary:
    day = load(name)
    assert not day.faults
    run = Replay(day.tells, IntoJournal(pipeline), label=day.label)
    begun = time.perf_counter()
    summary = run.run()
    seconds = time.perf_counter() - begun
    print(
        f"\n{what}: {summary.reports:,} reports and {summary.all_events:,} events in {seconds:.1f} s: "
        f"{summary.reports / seconds:,.0f} reports/s, {summary.all_events / seconds:,.0f} events/s"
    )
    assert run.finished
    assert summary.refused == []
    return summary


def _check(journal: Journal, lines: list[Line], summary: Summary) -> None:
    head, records = journal.snapshot()
    flights = {record.key: record.flight for record in records}
    assert len(flights) == len(lines), "a row was lost, or a flight came from nowhere"
    wrong = [(line, found) for line in lines if (found := _as_in_the_file(flights[line.key], line)) != line]
    assert wrong == []
    assert head.offset == summary.all_events
    position, seen = Position(head.epoch, head.floor), 0
    while batch := journal.after(position, 5000):
        seen += sum(1 for _ in in_order(batch, position.offset))
        position = Position(head.epoch, batch[-1].offset)
    assert seen == head.offset - head.floor


@pytest.mark.parametrize("into", BACKENDS, indirect=True)
@pytest.mark.parametrize("name", DAYS)
def test_a_shipped_day_ends_as_its_file_says(into: Pipeline, name: str) -> None:
    summary = _replay(name, into, f"{name} on {into.journal}")
    _check(into.journal, _lines(DAYS[name].path, of_new_york), summary)


@pytest.mark.slow
@pytest.mark.shared_data
@pytest.mark.parametrize("into", BACKENDS, indirect=True)
def test_all_flights_of_2_january_2015_end_as_the_file_says(into: Pipeline, shared: Path) -> None:
    path = shared / "data/bts/us_ontime_2015-01-02.csv.gz"
    summary = _replay(str(path), into, "2015-01-02")
    lines = _lines(path, of_2015)
    assert len(lines) == 16_741
    _check(into.journal, lines, summary)
