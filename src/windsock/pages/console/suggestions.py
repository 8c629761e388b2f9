"""Flights that a parked report may be about: the same number, the same aircraft, a plan near its times; ranked."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from windsock.collect.models import ParkedReport
from windsock.flights import Designator, Flight
from windsock.flights.delay import minutes_between
from windsock.journal.base import FlightQuery, Journal
from windsock.wording.durations import duration
from windsock.wording.language import gettext

AROUND = timedelta(hours=36)
"""How far from the report's times a flight may be planned: the day before and after, in every time zone."""

MAX_SUGGESTED = 3
MAX_FOUND = 20

_NUMBER, _AIRCRAFT = 200, 300
"""What the same number and the same aircraft weigh, in minutes of difference: a number is mistyped more easily."""


def suggestions(journal: Journal, parked: ParkedReport) -> list[tuple[Flight, str]]:
    """Return the most likely flights besides the candidates, and why each one is suggested. Two queries at most."""
    report: Mapping[str, Any] = parked.report if isinstance(parked.report, dict) else {}
    time = next(_times(report), parked.received_at)
    number, registration = str(report.get("flight") or ""), str(report.get("registration") or "")
    found: dict[str, Flight] = {}
    for text in filter(None, (number, registration)):
        query = FlightQuery(text=text, since=time - AROUND, until=time + AROUND, limit=MAX_FOUND)
        found |= {record.flight.id: record.flight for record in journal.find(query)}
    ranked = []
    for flight in found.values():
        same_number = _is_number(flight, number)
        same_aircraft = bool(registration) and _plain(flight.registration) == _plain(registration)
        if flight.id in parked.candidates or not (same_number or same_aircraft):
            continue
        planned = flight.departure.scheduled or flight.departure.estimated or flight.departure.actual
        apart = None if planned is None else minutes_between(time, planned)
        weight = _NUMBER * same_number + _AIRCRAFT * same_aircraft - (1000 if apart is None else abs(apart))
        ranked.append((-weight, flight.id, flight, _why(same_number, same_aircraft, apart)))
    return [(flight, why) for _, _, flight, why in sorted(ranked)[:MAX_SUGGESTED]]


def _why(same_number: bool, same_aircraft: bool, apart: int | None) -> str:
    words = [gettext("same number")] if same_number else []
    if same_aircraft:
        words.append(gettext("same aircraft"))
    if apart is not None and apart < 0:
        words.append(gettext("planned {duration} before the report's time", duration=duration(apart)))
    elif apart is not None:
        words.append(gettext("planned {duration} after the report's time", duration=duration(apart)))
    return ", ".join(words)


def _is_number(flight: Flight, number: str) -> bool:
    try:
        wanted = str(Designator.parse(number, flight.date))
    except ValueError:
        return False
    return wanted == flight.designator or wanted in flight.codeshares


def _times(report: Mapping[str, Any]) -> Iterator[datetime]:
    """Yield the times of the report's departure side, then its others."""
    for part in ("departure", "takeoff", "landing", "arrival"):
        values = report.get(part)
        for value in values.values() if isinstance(values, dict) else ():
            if isinstance(value, str) and value[10:11] == "T":
                yield datetime.fromisoformat(value)


def _plain(registration: str | None) -> str:
    return (registration or "").replace("-", "").upper()
