"""`windsock board`: the departures or arrivals of one airport, printed once, for people, mail and cron."""

from datetime import timedelta
from typing import Annotated

import typer

from windsock.cli.codes import airport_code, complete_airport
from windsock.cli.publish import Token, Url

DEFAULT_HOURS = 6
"""As far ahead as a traveller or an operator plans; a whole night is 12."""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(board)


def board(
    code: Annotated[
        str,
        typer.Argument(help="IATA or ICAO code of the airport.", autocompletion=complete_airport),
    ],
    arrivals: Annotated[bool, typer.Option("--arrivals", help="Arrivals instead of departures.")] = False,
    once: Annotated[
        bool, typer.Option("--once", help="Print and end, in a terminal too. In a pipe it always does.")
    ] = False,
    rows: Annotated[int | None, typer.Option(min=1, help="At most this many flights around now.")] = None,
    hours: Annotated[
        int, typer.Option(min=1, max=240, help="This many hours ahead, when printed.")
    ] = DEFAULT_HOURS,
    as_json: Annotated[bool, typer.Option("--json", help="Print the flights as JSON.")] = False,
    url: Url = "ws://127.0.0.1:8000",
    token: Token = None,
) -> None:
    """Print the board of an airport: late flights that have not left, then those of the next hours.

    In a terminal without --once it stays live, as `windsock watch departures:CODE` does.

    Examples:

    windsock board JFK --once

    windsock board LAX --arrivals --hours 3 | mail -s "LAX" ops@example.org

    Exit code 0: printed, with or without flights. 1: the service cannot be reached, or there is no such airport.
    """
    from windsock.cli.console import console  # late: `windsock --help` should not wait for them
    from windsock.cli.follow import follow
    from windsock.cli.printed_board import print_board

    topic = f"{'arrivals' if arrivals else 'departures'}:{airport_code(code)}"
    if not once and not as_json and console().is_terminal:
        follow([topic], url=url, token=token, as_json=False, patient=False)
        return
    print_board(topic, url=url, token=token, rows=rows, ahead=timedelta(hours=hours), as_json=as_json)
