"""Boards of two airports speak of the same flights: each flight is one, whichever board comes first."""

from datetime import UTC, datetime

import pytest

from windsock.collect.intake import Intake
from windsock.feeds.configuration import read
from windsock.ingest import pipeline

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)


def board(airport: str, *flights: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="ISO-8859-1"?><airport name="{airport}">'
        f'<flights lastUpdate="2026-03-04T23:28:00Z">{"".join(flights)}</flights></airport>'
    ).encode("iso-8859-1")


def side(direction: str, other: str, at: str, more: str = "", number: str = "SK257") -> str:
    return (
        f'<flight uniqueID="1"><airline>SK</airline><flight_id>{number}</flight_id><dom_int>D</dom_int>'
        f"<schedule_time>{at}</schedule_time><arr_dep>{direction}</arr_dep><airport>{other}</airport>{more}</flight>"
    )


# One by day, and one that leaves before midnight and arrives after it, by both calendars.
LEAVES = board(
    "BGO",
    side("D", "OSL", "2026-03-04T20:00:00Z", '<gate>23</gate><status code="D" time="2026-03-04T20:12:00Z"/>'),
    side("D", "OSL", "2026-03-04T22:40:00Z", '<status code="E" time="2026-03-04T23:05:00Z"/>', "DY641"),
)
COMES = board(
    "OSL",
    side("A", "BGO", "2026-03-04T20:55:00Z", '<belt>4</belt><status code="A" time="2026-03-04T21:03:00Z"/>'),
    side("A", "BGO", "2026-03-04T23:35:00Z", '<status code="E" time="2026-03-05T00:01:00Z"/>', "DY641"),
)


@pytest.mark.parametrize("order", [("bergen", "oslo"), ("oslo", "bergen"), ("oslo", "bergen", "oslo")])
def test_both_sides_of_a_flight_make_one_flight(order: tuple[str, ...]) -> None:
    feeds = read(
        {"bergen": {"format": "avinor", "airport": "BGO"}, "oslo": {"format": "avinor", "airport": "OSL"}}
    )
    said = {"bergen": LEAVES, "oslo": COMES}
    for name in order:
        settings = feeds[name]
        parser = settings.format.parser(settings.source, settings.options)
        taken = Intake(name, parser, pipeline(), clock=lambda: NOW).take(said[name])
        assert (taken.recorded, taken.parked, taken.faults) == (2, 0, [])
    _, records = pipeline().journal.snapshot()
    found = {record.flight.designator: record.flight for record in records}
    assert sorted(record.flight.id for record in records) == ["DY641.2026-03-04.BGO", "SK257.2026-03-04.BGO"]
    flight = found["SK257"]
    assert (flight.origin, flight.destination, flight.status) == ("BGO", "OSL", "landed")
    assert (flight.departure.gate, flight.arrival.belt) == ("23", "4")
    assert (flight.departure.delay_minutes, flight.arrival.delay_minutes) == (12, 8)
    assert found["DY641"].arrival.estimated == datetime(2026, 3, 5, 0, 1, tzinfo=UTC)
    assert found["DY641"].departure.estimated == datetime(2026, 3, 4, 23, 5, tzinfo=UTC)
