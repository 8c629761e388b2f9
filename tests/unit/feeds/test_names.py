"""Every name that a source gives of a flight is a name of it, also where our table knows nothing of its carrier."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.unit.feeds import test_aeroapi as api
from tests.unit.feeds import test_aerodatabox as box
from tests.unit.feeds import test_aviationstack as stack
from tests.unit.feeds import test_flightstats as stats
from windsock.collect.intake import submissions_of
from windsock.feeds.registry import FORMATS
from windsock.ingest.pipeline import Pipeline
from windsock.journal.memory import MemoryJournal

# 0Z and ZZX are in no table: only the source says that they are one carrier.
BODIES: dict[str, tuple[datetime, Any]] = {
    "aeroapi": (
        api.NOW,
        api.poll(api.flight(ident="ZZX123", ident_icao="ZZX123", ident_iata="0Z123", flight_number="123")),
    ),
    "aerodatabox": (box.NOW, [box.flight(number="0Z 123", callSign="ZZX123")]),
    "aviationstack": (
        stack.NOW,
        stack.body(
            stack.flight(flight={"number": "123", "iata": "0Z123", "icao": "ZZX123", "codeshared": None})
        ),
    ),
    "aviationstack, as sold": (
        stack.NOW,
        stack.body(
            stack.flight(
                "NZ5",
                codeshared={
                    "airline_iata": "0z",
                    "airline_icao": "zzx",
                    "flight_number": "123",
                    "flight_iata": "0z123",
                    "flight_icao": "zzx123",
                },
            )
        ),
    ),
    "flightstats": (
        stats.NOW,
        {
            **stats.poll(stats.flight(carrierFsCode="0Z", flightNumber="123")),
            "appendix": {
                "airlines": [{"fs": "0Z", "iata": "0Z", "icao": "ZZX"}],
                "airports": stats.AIRPORTS,
            },
        },
    ),
}


@pytest.mark.parametrize("name", ["0Z123", "ZZX123"])
@pytest.mark.parametrize("case", BODIES)
def test_a_flight_planned_under_any_name_of_the_source_is_that_flight(case: str, name: str) -> None:
    now, body = BODIES[case]
    form = FORMATS[case.partition(",")[0]]
    parsed = form.parser("feed", {"flights": ["ZZX123"]})(json.dumps(body).encode(), now)
    (statement,) = parsed.statements
    report = statement.report
    planned = getattr(report.departure, "scheduled", None)
    assert isinstance(planned, datetime)
    pipeline = Pipeline(MemoryJournal(), clock=lambda: now)
    plan = {
        "flight": name,
        "date": str(report.date),
        "origin": report.origin,
        "destination": report.destination,
        "source": "plan",
        "departure": {"scheduled": planned.isoformat()},
    }
    try:
        pipeline.submit([plan], received_at=now - timedelta(hours=20)).result()
        (result,) = pipeline.submit_prepared(submissions_of(parsed.statements), received_at=now).result()
        _, records = pipeline.journal.snapshot()
    finally:
        pipeline.stop()
    assert [record.flight.designator for record in records] == [name], result
    assert {"0Z123", "ZZX123"} <= {name, *records[0].flight.codeshares}


def test_a_callsign_with_another_number_is_no_name_of_the_flight() -> None:
    parsed = box.read([box.flight(number="SK 973", callSign="SAS123")])

    assert parsed.statements[0].names == ()
