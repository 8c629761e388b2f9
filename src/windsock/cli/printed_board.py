"""The board of one airport, fetched and printed once: plain text in a pipe."""

import asyncio
from datetime import timedelta

import msgspec
from rich.console import Group, RenderableType
from rich.text import Text

from windsock.cli.board_view import BoardView
from windsock.cli.console import console, show
from windsock.client import connect
from windsock.flights import Flight
from windsock.flights.airports import airport
from windsock.wording.programmes import describe_programme, relevant_programmes


def print_board(
    topic: str, *, url: str, token: str | None, rows: int | None, ahead: timedelta, as_json: bool
) -> None:
    """Print the board of a topic `departures:…` or `arrivals:…`, `ahead` of now; with `rows`, those around now.

    Raises:
        WindsockError: The service cannot be reached, or does not let you in.
    """
    flights, shown = asyncio.run(
        _fetched(topic, url=url, token=token, rows=rows, ahead=ahead, width=console().width)
    )
    if as_json:
        print(msgspec.json.encode(flights).decode())
    else:
        show(shown)


async def _fetched(
    topic: str, *, url: str, token: str | None, rows: int | None, ahead: timedelta, width: int
) -> tuple[list[Flight], RenderableType]:
    code = topic.partition(":")[2]
    async with connect(url, topics=[topic, f"programmes:{code}"], token=token) as client:
        view = BoardView([topic], ahead=ahead)
        every, flights = view.flights(client, None), view.flights(client, rows)
        parts: list[RenderableType] = [view.title(client)]
        place, standing, now = airport(code), client.programmes.get(code), view.now(client)
        if place is not None and standing is not None:
            for programme in relevant_programmes(standing.programmes, view.direction, now):
                said = describe_programme(programme, place.tz, now)
                parts.append(Text(" · ".join(filter(None, (said.what, said.why))), style="yellow"))
        if flights:
            parts.append(view.table(client, rows=rows, width=width))
        else:
            hours = int(ahead.total_seconds() // 3600)
            parts.append(Text(f"No {view.direction} in the next {hours} h."))
        if left := len(every) - len(flights):
            parts.append(Text(f"… and {left} more", style="dim"))
        return flights, Group(*parts)
