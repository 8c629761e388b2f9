"""`windsock watch`: a live board in the terminal, lines for a pipe, or events as NDJSON."""

from typing import Annotated

import typer

from windsock.cli.codes import complete_topic
from windsock.cli.publish import Token, Url


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(watch)


def watch(
    topics: Annotated[
        list[str] | None,
        typer.Argument(
            help="What to follow: departures:JFK, arrivals:JFK, airport:JFK, carrier:DL, route:JFK-LAX, "
            "flight:DL1865.2015-01-02.ATL, designator:DL1865, registration:N910DE, or all (the default).",
            autocompletion=complete_topic,
        ),
    ] = None,
    url: Url = "ws://127.0.0.1:8000",
    token: Token = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print each event as one line of JSON, for pipes.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Keep trying until the service answers.")] = False,
) -> None:
    """Show flights as they change, until Ctrl-C: in a terminal a board with keys (?), in a pipe one line per event.

    Examples:

    windsock watch departures:JFK

    windsock watch carrier:DL --json | jq .flight.status

    Exit code 0: ended by Ctrl-C or q. 1: the service cannot be reached, or does not let you in.
    """
    from windsock.cli.follow import follow  # late: `windsock --help` should not wait for it

    follow(topics or ["all"], url=url, token=token, as_json=as_json, patient=wait)
