"""What all verbs share: the console to print on, errors for people, and the start of Django."""

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from windsock.errors import ConfigError, WindsockError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


DATA_HELP = "The service's data directory. Default: WINDSOCK_DATA, else ~/.local/share/windsock."

Data = Annotated[Path | None, typer.Option(help=DATA_HELP)]
"""The option of every verb that works on a database here."""

READY_MADE = "windsock.service.settings"


def console(*, stderr: bool = False) -> "Console":
    """Return a rich console on the terminal. It is imported late, so that `windsock --help` does not wait for it."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def show(what: "RenderableType") -> None:
    """Print on stdout; in a pipe without the blanks that fill lines in a terminal."""
    out = console()
    if out.is_terminal:
        out.print(what)
        return
    with out.capture() as captured:
        out.print(what)
    print("\n".join(line.rstrip() for line in captured.get().rstrip().splitlines()))


def say(text: str) -> None:
    """One line for people, on stderr, so that stdout stays clean for pipes."""
    print(text, file=sys.stderr, flush=True)


def complain(message: str) -> None:
    """Print a refusal on stderr: "windsock: …", its first word red in a terminal."""
    if not sys.stderr.isatty():
        say(f"windsock: {message}")
        return
    from rich.text import Text

    console(stderr=True).print(Text.assemble(("windsock:", "bold red"), f" {message}"), soft_wrap=True)


def fail(message: str, code: int = 1) -> NoReturn:
    """End the command with one clear sentence."""
    complain(message)
    raise SystemExit(code)


def use_data_directory(data: Path | None) -> None:
    """Use `--data` as the service's data directory; without it, the environment or the default."""
    if data is not None:
        os.environ["WINDSOCK_DATA"] = str(data.expanduser().resolve())


def start_django() -> None:
    """Load Django with the settings of DJANGO_SETTINGS_MODULE, else with those of the ready-made service.

    Raises ConfigError with one sentence if the extra packages of the service are missing.
    """
    ours = os.environ.setdefault("DJANGO_SETTINGS_MODULE", READY_MADE)
    try:
        import django

        django.setup()
    except ModuleNotFoundError as error:
        if ours == READY_MADE:
            raise ConfigError(
                f"The ready-made service needs the package {error.name!r}. Install it with: "
                "python -m pip install 'windsock[server]'"
            ) from error
        raise ConfigError(f"DJANGO_SETTINGS_MODULE={ours} cannot be loaded: {error}.") from error


def migrate() -> None:
    """Brings the database up to date; quiet. Raises WindsockError when it cannot be reached or written."""
    from django.core.management import call_command
    from django.db import DatabaseError, connection

    try:
        call_command("migrate", verbosity=0, interactive=False)
    except DatabaseError as error:
        name = connection.settings_dict.get("NAME")
        raise WindsockError(f"The database {name} cannot be set up: {str(error).strip()}.") from error


def open_existing(data: Path | None) -> None:
    """Start Django on the database of a service that exists, and create nothing.

    Raises ConfigError that names the directory it looked at if there is no database, or if it is not up to date.
    """
    from windsock.cli.data import data_location, how_located

    use_data_directory(data)
    ready_made = os.environ.get("DJANGO_SETTINGS_MODULE", READY_MADE) == READY_MADE
    if ready_made and not os.environ.get("DATABASE_URL"):
        directory = data_location()
        if not (directory / "windsock.sqlite3").exists():
            demo = (directory / "demo.sqlite3").exists()
            raise ConfigError(
                f"There is no database of a service in {directory} ({how_located()})"
                + (", only that of a demo" if demo else "")
                + ". Name the directory of your service: --data DIRECTORY. A new service: windsock serve"
            )
    start_django()
    require_migrated()


def require_migrated() -> None:
    """Raise ConfigError, with the command that cures it, if the database lacks tables of this version."""
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        name = connection.settings_dict.get("NAME")
        raise WindsockError(f"The database {name} cannot be reached: {str(error).strip()}.") from error
    if missing:
        raise ConfigError(
            f"The database {connection.settings_dict.get('NAME')} is not up to date "
            f"({len(missing)} migrations are missing). Run: windsock serve --migrate{same_data()} "
            "(or: python -m django migrate)"
        )


def same_data() -> str:
    """Return the option that names the data directory again, if one was named."""
    given = os.environ.get("WINDSOCK_DATA")
    return f" --data {shlex.quote(given)}" if given else ""
