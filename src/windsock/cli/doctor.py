"""`windsock doctor`: ask the service, check settings, database, duties and access here, and name each fault's cure."""

import io
import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Annotated

import typer

import windsock
from windsock.cli.console import READY_MADE, Data, start_django, use_data_directory
from windsock.cli.data import data_location, how_located, leave_no_trace
from windsock.cli.diagnosis import access, database, processes, service, settings, tables
from windsock.cli.diagnosis.finding import Finding, State
from windsock.cli.publish import Token
from windsock.errors import WindsockError

MARKS: dict[State, str] = {"ok": "✓", "warning": "!", "wrong": "✗"}
PLAIN_MARKS: dict[State, str] = {"ok": "ok", "warning": "!!", "wrong": "NO"}

NEEDS_DATABASE = frozenset(
    {"migrations", "clock", "cursors", "tokens", "duties", "secret key", "permission", "system checks"}
)


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(name="doctor")(doctor)


def doctor(
    url: Annotated[
        str | None, typer.Option(envvar="WINDSOCK_URL", help="The address of a service to ask first.")
    ] = None,
    token: Token = None,
    data: Data = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Ask the service at --url, then check everything that a service here depends on. Leaves no trace.

    Exit code 1 if something is wrong (✗); warnings (!) do not count.

    Examples:

    windsock doctor --url https://delays.example.org

    windsock doctor --data /var/lib/windsock
    """
    leave_no_trace()
    use_data_directory(data)
    findings = [_python(), *(service.examine(url, token) if url else ())]
    if url and (elsewhere := _no_service_here()):
        findings.append(elsewhere)
    else:
        findings += examine()
    if as_json:
        import msgspec

        print(msgspec.json.encode([asdict(finding) for finding in findings]).decode())
    else:
        marks = MARKS if _can_print("✓✗→") else PLAIN_MARKS
        if marks is PLAIN_MARKS and isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(
                errors="replace"
            )  # the name of an airport or a database may have any letters
        width = max(len(finding.what) for finding in findings)
        for finding in findings:
            print(f"{marks[finding.state]} {finding.what:<{width}}  {finding.found}")
            if finding.cure:
                print(
                    f"  {'':<{width}}  -> {finding.cure}"
                    if marks is PLAIN_MARKS
                    else f"  {'':<{width}}  → {finding.cure}"
                )
    if any(finding.state == "wrong" for finding in findings):
        raise typer.Exit(1)


def examine() -> Iterator[Finding]:
    """Yield every finding about a service here, dependencies first; stop where nothing more can be examined."""
    try:
        start_django()
    except WindsockError as error:
        found, _, command = str(error).partition(" Install it with: ")
        yield Finding(
            "channel layer" if "channels-redis" in found else "settings",
            "wrong",
            found,
            command or "Correct this setting, or the environment variable it comes from.",
        )
        return
    except Exception as error:  # a host's own settings may raise anything
        yield Finding(
            "settings",
            "wrong",
            f"{type(error).__name__}: {error}",
            "Correct DJANGO_SETTINGS_MODULE or the module it names.",
        )
        return
    yield _django()
    looks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("configuration", settings.configuration),
        ("data directory", settings.data_directory),
        ("database", database.database),
        ("migrations", database.migrations),
        ("clock", database.clock),
        ("channel layer", processes.channel_layer),
        ("duties", processes.duties),
        ("cursors", database.cursors),
        ("secret key", processes.secret_key),
        ("tokens", access.tokens),
        ("permission", access.permission),
        ("airports", tables.airports_and_airlines),
        ("system checks", settings.system_checks),
    ]
    reachable = True
    for what, look in looks:
        if not reachable and what in NEEDS_DATABASE:
            continue
        try:
            for finding in look():
                if finding.what in ("database", "migrations") and finding.state == "wrong":
                    reachable = False
                yield finding
        except Exception as error:
            yield Finding(
                what, "wrong", f"{type(error).__name__}: {error}".strip(), "See the cures above first."
            )


def _no_service_here() -> Finding | None:
    """Return a finding if nothing on this machine was named or found: then the service asked runs elsewhere."""
    named = ("WINDSOCK_DATA", "DATABASE_URL")
    ready_made = os.environ.get("DJANGO_SETTINGS_MODULE", READY_MADE) == READY_MADE
    try:
        directory = data_location()
    except WindsockError:
        return None
    if not ready_made or any(map(os.environ.get, named)) or (directory / "windsock.sqlite3").exists():
        return None
    found = f"none in {directory} ({how_located()}), so only the service above was examined"
    return Finding(
        "data here",
        "ok",
        found,
        "To examine its settings and database: windsock doctor --data DIR, on its machine",
    )


def _python() -> Finding:
    found = f"{platform.python_version()} at {sys.executable}; windsock {windsock.__version__}"
    return Finding("Python", "ok", found)


def _django() -> Finding:
    import django

    found = f"{django.get_version()} with {os.environ.get('DJANGO_SETTINGS_MODULE')}"
    if not (5, 2) <= django.VERSION[:2] < (6, 2):
        return Finding("Django", "warning", found, "Windsock is tested with Django 5.2 to 6.1.")
    return Finding("Django", "ok", found)


def _can_print(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
