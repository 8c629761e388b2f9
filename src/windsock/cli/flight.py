"""`windsock flight`: one flight, by its number: state, times, timeline."""

import json
from typing import Annotated

import typer

from windsock.cli.publish import Token, Url

SEVERAL = 3
"""The exit code when several flights fit."""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(flight)


def flight(
    number: Annotated[
        list[str],
        typer.Argument(
            metavar="FLIGHT",
            help="A flight number in any spelling (DL1865, 'delta 1865'), a codeshare, or a flight's id.",
        ),
    ],
    date: Annotated[
        str | None, typer.Option(help="The scheduled departure date at the origin: 2015-01-02.")
    ] = None,
    origin: Annotated[str | None, typer.Option(help="The airport it leaves from, of several legs.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the flight with its provenance and its events as JSON.")
    ] = False,
    url: Url = "http://127.0.0.1:8000",
    token: Token = None,
) -> None:
    """Show a flight: its state, the times at both ends, and what happened to it.

    A number that several flights have today lists them, with the option that chooses each.

    Examples:

    windsock flight DL1865

    windsock flight "delta 1865" --date 2013-07-01 --json | jq .flight.departure

    Exit code 0: one flight was shown. 1: no such flight is known, or the service cannot be reached. 2: wrong usage.
    3: several flights fit; they are listed.
    """
    from windsock.cli import flight_lookup  # late: `windsock --help` should not wait for it
    from windsock.cli.codes import airport_code
    from windsock.cli.console import console, fail, show
    from windsock.cli.flight_view import fetch_with_answer, flight_view
    from windsock.cli.publish import parse_date

    day = parse_date(date)
    text = " ".join(number)
    found = flight_lookup.look_up(url, text, token, date=day, origin=airport_code(origin) if origin else None)
    if not found.candidates:
        fail(found.nothing)
    if len(found.candidates) > 1:
        if as_json:
            print(json.dumps({"candidates": [hit.id for hit in found.candidates]}))
        else:
            show(flight_lookup.candidates_view(text, found.candidates))
        raise typer.Exit(SEVERAL)
    known, answer = fetch_with_answer(url, found.candidates[0].id, token)
    if as_json:
        print(json.dumps(answer))
        return
    show(flight_view(known, flight_lookup.service_now(url, token)))
    if found.others:
        console(stderr=True).print(f"Also known on {', '.join(found.others)} (--date).", style="dim")
