"""What all verbs share: the console to print on, errors for people, and the start of Django."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from windsock.errors import ConfigError, WindsockError

if TYPE_CHECKING:
    from rich.console import Console


def console(*, stderr: bool = False) -> "Console":
    """Return a rich console on the terminal. It is imported late, so that `windsock --help` does not wait for it."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def say(text: str) -> None:
    """One line for people, on stderr, so that stdout stays clean for pipes."""
    print(text, file=sys.stderr, flush=True)


def fail(message: str, code: int = 1) -> NoReturn:
    """End the command with one clear sentence."""
    say(f"windsock: {message}")
    raise SystemExit(code)


def use_data_directory(data: Path | None) -> None:
    """Use `--data` as the service's data directory; without it, the environment or the default."""
    if data is not None:
        os.environ["WINDSOCK_DATA"] = str(data.expanduser().resolve())


def start_django() -> None:
    """Load Django with the settings of DJANGO_SETTINGS_MODULE, else with those of the ready-made service.

    Raises ConfigError with one sentence if the extra packages of the service are missing.
    """
    ours = os.environ.setdefault("DJANGO_SETTINGS_MODULE", "windsock.service.settings")
    try:
        import django

        django.setup()
    except ModuleNotFoundError as error:
        if ours == "windsock.service.settings":
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
            f"The database is not up to date ({len(missing)} migrations are missing). "
            "Run: windsock serve --migrate (or: python -m django migrate)"
        )
