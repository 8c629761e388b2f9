"""How feeds build a report: only what the source says, dated by the origin's calendar, without refused fields."""

import re
from collections.abc import Collection
from datetime import UTC, datetime
from datetime import date as Day
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import UNSET

from windsock.errors import InvalidReport
from windsock.flights import Report, RunwayReport, airports
from windsock.flights.values import ValueReader, utc

WHO = ("flight", "date", "origin")
"""Without one of these that was given but is wrong, a report could reach another flight."""

_ENTRY = re.compile(r"(codeshares|delay_reasons)\[(\d{1,6})\](?:\.(\w+))?", re.ASCII)

_ZONE = re.compile(r"[A-Za-z_]{2,20}(?:/[A-Za-z0-9_+\-]{1,30}){1,2}|UTC", re.ASCII)

_NEEDED = ("scheme", "code")
"""A reason without these says nothing."""

_READER = ValueReader(datetime(2000, 1, 1, tzinfo=UTC))
"""Reads times only, for which it does not matter what time it is now."""


def said(**fields: Any) -> dict[str, Any]:
    """Return the fields that say something, times and days as text: no None (which would erase), nothing empty."""
    return {
        name: _spelt(value)
        for name, value in fields.items()
        if value is not None and value not in ("", [], {})
    }


def _spelt(value: Any) -> Any:
    if isinstance(value, datetime):
        return utc(value)
    return value.isoformat() if isinstance(value, Day) else value


def moment_of(text: str) -> datetime:
    """Return the moment, in UTC, of a text with an offset; raise ValueError that says what is wrong."""
    try:
        time, aware = _READER.clock("it", text)
    except InvalidReport as error:
        raise ValueError(error.message) from None
    if not aware:
        raise ValueError(f"it is {text[:40]!r}, a time without an offset")
    return time


def observed(time: datetime | None, received_at: datetime) -> datetime | None:
    """Return `time` as `observed_at`; None if it is later than the receipt, since clocks differ."""
    return time if time is not None and time <= received_at else None


def withheld(registration: object) -> bool:
    """Return whether a sender withholds the registration by XXXXX, which says nothing and is not a fault."""
    return (
        isinstance(registration, str)
        and len(registration) > 1
        and not registration.strip().upper().strip("X-")
    )


def without_runway_copies(report: Report) -> Report:
    """Return the report without gate estimates that only repeat the runway's time.

    Some providers fill the off-block estimate in with the take-off, and the in-block one with the landing. Nobody
    leaves a gate and the ground in the same minute: against the gate's plan, the time to taxi would be a delay.
    """
    runways = report.takeoff, report.landing
    for name, gate, runway in zip(
        ("departure", "arrival"), (report.departure, report.arrival), runways, strict=True
    ):
        if gate is UNSET or runway is UNSET or not _repeats(gate.estimated, runway):
            continue
        left = msgspec.structs.replace(gate, estimated=UNSET)
        report = msgspec.structs.replace(report, **{name: UNSET if left == type(left)() else left})
    return report


def without_arrivals_before_leaving(report: Report) -> tuple[Report, list[tuple[str, str]]]:
    """Return the report without estimates of an arrival or landing before it left, and a fault's words for each."""
    left = [
        part.actual
        for part in (report.departure, report.takeoff)
        if part is not UNSET and isinstance(part.actual, datetime)
    ]
    wrong: list[tuple[str, str]] = []
    if not left:
        return report, wrong
    for name in ("landing", "arrival"):
        part = getattr(report, name)
        if part is UNSET or not isinstance(part.estimated, datetime) or part.estimated >= max(left):
            continue
        told = (
            f"{name}.estimated is {utc(part.estimated)}, before it left at {utc(max(left))}; it is left out."
        )
        wrong.append((f"{name}.estimated", told))
        rest = msgspec.structs.replace(part, estimated=UNSET)
        report = msgspec.structs.replace(report, **{name: UNSET if rest == type(rest)() else rest})
    return report, wrong


def _repeats(estimated: Any, runway: RunwayReport) -> bool:
    return isinstance(estimated, datetime) and estimated in (runway.estimated, runway.actual)


def flight_date(departure: datetime | None, origin: str | None) -> Day | None:
    """Return the date at the origin when the flight is to leave; None if either is not known."""
    place = airports.airport(origin) if origin else None
    if place is None or departure is None:
        return None
    try:
        return departure.astimezone(place.tz).date()
    except OverflowError:
        return None


def zone(code: str | None, name: object = None) -> ZoneInfo | None:
    """Return the zone of the airport `code`, else the IANA zone `name`; None if neither is known."""
    place = airports.airport(code) if code else None
    if place is not None:
        return place.tz
    if not isinstance(name, str) or _ZONE.fullmatch(name) is None:
        return None
    try:
        return airports.zone(name)
    except (KeyError, ValueError, OSError):  # no such zone, or a folder of zones
        return None


def left_out(report: dict[str, Any], field: str, *, needed: Collection[str] = ("flight",)) -> bool:
    """Leave out a refused field (`arrival.gate`), one entry of its list (`codeshares[2]`) or a part of such an entry.

    Return False if it is not there, or is one of the `needed`, without which the rest must not be reported.
    """
    if field in needed:
        return False
    if (entry := _ENTRY.fullmatch(field)) is not None:
        return _entry_left_out(report, entry[1], int(entry[2]), entry[3])
    name, _, leaf = field.partition(".")
    part = report.get(name)
    if leaf and isinstance(part, dict):
        if leaf not in part:
            return False
        del part[leaf]
        if not part:
            del report[name]
        return True
    return report.pop(name, report) is not report


def _entry_left_out(report: dict[str, Any], name: str, index: int, leaf: str | None) -> bool:
    entries = report.get(name)
    if not isinstance(entries, list) or index >= len(entries):
        return False
    entry = entries[index]
    if leaf is not None and leaf not in _NEEDED and isinstance(entry, dict) and leaf in entry:
        del entry[leaf]
        return True
    del entries[index]
    if not entries:
        del report[name]
    return True
