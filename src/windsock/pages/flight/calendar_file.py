"""A flight as a calendar file (RFC 5545) that calendar programs subscribe to. Pure.

Written by hand: one event without recurrences needs no library, and times in UTC need no definition of a zone. Programs
show them in the reader's own zone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import date as Day

MAX_OCTETS = 75
"""Octets of a line, at most, without its end (RFC 5545, 3.1)."""

REFRESH = timedelta(minutes=15)
"""How often programs are asked to fetch it again. Most decide by themselves, some only once a day."""

SHORTEST = timedelta(minutes=1)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEntry:
    """One flight for a calendar: its texts, times and version. `uid` must stay the same from one fetch to the next.

    `begins` None: only the `day` is known. `sequence` grows with every change of the flight.
    """

    uid: str
    sequence: int
    changed_at: datetime
    day: Day
    begins: datetime | None
    ends: datetime | None
    cancelled: bool
    title: str
    description: str
    place: str
    url: str


def calendar_file(entry: CalendarEntry) -> bytes:
    """Return the calendar with this one event."""
    return b"".join(folded(line) for line in _lines(entry))


def folded(line: str) -> bytes:
    """Return a line as it is sent: in pieces of 75 octets, at most, that each hold whole characters."""
    pieces: list[bytes] = []
    piece = b""
    for character in line:
        octets = character.encode("utf-8", "replace")
        if len(piece) + len(octets) > MAX_OCTETS:
            pieces.append(piece)
            piece = b" "
        piece += octets
    return b"\r\n".join([*pieces, piece]) + b"\r\n"


def escaped(text: str) -> str:
    """Return a text as the value of a property."""
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _lines(entry: CalendarEntry) -> Iterator[str]:
    changed = _utc(entry.changed_at)
    minutes = int(REFRESH.total_seconds() // 60)
    yield "BEGIN:VCALENDAR"
    yield "VERSION:2.0"
    yield "PRODID:-//Windsock//Flights//EN"
    yield "CALSCALE:GREGORIAN"
    yield "METHOD:PUBLISH"
    yield f"NAME:{escaped(entry.title)}"
    yield f"X-WR-CALNAME:{escaped(entry.title)}"
    yield f"REFRESH-INTERVAL;VALUE=DURATION:PT{minutes}M"
    yield f"X-PUBLISHED-TTL:PT{minutes}M"
    yield "BEGIN:VEVENT"
    yield f"UID:{escaped(entry.uid)}"
    yield f"DTSTAMP:{changed}"
    yield f"LAST-MODIFIED:{changed}"
    yield f"SEQUENCE:{entry.sequence}"
    if entry.begins is None:
        yield f"DTSTART;VALUE=DATE:{entry.day:%Y%m%d}"
    else:
        yield f"DTSTART:{_utc(entry.begins)}"
        if entry.ends is not None and entry.ends - entry.begins >= SHORTEST:
            yield f"DTEND:{_utc(entry.ends)}"
    yield f"SUMMARY:{escaped(entry.title)}"
    yield f"DESCRIPTION:{escaped(entry.description)}"
    yield f"LOCATION:{escaped(entry.place)}"
    yield f"URL:{entry.url}"
    yield f"STATUS:{'CANCELLED' if entry.cancelled else 'CONFIRMED'}"
    yield f"TRANSP:{'TRANSPARENT' if entry.cancelled else 'OPAQUE'}"
    yield "END:VEVENT"
    yield "END:VCALENDAR"


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
