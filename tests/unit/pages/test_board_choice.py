"""What a board that begins now leaves out, and what its choices show."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.unit.wording.days import moments
from windsock.pages.board.choice import CALLED_OFF, RECENT, choice_of, is_past
from windsock.wording.presenter import facts_of
from windsock.wording.status import Viewpoint
from windsock.wording.times import Direction, shown_times

ZONE = ZoneInfo("America/New_York")


@pytest.mark.parametrize("day", ["storm", "snow"])
@pytest.mark.parametrize("direction", ["departures", "arrivals"])
def test_no_flight_that_people_wait_for_stands_behind_the_earlier_ones(
    day: str, direction: Direction
) -> None:
    seen = {True: 0, False: 0}
    for flight, now in moments(day)[::7]:
        past = is_past(
            flight, facts_of(flight, Viewpoint(direction=direction, zone=ZONE, now=now)), direction, now
        )
        seen[past] += 1
        if not past:
            continue
        times = shown_times(flight, now)
        called_off = flight.status in ("cancelled", "diverted") or flight.diverted_to
        assert called_off or (times.gone if direction == "departures" else times.down), flight.id
        end = times.end(direction)
        latest = max(time for time in (end.planned, end.at) if time)
        assert latest < now - (CALLED_OFF if called_off else RECENT) + timedelta(minutes=1), flight.id
    assert min(seen.values()) > 50


def test_nonsense_in_an_address_is_ignored() -> None:
    usual = choice_of({})
    assert choice_of({"show": "x", "sort": "nonsense", "times": "", "day": "yesterday", "past": ""}) == usual
    assert not usual.narrows
    assert choice_of({"carrier": "b6"}).narrows
