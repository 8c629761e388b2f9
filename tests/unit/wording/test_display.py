"""What a display shows, on every minute of two bad days: nobody can miss a flight by standing before the screen."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache

import pytest

from windsock.cli.day import LoadedDay, load
from windsock.flights import Flight
from windsock.ingest.pipeline import Pipeline
from windsock.ingest.replay import IntoJournal
from windsock.journal.memory import MemoryJournal
from windsock.replay.player import Replay
from windsock.replay.script import script
from windsock.wording import display
from windsock.wording.display import DisplayPlan, plan_pages

ROUND = timedelta(seconds=display.ROUND_SECONDS)
MINUTE = timedelta(minutes=1)
AIRPORTS = ("JFK", "EWR", "LGA")


@cache
def played(name: str) -> tuple[LoadedDay, list[tuple[datetime, Flight]]]:
    """Return every state of every flight of a day, with the moment at which it became known."""
    day, journal = load(name), MemoryJournal()
    pipeline = Pipeline(journal)
    Replay(script(day.rows), IntoJournal(pipeline, after_minutes=5, step_minutes=15), label="a test").run()
    pipeline.stop()
    start = type(journal.head().position)(journal.head().position.epoch, 0)
    return day, [(event.recorded_at, event.flight()) for event in journal.after(start, 10**6)]


def rounds(name: str, airport: str, step: timedelta = ROUND) -> Iterator[tuple[datetime, dict[str, Flight]]]:
    """Yield the flights of an airport's departures as known at the beginning of every round of the day."""
    _, states = played(name)
    # What was known before the last schedule came is a board that nobody sees: a night without flights.
    now, known, number = states[0][0] + timedelta(hours=9), dict[str, Flight](), 0
    while number < len(states):
        while number < len(states) and states[number][0] <= now:
            if states[number][1].origin == airport:
                known[states[number][1].id] = states[number][1]
            number += 1
        yield now, known
        now += step


def named(plan: DisplayPlan) -> dict[str, int]:
    """Return the page on which each flight has a row or is named."""
    found = {}
    for number, screens in enumerate(plan.pages):
        for page in screens:
            for flight in (*page.flights, *(flight for line in page.lines for flight in line.flights)):
                found.setdefault(flight.id, number)
    return found


@pytest.mark.parametrize("airport", AIRPORTS)
@pytest.mark.parametrize(("day", "rows"), [("storm", 7), ("storm", 14), ("storm", 30), ("snow", 14)])
def test_every_flight_of_the_next_90_minutes_is_seen_within_each_minute(
    day: str, airport: str, rows: int
) -> None:
    last: dict[str, datetime] = {}
    longest = timedelta(0)
    leaves: dict[
        int, datetime | None
    ] = {}  # of each state of a flight, unless it is over; a round changes few
    for now, known in rounds(day, airport):
        plan = plan_pages(known.values(), "departures", now, rows=rows)
        found = named(plan)
        for screens in plan.pages:
            for page in screens:
                assert len(page.flights) + len(page.lines) <= rows
        for flight in known.values():
            if id(flight) not in leaves:
                over = display.is_over(flight, "departures")
                leaves[id(flight)] = None if over else display.leaves_at(flight, "departures")
            at = leaves[id(flight)]
            if at is None:
                continue
            if flight.status == "cancelled":
                planned = flight.departure.scheduled
                due = planned is not None and now - timedelta(hours=1) <= planned <= now + display.SOON
            else:
                due = now - timedelta(hours=12) <= at <= now + display.SOON
            if not due:
                last.pop(flight.id, None)
                continue
            assert flight.id in found, (now, flight.id, flight.status)
            first = now + timedelta(seconds=found[flight.id] * plan.seconds)
            longest = max(longest, first - last.get(flight.id, first))
            turns = round(display.ROUND_SECONDS / plan.seconds / len(plan.pages))
            last[flight.id] = first + timedelta(seconds=plan.seconds * (1 + (turns - 1) * len(plan.pages)))
    assert longest <= timedelta(seconds=60)


@pytest.mark.parametrize("airport", AIRPORTS)
@pytest.mark.parametrize("day", ["storm", "snow"])
def test_with_14_rows_no_flight_has_to_share_a_line_unless_it_is_overdue_or_cancelled(
    day: str, airport: str
) -> None:
    for now, known in rounds(day, airport, 5 * MINUTE):
        plan = plan_pages(known.values(), "departures", now, rows=14)

        assert {line.why for screens in plan.pages for page in screens for line in page.lines} <= {
            "overdue",
            "cancelled",
        }, now


@pytest.mark.parametrize("airport", AIRPORTS)
@pytest.mark.parametrize("day", ["storm", "snow"])
def test_a_flight_that_really_leaves_within_90_minutes_is_on_the_display(day: str, airport: str) -> None:
    """By what happened, not by what was believed: nobody who stood there could miss the flight."""
    leaving: dict[datetime, list[str]] = defaultdict(list)
    for row in played(day)[0].rows:
        if row.origin == airport and row.out is not None:
            leaving[row.out].append(str(row.key))
    for now, known in rounds(day, airport, 5 * MINUTE):
        found = named(plan_pages(known.values(), "departures", now, rows=14))
        for out, flights in leaving.items():
            if now < out <= now + timedelta(minutes=90):
                assert set(flights) & known.keys() <= found.keys(), (now, out)


@pytest.mark.parametrize("pages", range(1, display.MAX_PAGES + 1))
def test_a_flight_on_the_first_page_of_one_round_and_the_last_of_the_next_is_seen_within_a_minute(
    pages: int,
) -> None:
    for wished in range(display.MIN_PAGE_SECONDS, display.MAX_PAGE_SECONDS + 1):
        seconds = display.page_seconds(pages, wished)
        turns = display.ROUND_SECONDS / seconds

        assert turns == pytest.approx(round(turns))
        assert round(turns) % pages == 0
        assert display.MIN_PAGE_SECONDS <= seconds <= display.MAX_PAGE_SECONDS
        # From the end of the first page's last turn in one round to the beginning of the last page in the next.
        assert (pages - 1) * seconds * 2 <= 60 + 1e-6


def test_three_screens_show_what_one_shows_in_three_pages() -> None:
    known = dict(next(known for now, known in rounds("storm", "JFK", MINUTE) if len(known) > 300))
    now = datetime.fromisoformat("2013-07-01T13:00:00+00:00")
    beside = plan_pages(known.values(), "departures", now, rows=12, screens=3)

    assert all(len(screens) == 3 for screens in beside.pages)
    shown = [flight for screens in beside.pages for page in screens for flight in page.flights]
    assert shown == sorted(shown, key=lambda flight: (flight.departure.scheduled, flight.id))
    assert len(shown) == len({flight.id for flight in shown})
    alone = plan_pages(known.values(), "departures", now, rows=12)
    assert named(alone).keys() <= named(beside).keys()


def test_an_empty_airport_has_one_empty_page() -> None:
    now = datetime.fromisoformat("2013-07-01T13:00:00+00:00")

    plan = plan_pages([], "departures", now, rows=14)

    assert plan.pages == ((display.DisplayPage(lines=(), flights=()),),)
