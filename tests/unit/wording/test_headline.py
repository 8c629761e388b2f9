"""The one number of a flight's page: possible at every moment, and said of the right end."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.unit.flights.building import at, said, schedule, tell
from tests.unit.wording.days import moments
from tests.unit.wording.generated import random_moments
from windsock.flights import Flight
from windsock.wording.headline import Headline, headline
from windsock.wording.times import shown_times

ZONE = ZoneInfo("America/New_York")
COMING = (
    "Departs in",
    "Departs in about",
    "Arrives in",
    "Arrives in about",
    "Lands in",
    "Departs",
    "Arrives",
)


def made(flight: Flight, now: datetime) -> Headline | None:
    return headline(flight, shown_times(flight, now), now, ZONE, ZONE)


@pytest.mark.parametrize("day", ["storm", "snow"])
def test_the_number_is_possible_at_every_moment_of_a_replayed_day(day: str) -> None:
    for flight, now in [*moments(day), *random_moments(300)]:
        shown, times = made(flight, now), shown_times(flight, now)
        if flight.status == "cancelled":
            assert shown is None
        if shown is None:
            continue
        if shown.label in COMING:
            assert shown.until is None or shown.until >= now.replace(second=0, microsecond=0)
            assert not times.down
        else:
            assert shown.until is None
        assert not (times.gone and shown.label.startswith("Depart"))
        assert not (times.down and shown.label not in ("Arrived at", "Arrived at about", "Landed at"))


@pytest.mark.parametrize(
    ("reports", "clock", "label", "number"),
    [
        ([], "12:55", "Departs in", "1 h"),
        ([], "13:55", "Departs", "now"),
        ([], "14:00", "Departure was due at", "08:55"),
        ([], "14:20", "Departs not before", "09:20"),
        ([{"etd": "14:30"}], "13:55", "Departs in", "35 min"),
        ([{"out": "13:58"}], "14:00", "Arrives in", "1 h 25 min"),
        ([{"out": "14:55"}], "15:00", "Arrives in about", "1 h 25 min"),
        ([{"out": "13:58"}, {"in_": "15:20"}], "16:00", "Arrived at", "10:20"),
        ([{"out": "13:58"}, {"on": "15:15"}], "15:16", "Landed at", "10:15"),
    ],
)
def test_it_says_what_matters_now(reports: list[dict[str, str]], clock: str, label: str, number: str) -> None:
    merged = tell(schedule(), *(said("11:00", **report) for report in reports))

    shown = made(merged.record.flight, at(clock))

    assert shown is not None
    assert (shown.label, shown.number) == (label, number)


def test_from_a_day_on_days_are_counted() -> None:
    flight = tell(schedule()).record.flight
    shown = made(flight, at("13:00") - timedelta(days=3))
    assert shown == Headline(label="Departs in", number="3 days")
