"""What the demo prints once it is ready: what to open, what to look at, and what to try in another terminal."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from windsock.cli.console import console

if TYPE_CHECKING:
    from datetime import datetime

    from windsock.cli.day import LoadedDay
    from windsock.replay.past_flights import PastFlight
    from windsock.replay.player import Replay

_SOON = timedelta(minutes=150)
# The flight to look at is still to leave, and within this time of the start.

_COLUMN = 10


@dataclass(frozen=True, slots=True)
class Page:
    """A page to open: its name, its path, and what there is to see."""

    name: str
    path: str
    about: str


def headline(version: str, day: "LoadedDay") -> None:
    """Print which day is played, and what of it is real."""
    screen = console(stderr=True)
    screen.print(f"[bold]Windsock {version}[/]  {day.label}: {day.story}", soft_wrap=True)
    if day.staging is not None:
        screen.print(
            "[dim]Departures, delays and aircraft are real; arrivals, gates and incidents are staged and say so.[/]",
            soft_wrap=True,
        )


def pages(run: "Replay", day: "LoadedDay") -> list[Page]:
    """Return the pages worth opening at the start of the replay. Those that this version does not have are left out."""
    from django.urls import NoReverseMatch, reverse

    flight = flight_to_watch(day, run.start)
    wanted = [
        ("Board", "departures", [day.hub], f"what leaves {day.hub}, and what does not"),
        ("Arrivals", "arrivals", [day.hub], "the same aircraft on their way in"),
        ("Display", "display", [day.hub, "departures"], "the same for a screen on a wall"),
        ("Flight", "flight", [str(flight.key)], _about(flight)),
        ("Today", "today", [], "which airports and airlines are in trouble"),
        ("Console", "console", [], _about_console(day)),
    ]
    found = []
    for name, view, arguments, about in wanted:
        try:
            found.append(Page(name, reverse(f"windsock:{view}", args=arguments), about))
        except NoReverseMatch:
            continue
    return found


def flight_to_watch(day: "LoadedDay", start: "datetime") -> "PastFlight":
    """Return the most interesting flight at `start`: very late, as announced, with its aircraft still on its way in."""
    announced, coming = set(), set()
    if day.staging is not None:
        announced = {
            (tell.report.flight, tell.report.origin)
            for tell in day.staging.tells
            if tell.at <= start and tell.report.delay_reasons
        }
        coming = {leg.line for leg in day.staging.rows if leg.in_ is not None and leg.in_ > start}
    soon = [
        row
        for row in day.rows
        if row.out is not None
        and row.origin == day.hub
        and row.out > start
        and abs(row.scheduled_out - start) < _SOON
    ]

    def interest(row: "PastFlight") -> tuple[bool, bool, timedelta, object]:
        late = (row.out or row.scheduled_out) - row.scheduled_out
        return (f"{row.carrier}{row.number}", row.origin) in announced, row.line in coming, late, row.key

    return max(soon or day.rows, key=interest)


def flight_to_delay(day: "LoadedDay", start: "datetime") -> "PastFlight":
    """Return a flight that leaves the hub soon, to publish a delay of."""
    soon = [
        row for row in day.rows if row.origin == day.hub and row.scheduled_out > start and not row.cancelled
    ]
    return min(soon or day.rows, key=lambda row: row.scheduled_out)


def print_guide(url: str, link: str, token: Path, run: "Replay", day: "LoadedDay", *, speed: float) -> None:
    """Print what to open and what to try next."""
    screen = console()
    screen.print()
    screen.print("  [bold]Open this first.[/] It signs you in, once, and shows the board:")
    # The link on a line of its own and unwrapped, so that it can be clicked and copied.
    screen.print(f"  {link}", soft_wrap=True, style="yellow")
    screen.print()
    found = pages(run, day)
    width = max(len(url + page.path) for page in found)
    for page in found:
        address = f"{url}{page.path}"
        screen.print(
            f"  [bold]{page.name:<{_COLUMN}}[/]{address:<{width}}  [dim]{page.about}[/]", soft_wrap=True
        )
    screen.print()
    screen.print("  [dim]Try next, in another terminal:[/]")
    flight = flight_to_delay(day, run.start)
    for line in (
        f'export WINDSOCK_URL={url} WINDSOCK_TOKEN="$(cat {token})"',
        f"windsock watch departures:{day.hub}",
        f"windsock publish {flight.carrier}{flight.number} --date {flight.date} --delay 35 --reason 93",
        'curl -H "Authorization: Bearer $WINDSOCK_TOKEN" '
        f'"{url}/api/v1/flights?airport={day.hub}&direction=departures"',
    ):
        screen.print(f"  {line}", soft_wrap=True, markup=False)
    screen.print()
    keys = "  Space pauses, L prints a new sign-in link," if screen.is_terminal else ""
    screen.print(
        f"  [dim]{day.local(run.start)} in {day.hub}, {speed:g} times as fast.{keys}  Ctrl-C ends.[/]".replace(
            ",  C", ", C"
        )
    )
    screen.print()


def _about(row: "PastFlight") -> str:
    late = int(((row.out or row.scheduled_out) - row.scheduled_out).total_seconds() // 60)
    return f"{row.carrier} {row.number} to {row.destination} will leave {late // 60} h {late % 60:02} late"


def _about_console(day: "LoadedDay") -> str:
    waiting = len(day.staging.messages) if day.staging else 0
    return f"the feeds, and {waiting} reports whose flight is unclear" if waiting else "the feeds"
