"""The command `windsock`: its verbs, and one clear sentence for every error."""

import sys

# Before every import that an older Python could not even read, and in its words.
if sys.version_info < (3, 11):
    sys.exit("windsock: Python 3.11 or newer is needed; this is Python %d.%d." % sys.version_info[:2])

import importlib
import io
import os
from typing import Annotated

import typer

import windsock
from windsock.cli.console import complain
from windsock.errors import WindsockError

# Each exports `register(app)`. In the order in which a newcomer meets them, which is the order of `--help`.
VERBS = (
    "demo", "watch", "board", "flight", "open", "publish",
    "serve", "ingest", "replay", "feed", "token", "tables", "doctor",
)  # fmt: skip

app = typer.Typer(
    name="windsock",
    help="Publish and follow live flight-delay updates.",
    epilog="Begin with: windsock demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"windsock {windsock.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    pass


for _verb in VERBS:
    importlib.import_module(f"windsock.cli.{_verb}").register(app)


def main() -> None:
    """Run the command line. Exit code 0: done; 1: failed, and the text says why; 2: wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        # A pipe or terminal of another encoding (cp1252, ASCII) gets "?" for a sign it does not have, not an exception.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        app()
    except WindsockError as error:
        complain(str(error))
        sys.exit(1)
    except SystemExit as end:
        if not isinstance(end.__context__, BrokenPipeError):
            raise
        # Whoever read our output has gone (`windsock watch … | head`): nothing is wrong, whatever click says. Keeps
        # the interpreter from complaining again when it flushes stdout on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


if __name__ == "__main__":
    main()
