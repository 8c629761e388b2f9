"""`windsock serve`: the ready-made service."""

from pathlib import Path
from typing import Annotated

import typer

from windsock.cli.console import migrate, require_migrated, say, start_django, use_data_directory
from windsock.conf import SETTINGS, Setting


def register(app: typer.Typer) -> None:
    """Add the verb; its help lists the environment variables of every setting."""
    app.command(name="serve", epilog="\n\n".join(["Environment:", *map(_variable, SETTINGS.values())]))(serve)


def _variable(setting: Setting) -> str:
    return f"{setting.variable} ({setting.unit}; default {setting.shown_default}): {setting.help}"


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for every network.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    uds: Annotated[
        Path | None,
        typer.Option(help="Listen on this Unix socket instead, for a proxy on the same machine."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the port.")] = 1,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Directory of the database file and the secret key.", show_default="~/.local/share/windsock"
        ),
    ] = None,
    migrate_first: Annotated[
        bool,
        typer.Option("--migrate", help="Migrate the database first. A new SQLite file is always migrated."),
    ] = False,
) -> None:
    """Serve boards, API and live updates. Settings come from the environment: see the reference."""
    from windsock.cli import serving

    taken = serving.listen(host, port) if uds is None else serving.listen_at(uds.expanduser().absolute())
    use_data_directory(data)
    start_django()
    if migrate_first or _new_sqlite_file():
        migrate()
    else:
        require_migrated()
    config = serving.configure(workers=workers, unix_socket=uds is not None)
    from django.conf import settings

    where = f"unix:{uds}" if uds is not None else serving.address(host, port)
    say(
        f"Windsock serves on {where}{settings.FORCE_SCRIPT_NAME or ''}"
        + (f" with {workers} processes" if workers > 1 else "")
    )
    serving.run(config, taken)


def _new_sqlite_file() -> bool:
    from django.db import DatabaseError, connection

    if connection.vendor != "sqlite":
        return False
    try:
        # A command that only reads (`windsock feed list`) leaves a file without tables.
        return not connection.introspection.table_names()
    except DatabaseError:
        return False  # the check of migrations reports the reason
