"""The form in which a person reports a delay: the fields that make sense for the flight's state, and how they are read.

An empty field says nothing. A dash takes a value away. Times are by the clock at the airport they belong to.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import date as Day
from typing import Any, Literal
from zoneinfo import ZoneInfo

from windsock.flights import Flight, delay_codes
from windsock.flights.fields import LENGTHS
from windsock.flights.localtime import NoSuchTime, TwiceThatDay, resolve
from windsock.pages import places
from windsock.wording.changes import ChangeContext, describe_value
from windsock.wording.language import gettext, gettext_noop
from windsock.wording.status import reason
from windsock.wording.times import shown_times

Sort = Literal["time", "text", "reason", "truth", "airport"]

DASHES = frozenset({"-", "–", "—", "−"})
"""What takes a value away when it stands alone in a field."""

_CLOCK = re.compile(r"(\d{1,2})[:.]?(\d\d)\s*([zZ])?", re.ASCII)
_LATER = re.compile(r"\+\s*(\d{1,4})", re.ASCII)

DAYS = range(-1, 3)
"""Days that can be chosen, from the one before the planned day: a flight is rarely later than two days."""


@dataclass(frozen=True, slots=True)
class Known:
    """A field of the form: its path in a report, what it holds, and its label."""

    path: str
    sort: Sort
    label: str


_LEAVING = (
    Known("departure.estimated", "time", gettext_noop("New departure time")),
    Known("departure.gate", "text", gettext_noop("Gate")),
    Known("departure.terminal", "text", gettext_noop("Terminal")),
    Known("departure.actual", "time", gettext_noop("Left the gate at")),
    Known("boarding", "truth", gettext_noop("Boarding")),
)
_LEFT = (Known("departure.actual", "time", gettext_noop("Left the gate at")),)
_COMING = (
    Known("arrival.estimated", "time", gettext_noop("New arrival time")),
    Known("landing.actual", "time", gettext_noop("Landed at")),
    Known("arrival.terminal", "text", gettext_noop("Terminal")),
    Known("arrival.gate", "text", gettext_noop("Gate")),
    Known("arrival.belt", "text", gettext_noop("Baggage belt")),
)
_DOWN = (
    Known("landing.actual", "time", gettext_noop("Landed at")),
    Known("arrival.actual", "time", gettext_noop("At the gate at")),
    Known("arrival.terminal", "text", gettext_noop("Terminal")),
    Known("arrival.gate", "text", gettext_noop("Gate")),
    Known("arrival.belt", "text", gettext_noop("Baggage belt")),
)
_EXPECTED = (Known("arrival.estimated", "time", gettext_noop("New arrival time")), *_COMING[2:])
_REASON = Known("delay_reasons", "reason", gettext_noop("Reason"))
_CANCEL = Known("cancelled", "truth", gettext_noop("The flight is cancelled"))
_DIVERSION = Known("diverted_to", "airport", gettext_noop("Diverted to (airport code)"))

Part = Literal["departure", "arrival", "flight"]


def fields_for(flight: Flight, now: datetime) -> dict[Part, tuple[Known, ...]]:
    """Return the fields that make sense for the flight as it stands, by part."""
    if flight.cancelled:
        return {"flight": (_CANCEL, _REASON)}
    times = shown_times(flight, now)
    if times.down:
        return {"departure": _LEFT, "arrival": _DOWN, "flight": (_DIVERSION, _REASON)}
    if times.gone:
        return {"departure": _LEFT, "arrival": _COMING, "flight": (_DIVERSION, _REASON, _CANCEL)}
    return {"departure": _LEAVING, "arrival": _EXPECTED, "flight": (_REASON, _CANCEL)}


@dataclass(slots=True)
class Entry:
    """One field as the form shows it: what holds now, what was typed, and what is wrong with it."""

    path: str
    sort: Sort
    label: str
    now: str
    typed: str = ""
    day: str = ""
    days: list[tuple[str, Day]] = field(default_factory=list)
    choices: list[tuple[str, str]] = field(default_factory=list)
    length: int = 0
    error: str = ""

    @property
    def id(self) -> str:
        """The id of its element."""
        return self.path.replace(".", "-").replace("_", "-")

    @property
    def day_name(self) -> str:
        """The name of the choice of its day."""
        return f"{self.path}.day"


@dataclass(slots=True)
class Section:
    """The fields of one part of the flight, with their heading."""

    title: str
    entries: list[Entry]


@dataclass(slots=True)
class Form:
    """The form about one flight. `data` is the report that was typed, without its errors; empty if nothing was."""

    sections: list[Section]
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def entries(self) -> Iterator[Entry]:
        """Every field, in order."""
        return (entry for section in self.sections for entry in section.entries)

    @property
    def faulty(self) -> bool:
        """Whether a field could not be read."""
        return any(entry.error for entry in self.entries)

    @property
    def typed(self) -> dict[str, str]:
        """The fields that were filled in, as they are sent again."""
        sent = {}
        for entry in self.entries:
            if entry.typed:
                sent[entry.path] = entry.typed
                if entry.sort == "time":
                    sent[entry.day_name] = entry.day
        return sent

    def blame(self, path: str | None, text: str) -> bool:
        """Show an error at the field of this path; return False if the form has no such field."""
        for entry in self.entries:
            if path is not None and (entry.path == path or path.startswith(f"{entry.path}.")):
                entry.error = text
                return True
        return False


def form_for(flight: Flight, given: Mapping[str, str], now: datetime, context: ChangeContext) -> Form:
    """Return the form about a flight, with what is `given` typed in and read."""
    zones = {"departure": context.departure or ZoneInfo("UTC"), "arrival": context.arrival or ZoneInfo("UTC")}
    titles = {
        "departure": gettext("Departure from {place}", place=context.city(flight.origin)),
        "arrival": gettext("Arrival at {place}", place=_destination(flight, context)),
        "flight": gettext("The flight"),
    }
    form = Form([])
    for part, known in fields_for(flight, now).items():
        zone = zones.get(part, zones["departure"])
        entries = [_entry(flight, sort, given, zone, context) for sort in known]
        form.sections.append(Section(titles[part], entries))
        for entry in entries:
            if entry.typed:
                _read(form.data, entry, flight, zones)
    return form


def report_about(flight: Flight, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the report with this content, about this flight."""
    return {
        "flight": flight.designator,
        "date": flight.date.isoformat(),
        "origin": flight.origin,
        **data,
    }


def _destination(flight: Flight, context: ChangeContext) -> str:
    code = flight.diverted_to or flight.destination
    return context.city(code) if code else gettext("Unknown")


def _entry(
    flight: Flight, known: Known, given: Mapping[str, str], zone: ZoneInfo, context: ChangeContext
) -> Entry:
    value = _value(flight, known.path)
    entry = Entry(
        path=known.path,
        sort=known.sort,
        label=gettext(known.label),
        now=describe_value(known.path, value, context) if value else "",
        typed=given.get(known.path, "").strip()[:80],
        length=LENGTHS.get(known.path, 0),
    )
    if known.sort == "time":
        planned = _planned(flight, known.path)
        best: datetime | None = value or planned
        usual = best.astimezone(zone).date() if best else flight.date
        first = planned.astimezone(zone).date() if planned else flight.date
        entry.days = [((first + timedelta(days=n)).isoformat(), first + timedelta(days=n)) for n in DAYS]
        entry.day = given.get(entry.day_name, "") or usual.isoformat()
        if entry.day not in dict(entry.days) and usual.isoformat() in dict(entry.days):
            entry.day = usual.isoformat()
        elif entry.day not in dict(entry.days):
            entry.day = usual.isoformat()
            entry.days.append((entry.day, usual))
    if known.sort == "reason":
        entry.now = reason(flight)
        entry.choices = [(code, gettext(words)) for code, words in delay_codes.choices()]
        entry.choices.sort(key=lambda choice: choice[1].casefold())
    if known.sort == "truth":
        entry.label = _truth_label(known.path, bool(value)) or entry.label
    return entry


def _truth_label(path: str, value: bool) -> str:
    if path == "cancelled" and value:
        return gettext("The flight takes place after all")
    if path == "boarding":
        return gettext("Not boarding yet") if value else gettext("Boarding has begun")
    return ""


def _value(flight: Flight, path: str) -> Any:
    value: Any = flight
    for name in path.split("."):
        value = getattr(value, name)
    return value


def _planned(flight: Flight, path: str) -> datetime | None:
    gate = flight.departure if path.startswith(("departure", "takeoff")) else flight.arrival
    return gate.scheduled or gate.estimated


def _read(data: dict[str, Any], entry: Entry, flight: Flight, zones: Mapping[str, ZoneInfo]) -> None:
    """Add what the field says to the report, or its error to the field."""
    part, _, name = entry.path.rpartition(".")
    side = "departure" if entry.path.startswith(("departure", "takeoff")) else "arrival"
    value: Any = entry.typed
    if entry.typed in DASHES:
        value = None
    elif entry.sort == "time":
        value = _time(entry, _planned(flight, entry.path), zones[side])
        if value is None:
            return
    elif entry.sort == "truth":
        value = not _value(flight, entry.path)
    elif entry.sort == "reason":
        if not delay_codes.well_formed("ahm730", entry.typed):
            entry.error = gettext("Choose a reason from the list.")
            return
        value = [{"scheme": "ahm730", "code": entry.typed}]
    elif entry.sort == "airport":
        value = entry.typed.upper()
        if places.airport_or_unknown(value).name == value:
            entry.error = gettext("There is no airport {code}: use an IATA code such as JFK.", code=value[:8])
            return
    if part:
        data.setdefault(part, {})[name] = value
    else:
        data[name] = value


def _time(entry: Entry, planned: datetime | None, zone: ZoneInfo) -> str | None:
    """Return the time that was typed, in UTC; None and an error at the field if it is not one."""
    if (later := _LATER.fullmatch(entry.typed)) is not None:
        if planned is None:
            entry.error = gettext("No time is planned that minutes could be added to. Enter a time.")
            return None
        return _iso(planned + timedelta(minutes=int(later[1])))
    found = _CLOCK.fullmatch(entry.typed)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        entry.error = gettext("Enter a time such as 14:05, or +35 for 35 minutes after the plan.")
        return None
    try:
        day = Day.fromisoformat(entry.day)
    except ValueError:
        entry.error = gettext("Choose a day.")
        return None
    local = datetime(day.year, day.month, day.day, int(found[1]), int(found[2]))  # noqa: DTZ001
    if found[3]:
        return _iso(local.replace(tzinfo=UTC))
    try:
        return _iso(resolve(local, zone))
    except NoSuchTime:
        entry.error = gettext("The clocks are put forward that night: this time does not exist.")
    except TwiceThatDay as twice:
        entry.error = gettext(
            "The clocks are put back that night, so this time comes twice. Enter {first} or {second}.",
            first=f"{twice.first:%H:%MZ}",
            second=f"{twice.second:%H:%MZ}",
        )
    return None


def _iso(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
