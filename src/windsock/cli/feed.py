"""`windsock feed`: what a feed's input says, tried without recording; the feeds there are; files taken in."""

import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from windsock.cli.console import (
    Data,
    console,
    fail,
    open_existing,
    require_migrated,
    say,
    start_django,
    use_data_directory,
)
from windsock.clock import system_clock
from windsock.feeds.parsing import Parsed, Statement
from windsock.feeds.registry import FORMATS, Parser, format_named
from windsock.flights.programmes import Programme

if TYPE_CHECKING:
    from windsock.feeds.configuration import FeedSettings
    from windsock.ingest.results import Result

UTC_FORMATS = ["%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ"]
"""How a moment in UTC is written: as people do, and as the API does."""

feed_app = typer.Typer(
    name="feed",
    help="Try, list and feed in the inputs of feeds.",
    no_args_is_help=True,
    add_completion=False,
)


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.add_typer(feed_app)


@feed_app.command(name="test")
def try_input(
    name: Annotated[str, typer.Argument(help="A configured feed, or a format (see: windsock feed formats).")],
    file: Annotated[Path | None, typer.Argument(help="The input. Default: stdin.")] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(help='A key of the format, KEY=VALUE, a list as KEY=\'["A", "B"]\'; may be repeated.'),
    ] = None,
    received_at: Annotated[
        datetime | None,
        typer.Option(
            help="The time of receipt (UTC), from which months are inferred. Default: now.",
            formats=UTC_FORMATS,
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per report and fault.")
    ] = False,
    data: Data = None,
) -> None:
    """Print what an input would report and what that would change. Nothing is recorded.

    Exit code 0: all of it was understood; 1: parts of it were not, and are named.
    """
    use_data_directory(data)
    start_django()
    parser, source = _parser(name, option or [])
    moment = received_at.replace(tzinfo=UTC) if received_at is not None else system_clock()
    parsed = parser(_input(file), moment)
    outcomes = _dry_run(parsed, moment)
    if as_json:
        for statement, (result, match) in zip(parsed.statements, outcomes, strict=True):
            _print_json(
                {
                    "where": statement.where,
                    "report": statement.report,
                    "match": match,
                    "result": _plain(result),
                }
            )
        for programme in _listed(parsed):
            _print_json({"programme": programme})
        for fault in parsed.faults:
            _print_json({"fault": fault.message, "where": fault.path or fault.line, "raw": fault.raw})
    else:
        for statement, (result, match) in zip(parsed.statements, outcomes, strict=True):
            _print_statement(statement, result, match)
        for programme in _listed(parsed):
            until = "" if programme.ends_at is None else f" until {_shown(programme.ends_at)}"
            console().print(
                f"[bold green]✓[/] [bold]{programme.airport}[/] {programme.kind}{until}"
                f"  [dim]{_escaped(programme.reason or '')}[/]",
                soft_wrap=True,
            )
        for fault in parsed.faults:
            console().print(f"[bold red]✗[/] {_escaped(str(fault))}", soft_wrap=True)
            if fault.raw:
                console().print(f"    [dim]{_escaped(fault.raw.strip()[:200])}[/]", soft_wrap=True)
        say(f"{source}: {_summary(parsed)}, {_count(len(parsed.faults), 'fault')}. Nothing was recorded.")
    if parsed.faults:
        raise typer.Exit(1)


@feed_app.command()
def take(
    name: Annotated[str, typer.Argument(help="A configured feed.")],
    files: Annotated[list[Path] | None, typer.Argument(help="Inputs. Default: stdin.")] = None,
    data: Data = None,
) -> None:
    """Take inputs of a feed in, as if its source had sent them, and print the result of each."""
    open_existing(data)
    from windsock.collect.intake import Intake
    from windsock.ingest import pipeline, stop

    settings = _configured().get(name)
    if settings is None:
        fail(f"No feed {name!r} is configured. List them with: windsock feed list")
    intake = Intake(settings.name, settings.format.parser(settings.source, settings.options), pipeline())
    wrong = 0
    try:
        given: list[Path | None] = [*files] if files else [None]
        for path in given:
            taken = intake.take(_input(path), entrance="command")
            noun = "report" if taken.parsed.programmes is None else "programme"
            wrong += bool(taken.error or taken.faults or taken.parked)
            say(
                f"{'stdin' if path is None else path}: "
                + (
                    taken.error
                    or f"{_count(taken.recorded, noun)} recorded, {taken.changed} of them with changes; "
                    f"{taken.parked} parked; {_count(len(taken.faults), 'fault')}."
                )
            )
    finally:
        stop()
    if wrong:
        raise typer.Exit(1)


@feed_app.command(name="list")
def list_feeds(data: Data = None) -> None:
    """List the configured feeds with their state."""
    open_existing(data)
    from rich.table import Table

    from windsock.collect.feed_run import duty_name, is_run
    from windsock.collect.health import feed_state
    from windsock.collect.models import FeedState, ParkedReport
    from windsock.duties.health import attended

    feeds = _configured()
    if not feeds:
        say('No feeds are configured. Add them to feeds.toml in the data folder, or to WINDSOCK["FEEDS"].')
        return
    states = {state.name: state for state in FeedState.objects.filter(name__in=feeds)}
    run = attended([duty_name(name) for name in feeds])
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("FEED", "FORMAT", "STATE", "NEWEST REPORT", "PARKED", "LAST ERROR"):
        table.add_column(title, overflow="fold")
    for name, settings in feeds.items():
        state = states.get(name)
        parked = ParkedReport.objects.filter(feed=name, settled_at=None).count()
        table.add_row(
            name,
            settings.format.name,
            feed_state(settings, state or FeedState(name=name), attended=duty_name(name) in run),
            f"{state.reported_at:%Y-%m-%d %H:%M} UTC" if state and state.reported_at else "none yet",
            str(parked or "-"),
            _escaped(state.error[:80]) if state and state.error else "-",
        )
    console().print(table)
    if not run and any(map(is_run, feeds.values())):
        say(
            "Nobody runs the feeds. Start the server (windsock serve), or run them alone with: windsock ingest"
        )


@feed_app.command()
def formats() -> None:
    """List the supported formats, with the keys of each."""
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("FORMAT", "IS", "KEYS"):
        table.add_column(title, overflow="fold")
    for form in FORMATS.values():
        keys = ", ".join(f"{key} (needed)" if key in form.required else key for key in form.options)
        table.add_row(form.name, form.title, keys or "-")
    console().print(table)


def _configured() -> "dict[str, FeedSettings]":
    from windsock.conf import config
    from windsock.feeds.configuration import read

    return read(config().feeds)


def _parser(name: str, given: list[str]) -> tuple[Parser, str]:
    feeds = _configured()
    options: dict[str, Any] = dict(feeds[name].options) if name in feeds else {}
    for pair in given:
        key, mark, value = pair.partition("=")
        if not mark:
            fail(f"--option {pair!r} has no '='; give KEY=VALUE", 2)
        options[key.strip()] = _option_value(value.strip())
    form = feeds[name].format if name in feeds else format_named(name)
    unknown = [key for key in options if key not in form.options]
    if unknown:
        fail(f"{form.name} has no key {unknown[0]!r}; it takes: {', '.join(form.options) or 'none'}", 2)
    missing = [key for key in form.required if key not in options]
    if missing:
        fail(f"{form.name} needs --option {missing[0]}=VALUE", 2)
    source = feeds[name].source if name in feeds else name
    return form.parser(source, options), source


def _option_value(text: str) -> Any:
    """Return the value that feeds.toml would have: `["DL1", "DL2"]`, `3` and `true` are parsed, other text is kept."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, KeyError):
        return text


def _input(path: Path | None) -> bytes:
    if path is None:
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}.")


def _dry_run(parsed: Parsed, moment: datetime) -> "list[tuple[Result, str | None]]":
    from windsock.collect.intake import submissions_of
    from windsock.errors import WindsockError
    from windsock.ingest import pipeline
    from windsock.ingest.batch import dry_run
    from windsock.journal.base import Journal
    from windsock.journal.memory import MemoryJournal

    at = pipeline()
    journal: Journal = at.journal
    try:
        require_migrated()
    except WindsockError:
        # A user who only tries a telex need not have set up a service.
        say("There is no database of this version here, so the input is not compared with any flights.")
        journal = MemoryJournal()
    return dry_run(journal, submissions_of(parsed.statements), now=moment, rules=at.rules)


def _print_statement(statement: Statement, result: "Result", match: str | None) -> None:
    from windsock.ingest.results import Rejected

    out = console()
    if isinstance(result, Rejected):
        out.print(
            f"[bold yellow]?[/] {_escaped(statement.report.flight)}  [dim]{_escaped(statement.where)}[/]  "
            f"{_escaped(result.message)}",
            soft_wrap=True,
        )
        return
    out.print(
        f"[bold green]✓[/] [bold]{result.flight_id}[/]  [dim]{_escaped(statement.where)}, by {match}[/]",
        soft_wrap=True,
    )
    for change in result.changes:
        what = "" if change.field is None else f" {change.field}"
        out.print(
            f"    {change.kind}{what}: {_escaped(_shown(change.from_))} → {_escaped(_shown(change.to))}",
            soft_wrap=True,
        )
    if not result.changes:
        out.print("    [dim]nothing new[/]")


def _shown(value: object) -> str:
    if value is None or value is msgspec.UNSET:
        return "nothing"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M}Z"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _listed(parsed: Parsed) -> tuple[Programme, ...]:
    return () if parsed.programmes is None else parsed.programmes.programmes


def _summary(parsed: Parsed) -> str:
    if parsed.programmes is not None:
        return _count(len(parsed.programmes.programmes), "programme")
    return _count(len(parsed.statements), "report")


def _plain(result: "Result") -> Any:
    from windsock.ingest.results import Rejected

    if isinstance(result, Rejected):
        return {"error": result.code, "message": result.message, "candidates": result.candidates}
    return {"flight": result.flight_id, "changes": result.changes}


def _print_json(value: Any) -> None:
    print(msgspec.json.encode(value, enc_hook=str).decode())


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
