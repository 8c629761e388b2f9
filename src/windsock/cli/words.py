"""A flight in the words and colours of the terminal. Plain text; colour is never the only carrier of a meaning."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from windsock.flights import Change, Flight
from windsock.flights.airports import airport
from windsock.flights.fields import LABELS
from windsock.flights.programmes import ProgrammeChange, Standing

Side = Literal["departure", "arrival"]


def minutes(count: int) -> str:
    """A number of minutes for people: "35 min", "1 h 35 min"."""
    hours, rest = divmod(abs(count), 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def delay(flight: Flight, side: Side = "departure") -> str:
    """The delay in words; empty where none is known."""
    at = flight.departure if side == "departure" else flight.arrival
    if at.delay_minutes is None:
        return "overdue" if "overdue" in flight.flags else ""
    if at.delay_minutes == 0:
        return "on time"
    if at.delay_minutes < 0:
        return f"{minutes(at.delay_minutes)} early"
    if at.delay_basis == "inferred":
        if side == "arrival" and not at.overdue_minutes:
            return f"about {minutes(at.delay_minutes)} late"
        return f"overdue, {minutes(at.delay_minutes)} or more"
    return f"{minutes(at.delay_minutes)} late"


def status(flight: Flight, side: Side = "departure") -> str:
    """Where the flight is, as a traveller would say it."""
    if flight.status == "cancelled":
        return "cancelled"
    if flight.diverted_to and flight.status not in ("arrived",):
        return f"diverted to {flight.diverted_to}"
    departing = side == "departure"
    gate, runway = (flight.departure, flight.takeoff) if departing else (flight.arrival, flight.landing)
    untimed = flight.stated_status is not None and not (gate.actual or runway.actual)
    if departing and flight.status in ("out", "airborne", "landed", "arrived"):
        if untimed:
            return "departed, time not known"
        return "departed" if flight.status != "out" else "off the gate"
    if untimed and flight.status in ("landed", "arrived"):
        return f"{flight.status}, time not known"
    return {"out": "off the gate", "airborne": "in the air"}.get(flight.status, flight.status)


def remark(flight: Flight, side: Side = "departure") -> str:
    """Status, delay and reason in one line, the news first."""
    if flight.status == "cancelled":
        parts = ["cancelled"]
    else:
        late, now = delay(flight, side), status(flight, side)
        parts = [late, now] if now not in ("scheduled", "unknown") else [late]
    parts += [reason.text or reason.code for reason in flight.delay_reasons[:1]]
    return ", ".join(part for part in parts if part) or status(flight, side)


def style(flight: Flight, side: Side = "departure") -> str:
    """The rich style of a flight's remark."""
    at = flight.departure if side == "departure" else flight.arrival
    if flight.status == "cancelled":
        return "bold red"
    if flight.diverted_to or "overdue" in flight.flags:
        return "magenta"
    if at.delay_minutes is not None and at.delay_minutes >= 60:
        return "red"
    if "delayed" in flight.flags or (at.delay_minutes or 0) >= 15:
        return "yellow"
    if flight.status in ("out", "airborne", "landed", "arrived"):
        return "dim"
    return "green" if at.delay_minutes is not None else ""


def local(time: datetime | None, code: str | None, flight: Flight | None = None) -> str:
    """The time at the airport in 24 hours, with "+1" where its calendar day is not the flight's; UTC where unknown."""
    if time is None:
        return ""
    place = airport(code) if code else None
    there = time.astimezone(place.tz if place else UTC)
    days = (there.date() - flight.date).days if flight is not None else 0
    return f"{there:%H:%M}{'' if place else 'Z'}{f'{days:+d}' if days else ''}"


def change(what: Change, origin: str | None = None) -> str:
    """One change in words: "Departure gate B12 → B14"; times at the origin are local there, others UTC."""
    path = what.field or what.kind
    before, after = _value(what.from_, path, origin), _value(what.to, path, origin)
    name = LABELS.get(path, path)
    if what.kind == "flight.added":
        return "added"
    if not before:
        return f"{what.kind}: {name} {after}".rstrip()
    return f"{what.kind}: {name} {before} → {after or 'nothing'}"


def event(flight: Flight, changes: tuple[Change, ...] | list[Change]) -> str:
    """One line for an event: when, which flight, from where to where, what happened, how it stands."""
    kinds = ", ".join(dict.fromkeys(each.kind for each in changes))
    when = f"{flight.updated_at:%H:%M:%SZ}" if flight.updated_at else ""
    route = f"{flight.origin}→{flight.destination or '?'}"
    return f"{when:9} {flight.designator:7} {route:8} {kinds}: {remark(flight)}".strip()


def programmes(standing: Standing, changes: Sequence[ProgrammeChange]) -> str:
    """One line for what changed in an airport's programmes: when, where, which ones, and why."""
    told = "; ".join(
        f"{change.programme.kind} {change.kind.removeprefix('programme.')}"
        + (f" until {change.programme.ends_at:%H:%MZ}" if change.programme.ends_at else "")
        + (f": {change.programme.reason}" if change.programme.reason else "")
        for change in changes
    )
    return f"{standing.updated_at:%H:%M:%SZ} {standing.airport:7} {told}"


def _value(value: object, name: str, origin: str | None) -> str:
    if value is None:
        return ""
    if isinstance(value, str) and len(value) >= 17 and value[10:11] == "T":
        try:
            time = datetime.fromisoformat(value)
        except ValueError:
            return value
        return (
            local(time, origin if name.startswith(("departure", "takeoff")) else None)
            if time.tzinfo
            else value
        )
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_value(item, name, origin) for item in value)
    if isinstance(value, dict):
        return str(value.get("text") or value.get("code") or value)
    return str(value)
