"""A paused replay of a snowy day at JFK, which the tests of pages look at."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client

from windsock.flights.programmes import Programme, ProgrammeList
from windsock.ingest import Recorded, pipeline, record
from windsock.ingest.programmes import record_programmes

NOW = datetime(2013, 2, 8, 15, 20, tzinfo=UTC)  # 10:20 in New York
BOARD = "/airports/JFK/departures/"
DELAYS = Programme(airport="JFK", kind="departure_delay", source="faa", observed_at=NOW, reason="WX:snow")


def at(minutes: int) -> str:
    return f"{NOW + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"


def tell(**report: Any) -> None:
    whole = {"date": "2013-02-08", "origin": "JFK", "observed_at": at(-5), **report}
    for result in record([whole], source="operations", received_at=NOW):
        assert isinstance(result, Recorded), result


def programmes(*listed: Programme) -> None:
    record_programmes(pipeline(), ProgrammeList(source="faa", observed_at=NOW, programmes=listed))


def text(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, (path, response.status_code)
    return " ".join(response.content.decode().split())
