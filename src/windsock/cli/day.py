"""The day that `demo` and `replay` play: one of the two shipped ones, or a file."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from operator import attrgetter
from pathlib import Path

from windsock.clock import system_clock
from windsock.errors import FeedError
from windsock.feeds.parsing import Fault
from windsock.flights.airports import airport
from windsock.replay.bts import read
from windsock.replay.days import DAYS
from windsock.replay.past_flights import PastFlight
from windsock.replay.script import TimedReport, script, shifted
from windsock.replay.staging import Staging, stage

# Wrong lines are all counted, but a file of another kind must not fill the terminal.
FAULTS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class LoadedDay:
    """The flights of a day, ready to play. `hub` is the airport with the most departures; `--from` is in its `zone`.

    `rows` are the flights of the data; `staging` is what was added to them, its reports included in the script.
    """

    label: str
    story: str
    hub: str
    zone: tzinfo
    date: date
    begins: str
    rows: list[PastFlight]
    faults: list[Fault]
    tells: list[TimedReport]
    staging: Staging | None = None

    def at(self, clock_time: str) -> datetime:
        """Return the moment when it is `clock_time` (hh:mm) at the hub on the day played.

        Raises:
            FeedError: The text is not a time of day.
        """
        return datetime.combine(self.date, _time_of_day(clock_time), self.zone).astimezone(UTC)

    def local(self, moment: datetime) -> str:
        """Return the time of day at the hub, hh:mm."""
        return f"{moment.astimezone(self.zone):%H:%M}"

    @property
    def first_movement(self) -> datetime:
        """When the first flight is due to leave, or leaves."""
        return min(min(row.scheduled_out, row.out or row.scheduled_out) for row in self.rows)


def load(name: str, *, shift: timedelta | None = None, staged: bool = False) -> LoadedDay:
    """Return the day `storm` or `snow`, or that of a file, moved by `shift`.

    `staged`: with the additions that `windsock.replay.staging` makes to the shipped days; a file gets none.

    Raises:
        FeedError: There are no flights to play.
    """
    shipped = DAYS.get(name)
    path = shipped.path if shipped else Path(name)
    if shipped is None and not path.exists() and path.suffix == "":
        raise FeedError(
            f"There is no day {name!r}. Use {' or '.join(DAYS)}, or give a file with BTS on-time data."
        )
    found = list(read(path))
    rows = [row for row in found if isinstance(row, PastFlight)]
    faults = [fault for fault in found if isinstance(fault, Fault)]
    if not rows:
        first = f" The first wrong line: {faults[0]}." if faults else ""
        raise FeedError(f"{path} contains no flight that can be played.{first}")
    if shift is not None:
        rows = list(shifted(rows, shift))
    days = Counter(row.date for row in rows)
    main = (
        days.most_common(1)[0][0] if len(days) < 4 else min(days)
    )  # a whole month is played from its beginning
    hub = shipped.airport if shipped else Counter(row.origin for row in rows).most_common(1)[0][0]
    place = airport(hub)
    when = f"{main.day} {main:%B %Y}"
    if len(days) >= 4:
        last = max(days)
        when += f" to {last.day} {last:%B %Y}"
    loaded = LoadedDay(
        label=when + (", New York" if shipped else ""),
        story=shipped.story if shipped else f"{len(rows):,} flights of {path.name}",
        hub=hub,
        zone=place.tz if place else UTC,
        date=main,
        begins=shipped.start if shipped else "07:00",
        rows=rows,
        faults=faults,
        tells=script(rows),
    )
    if shipped is None or not staged:
        return loaded
    added = stage(rows, hub=hub, begins=loaded.at(loaded.begins), weather=shipped.weather)
    # Stable: of the same moment, what the data says comes first.
    tells = sorted([*loaded.tells, *added.tells], key=attrgetter("at"))
    return replace(loaded, tells=tells, staging=added)


def shift_to_now(day: LoadedDay, from_time: str | None) -> timedelta:
    """Return how far to move the day so that it is played as if it happened now.

    With `from_time` that moment becomes now. Without it the day becomes today and keeps its local times.
    """
    now = system_clock().replace(second=0, microsecond=0)
    if from_time is not None:
        return now - day.at(from_time)
    return timedelta(days=(now.astimezone(day.zone).date() - day.date).days)


def _time_of_day(text: str) -> time:
    try:
        hours, minutes = text.split(":")
        return time(int(hours), int(minutes))
    except ValueError:
        raise FeedError(f"{text!r} is not a time of day; use hours and minutes, such as 07:00.") from None
