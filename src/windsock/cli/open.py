"""`windsock open`: the page of an airport or a flight in the browser; its address on stdout."""

import os
import sys
from typing import Annotated
from urllib.parse import urlencode

import typer

from windsock.cli.codes import complete_airport
from windsock.cli.publish import Url


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(name="open")(open_page)


def open_page(
    what: Annotated[
        str | None,
        typer.Argument(
            help="An airport's code, or a flight number. Default: the first page.",
            autocompletion=complete_airport,
        ),
    ] = None,
    arrivals: Annotated[bool, typer.Option("--arrivals", help="Arrivals instead of departures.")] = False,
    display: Annotated[bool, typer.Option("--display", help="The page for a screen on a wall.")] = False,
    only_print: Annotated[bool, typer.Option("--print", help="Only print the address.")] = False,
    url: Url = "http://127.0.0.1:8000",
) -> None:
    """Open the page of an airport or a flight in the browser, and print its address.

    Without a screen, or in a pipe, it only prints. Examples:

    windsock open JFK --arrivals

    windsock open DL1865 --print
    """
    from windsock.client.address import api_url

    address = api_url(url, page_of(what, arrivals=arrivals, display=display))
    print(address, flush=True)
    if only_print or not sys.stdout.isatty() or not _has_screen():
        return
    import webbrowser

    webbrowser.open(address)


def page_of(what: str | None, *, arrivals: bool, display: bool) -> str:
    """Return the path of the page: a board or a display for an airport, the search for everything else."""
    from windsock.cli.codes import use_tables_of_environment
    from windsock.flights import airports

    if not what:
        return "/"
    use_tables_of_environment()
    found = airports.airport(what) if len(what) <= 4 else None
    if found is None:
        return f"/?{urlencode({'q': what})}"
    direction = "arrivals" if arrivals else "departures"
    return f"/{'display' if display else 'airports'}/{found.code}/{direction}/"


def _has_screen() -> bool:
    return sys.platform in ("win32", "darwin") or "DISPLAY" in os.environ or "WAYLAND_DISPLAY" in os.environ
