"""What holds for everything that is shown of a flight: over whole replayed days and for any flights, at any clock."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.wording.days import moments
from tests.unit.wording.generated import random_moment
from windsock.flights import Flight
from windsock.flights.delay import minutes_between
from windsock.wording.board import BoardRow, board_row
from windsock.wording.durations import duration, lateness
from windsock.wording.presenter import NamedViewpoint, Shown, present
from windsock.wording.status import STEP
from windsock.wording.times import MAX_GAIN, Direction, ShownEnd

DIRECTIONS: tuple[Direction, Direction] = ("departures", "arrivals")
ZONE = ZoneInfo("America/New_York")
NOT_YET = ("not confirmed yet", "no update yet", "inferred")


@pytest.mark.parametrize("day", ["storm", "snow"])
def test_every_law_holds_at_every_moment_of_a_replayed_day(day: str) -> None:
    found = moments(day)
    assert len(found) > 10_000
    _hold(found)


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 2**32))
def test_every_law_holds_for_any_flight_at_any_time(seed: int) -> None:
    _hold([random_moment(random.Random(seed))])


def _hold(found: Sequence[tuple[Flight, datetime]]) -> None:
    for flight, now in found:
        for direction in DIRECTIONS:
            view = NamedViewpoint(direction=direction, airport=_here(flight, direction), zone=ZONE, now=now)
            shown, row = present(flight, view), board_row(flight, view)
            end = shown.departure if direction == "departures" else shown.arrival
            try:
                _law_of_ends(flight, shown, now)
                _law_of_words(flight, shown, end, now)
                _law_of_rows(flight, shown, end, row)
            except AssertionError as failed:
                raise AssertionError(f"{direction} at {now}: {failed}\n{row}\n{shown}\n{flight}") from failed


def _here(flight: Flight, direction: Direction) -> str:
    return flight.origin if direction == "departures" else flight.destination or ""


def _law_of_ends(flight: Flight, shown: Shown, now: datetime) -> None:
    minute = now.replace(second=0, microsecond=0)
    for end in (shown.departure, shown.arrival):
        assert (end.at is None) == (end.kind == "none")
        if end.kind in ("expected", "about") and end.at is not None and end.at < minute and not end.untimed:
            happened = shown.gone if end is shown.departure else shown.down
            assert end.unconfirmed or happened, "a time has passed and is shown as if it were to come"
        if end.kind == "at_least" and not _given_up(flight, end, now):
            assert end.at is not None and end.at >= minute, "not before a time that has passed"
        if end.announced is not None:
            assert end.announced != end.at, "what is no longer believed is shown all the same"
        if end.kind == "planned":
            assert not end.struck and end.at == end.planned
    if flight.status == "cancelled":
        for end in (shown.departure, shown.arrival):
            assert end.kind == "none", "a cancelled flight has a time"
            assert end.struck == (end.planned is not None)
    _law_of_the_way(flight, shown)


def _given_up(flight: Flight, end: ShownEnd, now: datetime) -> bool:
    times = [end.announced, end.planned, flight.departure.estimated]
    return any(time is not None and now - time >= timedelta(days=1) for time in times)


def _law_of_the_way(flight: Flight, shown: Shown) -> None:
    """Nothing arrives before it can have left and flown."""
    leaving, coming = shown.departure, shown.arrival
    if leaving.at is None or coming.at is None or coming.kind in ("actual", "planned") or shown.down:
        return
    if flight.status == "diverted" or flight.diverted_to or (shown.gone and leaving.kind != "actual"):
        return
    assert coming.at >= leaving.at, "it arrives before it leaves"
    plans = flight.departure.scheduled, flight.arrival.scheduled
    if leaving.kind == "at_least" and plans[0] is not None and plans[1] is not None and plans[1] > plans[0]:
        block = plans[1] - plans[0]
        assert coming.at >= leaving.at + block - min(block / 5, MAX_GAIN), "it flies faster than any flight"


def _law_of_words(flight: Flight, shown: Shown, end: ShownEnd, now: datetime) -> None:
    departing = end is shown.departure
    words = f"{shown.state} {shown.why}"
    assert shown.state and shown.place and shown.flight
    over = shown.gone if departing else shown.down
    ordinary = flight.status not in ("cancelled", "diverted") and flight.diverted_to is None
    if ordinary and not over and end.kind in ("expected", "planned") and end.unconfirmed:
        assert any(word in words for word in NOT_YET), (
            "a time has passed, and no word says that it is not confirmed"
        )
    if ordinary and end.kind == "at_least":
        assert "inferred" in words or "Back at the gate" in words or "Turned back" in words
    if ordinary and not over and end.announced is not None and end.inferred:
        assert "was announced for" in words and "not confirmed since" in words, "an announced time vanished"
        if flight.delay_reasons:
            assert (flight.delay_reasons[0].text or "") in words, "the reason vanished"
    delay = end.delay_minutes
    if end.planned is None or end.at is None or end.kind in ("planned", "none") or not ordinary:
        return
    if delay is not None and end.kind in ("about", "at_least"):
        assert delay == minutes_between(end.planned, end.at)
    if delay is not None and not end.runway and end.kind in ("actual", "expected"):
        assert delay == minutes_between(end.planned, end.at), "the delay is not that of the time shown"
    if shown.state == "On time":
        assert delay == 0
    if " late" in shown.state and "Depart" not in shown.state and delay is not None:
        number = delay // STEP * STEP if end.kind == "at_least" else delay
        assert duration(number) in shown.state and delay > 0, "the state gives another delay than the time"
    if " early" in shown.state:
        assert delay is not None and delay < 0
    if over and end.kind == "actual" and lateness(delay):
        assert lateness(delay) in shown.why


def _law_of_rows(flight: Flight, shown: Shown, end: ShownEnd, row: BoardRow) -> None:
    assert row.sched != "–" or end.planned is None
    assert (row.state, row.why, row.tone, row.group) == (shown.state, shown.why, shown.tone, shown.group)
    times = (end.planned, end.at, end.announced)
    if any(times):
        assert row.sched != "–" or row.exp or shown.announced or end.kind == "at_least", "no text for a time"
    if flight.status == "cancelled":
        assert row.exp == "" and row.countdown == "" and row.group == "cancelled"
    if row.exp:
        assert end.at is not None and f"{end.at.astimezone(ZONE):%H:%M}" == row.exp
    assert bool(row.qualifier) == (bool(row.exp) and end.inferred)
    assert not row.waiting or (
        row.group == "delayed" and not (shown.gone if end is shown.departure else shown.down)
    )


def test_not_before_is_hardly_ever_wrong_and_about_is_near() -> None:
    """What Windsock infers of arrivals is compared with what happened, over both days."""
    before, wrong = 0, 0
    for day in ("storm", "snow"):
        found = moments(day)
        came = {flight.id: flight.arrival.actual for flight, _ in found if flight.arrival.actual is not None}
        for flight, now in found:
            actual = came.get(flight.id)
            end = present(flight, NamedViewpoint(direction="arrivals", zone=ZONE, now=now)).arrival
            if actual is None or end.kind != "at_least" or flight.diverted_to:
                continue
            before += 1
            wrong += end.at is not None and actual < end.at - timedelta(minutes=1)
    assert before > 500
    assert wrong / before < 0.02, f"{wrong} of {before}"
