"""Which flight somebody means who types a number: asked of a service's search."""

import asyncio
from dataclasses import dataclass
from datetime import date as Day
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from windsock.cli.diagnosis.service import QUIET_TOPIC
from windsock.client import connect, http
from windsock.clock import system_clock
from windsock.errors import ClientError
from windsock.flights import Flight
from windsock.wording.status import dotted, spaced


class Hit(msgspec.Struct, frozen=True):
    """What is needed of a flight that the search found."""

    id: str
    number: str
    date: Day
    origin: str
    destination: str
    local: str = ""
    state: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedUp:
    """The flights that fit; one is what was meant. `others` are other days of the number, `nothing` why none fits."""

    candidates: list[Hit]
    others: list[str]
    nothing: str = ""


def look_up(
    url: str, text: str, token: str | None, *, date: str | None = None, origin: str | None = None
) -> LookedUp:
    """Return which flights the text means, on that day and from that airport if they are given. Blocks.

    Raises what `windsock.client.http.get` raises.
    """
    found = http.get(url, f"/api/v1/search?{urlencode({'q': text[:64]})}", token=token)
    today, other_days = _hits(found.get("flights")), _hits(found.get("other_days"))
    every = today + other_days
    number = str(found.get("number") or text).replace(" ", "")
    if date is not None:
        fitting = [hit for hit in every if f"{hit.date}" == date] or _on(url, number, token, date)
    else:
        fitting = today or other_days
        only = found.get("only_flight")
        fitting = [hit for hit in every if hit.id == only] or fitting
    if origin is not None:
        fitting = [hit for hit in (every if date is None else fitting) if hit.origin == origin]
    chosen = {hit.id for hit in fitting}
    others = sorted({f"{hit.date}" for hit in every if hit.id not in chosen})
    return LookedUp(
        candidates=fitting,
        others=others if len(fitting) == 1 else [],
        nothing=_nothing(found, text, date, origin, every),
    )


def _hits(found: object) -> list[Hit]:
    return msgspec.convert(found or [], list[Hit])


def _on(url: str, number: str, token: str | None, date: str) -> list[Hit]:
    """Return the flights of the number on a day that the search did not show."""
    query = urlencode({"q": number, "date": date, "limit": 50})
    answer = http.get(url, f"/api/v1/flights?{query}", token=token)
    flights = msgspec.convert(answer.get("flights") or [], list[Flight])
    return [
        Hit(flight.id, spaced(flight.designator), flight.date, flight.origin, flight.destination or "")
        for flight in flights
        if number in (flight.designator, flight.id, *flight.codeshares)
    ]


def _nothing(found: dict[str, Any], text: str, date: str | None, origin: str | None, every: list[Hit]) -> str:
    where = "".join((f" on {date}" if date else "", f" from {origin}" if origin else ""))
    days = sorted({str(day) for day in found.get("known_on") or ()} | {f"{hit.date}" for hit in every})
    if days:
        return f"No flight {text!r}{where} is known. It is known on {', '.join(days[-10:])}."
    similar = ", ".join(found.get("similar_numbers") or ())
    return f"No flight {text!r}{where} is known." + (f" Did you mean {similar}?" if similar else "")


def candidates_view(text: str, candidates: list[Hit]) -> RenderableType:
    """Return the flights that fit, each with the options that choose it."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for narrow in (True, True, True, True, False, True):
        table.add_column(no_wrap=narrow, overflow="fold")
    for hit in candidates:
        table.add_row(
            Text(hit.number, style="bold"),
            f"{hit.date}",
            f"{hit.origin}→{hit.destination or '?'}",
            hit.local,
            dotted(hit.state, hit.why),
            Text(f"--date {hit.date} --origin {hit.origin}", style="dim"),
        )
    return Group(Text(f"{len(candidates)} flights fit {text!r}. Choose one:"), table)


def service_now(url: str, token: str | None) -> datetime:
    """Return the service's time: during a replay it is not ours."""

    async def ask() -> datetime:
        async with connect(url, topics=[QUIET_TOPIC], token=token) as client:
            real = system_clock()
            return client.clock.at(real) if client.clock is not None else real

    try:
        return asyncio.run(ask())
    except ClientError:
        return system_clock()
