"""`windsock airport`, `windsock airline`, `windsock rekey`: look codes up, and let flights follow corrected tables."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from windsock.cli.codes import complete_airport
from windsock.cli.console import Data, fail, open_existing, say, start_django, use_data_directory
from windsock.cli.data import leave_no_trace

if TYPE_CHECKING:
    from windsock.flights.airlines import Airline
    from windsock.flights.airports import Airport

Codes = Annotated[list[str], typer.Argument(help="IATA or ICAO codes, in any case.")]
AirportCodes = Annotated[
    list[str],
    typer.Argument(help="IATA or ICAO codes, in any case.", autocompletion=complete_airport),
]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command(name="airport")(airport)
    app.command(name="airline")(airline)
    app.command(name="rekey")(rekey)


def airport(codes: AirportCodes, data: Data = None) -> None:
    """Show airports by IATA or ICAO code: both codes, name, zone, and from which table they come.

    Exit code 1: a code is not known. Example: windsock airport JFK EGLL
    """
    _only_read_tables(data)
    from windsock.flights import airports

    unknown = []
    for code in codes:
        found = airports.airport(code)
        if found is None:
            unknown.append(code)
            continue
        print(_airport_line(found, code.strip().upper(), own=found in airports.own()))
    if unknown:
        fail(
            f"No airport {', '.join(unknown)} is known. An airport of your own can be added: see AIRPORTS in "
            "docs/reference/settings.md."
        )


def airline(
    codes: Codes,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day, since codes are reassigned. Default: today."),
    ] = None,
    data: Data = None,
) -> None:
    """Show carriers by IATA or ICAO code: both codes, name, since when, and the code their flights go by.

    Exit code 1: a code is not known. Example: windsock airline U2 --on 2019-06-01
    """
    _only_read_tables(data)
    from windsock.clock import system_clock
    from windsock.flights import airlines

    day = on.date() if on else system_clock().date()
    unknown = []
    for code in codes:
        found = airlines.airline(code, day)
        if found is None:
            unknown.append(code)
            continue
        print(_airline_line(found, airlines.canonical(code, day), own=found in airlines.own()))
    if unknown:
        fail(
            f"No carrier held {', '.join(unknown)} on {day}. Flights go by such a code as it is. A carrier can be "
            "added: see AIRLINES in docs/reference/settings.md."
        )


def rekey(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only print the flights that would move.")
    ] = False,
    data: Data = None,
) -> None:
    """Move stored flights to the ids that today's tables give them. Run it after a change of your own tables.

    Stop the service before: the flights move in one transaction, and every reader takes a fresh snapshot afterwards.
    """
    open_existing(data)
    from django.db import transaction

    from windsock.access import calendars
    from windsock.conf import config
    from windsock.ingest.current import merge_rules
    from windsock.journal import models
    from windsock.journal.rekeying import rekey as move
    from windsock.watchlist import store as watchlist

    using = config().database
    with transaction.atomic(using=using):
        done = move(using, models, merge_rules(config()))
        if dry_run:
            transaction.set_rollback(True, using=using)
    if not dry_run:
        calendars.follow(done.moved)
        watchlist.follow(done.moved)
    for line in done.lines():
        print(line)
    would = "would move" if dry_run else "moved"
    say(f"{len(done.moved)} flights {would}; {len(done.joined)} of them to a flight that is there already.")


def _only_read_tables(data: Path | None) -> None:
    """Start Django for the tables that its settings name. Looking up a code makes no data directory."""
    leave_no_trace()
    use_data_directory(data)
    start_django()


def _airport_line(found: "Airport", asked: str, *, own: bool) -> str:
    notes = ["your own table"] if own else []
    if asked not in (found.iata, found.icao):
        notes.append(f"{asked} is a former code")
    if found.closed:
        notes.append(f"closed {found.closed}")
    where = ", ".join(filter(None, (found.city, found.country)))
    return "  ".join(
        (
            f"{found.iata or '---'}  {found.icao or '----'}  {found.name} ({where})  {found.zone}",
            *([f"[{'; '.join(notes)}]"] if notes else []),
        )
    )


def _airline_line(found: "Airline", canonical: str, *, own: bool) -> str:
    notes = ["your own table"] if own else []
    if canonical not in (found.iata, None):
        notes.append(f"flights go by {canonical}")
    span = _span(found.valid_from, found.valid_to)
    line = f"{found.iata or '--'}  {found.icao or '---'}  {found.name}" + (f"  {span}" if span else "")
    return line + (f"  [{'; '.join(notes)}]" if notes else "")


def _span(start: date | None, end: date | None) -> str:
    if start is None and end is None:
        return ""
    return f"{start or '…'} to {end or 'now'}"
