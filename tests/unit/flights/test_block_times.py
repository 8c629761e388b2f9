"""How long flights are taken to be under way: near what schedules say, and nothing where a place is not known."""

from datetime import timedelta

import pytest

from windsock.flights.block_times import under_way


@pytest.mark.parametrize(
    ("origin", "destination", "scheduled"),
    [
        ("BGO", "OSL", timedelta(minutes=55)),
        ("MAD", "AMS", timedelta(hours=2, minutes=35)),
        ("JFK", "LHR", timedelta(hours=7, minutes=10)),
        ("LHR", "HKG", timedelta(hours=13)),
        ("SYD", "HKG", timedelta(hours=9, minutes=20)),
        ("LAX", "HKG", timedelta(hours=15)),
    ],
)
def test_it_is_near_what_schedules_say(origin: str, destination: str, scheduled: timedelta) -> None:
    found = under_way(origin, destination)
    assert found is not None
    assert abs(found - scheduled) < timedelta(minutes=30) + scheduled / 15


def test_the_way_back_is_as_long() -> None:
    assert under_way("HKG", "LHR") == under_way("EGLL", "VHHH")


def test_an_airport_not_known_gives_none() -> None:
    assert under_way("0Z9", "HKG") is None
    assert under_way("HKG", "") is None
