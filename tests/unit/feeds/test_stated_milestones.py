"""Departed, en route, landed, arrived without a time: the documentation's table, cell by cell.

Each cell's words are put into a message of that format without any time but the schedule's.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from windsock.feeds import aerodatabox, aidx, aviationstack, avinor, finavia, flightstats, schiphol, swedavia
from windsock.feeds.parsing import Parsed
from windsock.flights import FlightKey, FlightRecord, Report, apply_report
from windsock.ingest.overdue import OverdueWatch
from windsock.journal.projection import expected

NOW = datetime(2026, 3, 4, 20, 0, tzinfo=UTC)
KEY = FlightKey("KL", 1699, None, date(2026, 3, 4), "AMS")
PAGE = Path(__file__).parents[3] / "docs/reference/flight.md"
STATES = ("out", "airborne", "landed", "arrived")


def schiphol_says(word: str, side: str) -> Parsed:
    record = {
        "flightName": "KL1699",
        "flightDirection": "D" if side == "departure" else "A",
        "scheduleDateTime": "2026-03-04T12:00:00.000+01:00",
        "route": {"destinations": ["ARN"]},
        "publicFlightState": {"flightStates": [word]},
    }
    return schiphol.parse(json.dumps({"flights": [record]}).encode(), received_at=NOW)


def swedavia_says(word: str, side: str) -> Parsed:
    record = {
        "flightId": "KL1699",
        f"{side}Time": {"scheduledUtc": "2026-03-04T11:00:00Z"},
        "locationAndStatus": {"flightLegStatus": word},
        "flightLegIdentifier": {"departureAirportIata": "AMS", "arrivalAirportIata": "ARN"},
    }
    return swedavia.parse(json.dumps({"flights": [record]}).encode(), received_at=NOW)


def aerodatabox_says(word: str, _: str) -> Parsed:
    record = {
        "number": "KL 1699",
        "status": word,
        "departure": {"airport": {"iata": "AMS"}, "scheduledTime": {"utc": "2026-03-04 11:00Z"}},
        "arrival": {"airport": {"iata": "ARN"}},
    }
    return aerodatabox.parse(json.dumps([record]).encode(), received_at=NOW)


def flightstats_says(word: str, _: str) -> Parsed:
    record = {
        "carrierFsCode": "KL",
        "flightNumber": "1699",
        "departureAirportFsCode": "AMS",
        "arrivalAirportFsCode": "ARN",
        "departureDate": {"dateUtc": "2026-03-04T11:00:00.000Z"},
        "status": word,
    }
    return flightstats.parse(json.dumps({"flightStatuses": [record]}).encode(), received_at=NOW)


def aviationstack_says(word: str, _: str) -> Parsed:
    record = {
        "flight": {"iata": "KL1699"},
        "flight_date": "2026-03-04",
        "flight_status": word,
        "departure": {"iata": "AMS", "timezone": "Europe/Amsterdam"},
        "arrival": {"iata": "ARN"},
    }
    return aviationstack.parse(json.dumps({"data": [record]}).encode(), received_at=NOW)


def aidx_says(word: str, _: str) -> Parsed:
    return aidx.parse(
        f"""<IATA_AIDX_FlightLegNotifRQ Version="21.3" xmlns="http://www.iata.org/IATA/2007/00">
        <FlightLeg><LegIdentifier><Airline>KL</Airline><FlightNumber>1699</FlightNumber>
        <DepartureAirport>AMS</DepartureAirport><ArrivalAirport>ARN</ArrivalAirport><OriginDate>2026-03-04</OriginDate>
        </LegIdentifier><LegData><OperationalStatus CodeContext="9750">SCH</OperationalStatus>
        <OperationalStatus CodeContext="9750">{word}</OperationalStatus></LegData></FlightLeg>
        </IATA_AIDX_FlightLegNotifRQ>""".encode(),
        received_at=NOW,
    )


def avinor_says(word: str, _: str) -> Parsed:
    here, there = ("OSL", "TRD")
    return avinor.parse(
        f"""<airport name="{here}"><flights lastUpdate="2026-03-04T19:58:00Z"><flight uniqueID="72">
        <flight_id>KL1699</flight_id><dom_int>S</dom_int><schedule_time>2026-03-04T11:00:00Z</schedule_time>
        <arr_dep>{word}</arr_dep><airport>{there}</airport><status code="{word}"/></flight></flights>
        </airport>""".encode(),
        received_at=NOW,
    )


def finavia_says(word: str, side: str) -> Parsed:
    here, there = ("ARN", "AMS") if side == "arrival" else ("AMS", "ARN")
    record = (
        f"<flight><h_apt>{here}</h_apt><fltnr>KL1699</fltnr><sdt>2026-03-04T11:00:00Z</sdt>"
        f"<route_1>{there}</route_1><prm>{word}</prm></flight>"
    )
    data = f"<flights><{side[:3]}><body>{record}</body></{side[:3]}></flights>"
    return finavia.parse(data.encode(), received_at=NOW)


FORMATS: dict[str, Callable[[str, str], Parsed]] = {
    "AeroDataBox": aerodatabox_says,
    "Schiphol": schiphol_says,
    "Swedavia": swedavia_says,
    "FlightStats": flightstats_says,
    "aviationstack": aviationstack_says,
    "AIDX": aidx_says,
    "Avinor": avinor_says,
    "Finavia": finavia_says,
}


def cells() -> Iterator[tuple[str, str, str, str]]:
    """(format, state, word, side) of each word in the table."""
    rows = re.findall(r"^\| \[(\w+)\]\(feeds/\w+\.md\) \|(.*)\|$", PAGE.read_text(), flags=re.MULTILINE)
    assert [name for name, _ in rows] == list(FORMATS)
    for name, row in rows:
        texts = row.split("|")
        assert len(texts) == len(STATES)
        for state, text in zip(STATES, texts, strict=True):
            side = "departure" if state == "out" else "arrival"
            for word in re.findall(r"`(\w+)`", text):
                yield name, state, word, side


def planned() -> FlightRecord:
    plan: dict[str, Any] = {
        "flight": "KL1699",
        "source": "plan",
        "observed_at": datetime(2026, 3, 4, 6, 0, tzinfo=UTC),
        "departure": {"scheduled": "2026-03-04T11:00:00Z"},
        "arrival": {"scheduled": "2026-03-04T13:00:00Z"},
    }
    report = msgspec.convert(plan, Report)
    return apply_report(None, KEY, report, received_at=NOW).record


@pytest.mark.parametrize(("name", "state", "word", "side"), cells())
def test_a_state_without_a_time_is_told_believed_and_ends_the_waiting(
    name: str, state: str, word: str, side: str
) -> None:
    parsed = FORMATS[name](word, side)
    assert parsed.faults == ()
    (report,) = parsed.reports
    assert report.stated_status == state
    for part in (report.departure, report.takeoff, report.landing, report.arrival):
        assert part is msgspec.UNSET or part.actual is msgspec.UNSET

    before = planned()
    merged = apply_report(before, KEY, report, received_at=NOW)
    flight = merged.record.flight

    assert (flight.status, flight.stated_status) == (state, state)
    kind = dict(zip(STATES, ("flight.out", "flight.off", "flight.on", "flight.in"), strict=True))[state]
    assert [change.kind for change in merged.changes if change.field == "stated_status"] == [kind]
    waiting = expected(flight)
    assert waiting == (None if state in ("landed", "arrived") else ("arrival", flight.arrival.scheduled))


def test_the_overdue_watch_is_silent_about_a_flight_that_is_stated_to_be_down() -> None:
    watch = OverdueWatch(None, list, after_minutes=15, step_minutes=15)  # type: ignore[arg-type]
    record = planned()
    told = watch.report(record.flight, NOW)
    assert told is not None
    overdue = apply_report(record, KEY, told, received_at=NOW).record
    assert {"overdue", "stale"} <= set(overdue.flight.flags)
    (report,) = schiphol_says("ARR", "arrival").reports
    arrived = apply_report(overdue, KEY, report, received_at=NOW + timedelta(minutes=1)).record

    assert not {"overdue", "stale"} & set(arrived.flight.flags)
    assert watch.report(arrived.flight, NOW + timedelta(hours=2)) is None
    assert arrived.flight.departure.overdue_minutes is None


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("AeroDataBox", "Expected"),
        ("Schiphol", "BRD"),
        ("Swedavia", "SCH"),
        ("FlightStats", "S"),
        ("aviationstack", "scheduled"),
        ("AIDX", "SCH"),
        ("Finavia", "SCH"),
    ],
)
def test_the_source_takes_back_what_it_stated_by_mistake(name: str, word: str) -> None:
    (report,) = FORMATS[name](word, "departure").reports
    assert report.stated_status is None
