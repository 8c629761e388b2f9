"""Runs one verb of the command line as a process of its own."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys, typer
from windsock.cli import {verb}
from windsock.errors import WindsockError
app = typer.Typer(pretty_exceptions_enable=False)
{verb}.register(app)
app.callback()(lambda: None)
try:
    app()
except WindsockError as error:
    sys.exit(f"windsock: {{error}}")
"""


def command(verb: str, *arguments: str) -> list[str]:
    """The command line of `windsock VERB ARGUMENTS`, without importing the other verbs."""
    return [sys.executable, "-c", PROGRAM.format(verb=verb), verb, *arguments]


def environment(**extra: str) -> dict[str, str]:
    """A quiet terminal of 80 columns."""
    names = {name: value for name, value in os.environ.items() if not name.startswith("WINDSOCK")}
    return names | {"COLUMNS": "80", "LINES": "24", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"} | extra


def run(verb: str, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """Runs it to its end."""
    return subprocess.run(
        command(verb, *arguments),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment(**extra),
    )


async def start(verb: str, *arguments: str, **extra: str) -> asyncio.subprocess.Process:
    """Starts it; its output can be read line by line."""
    return await asyncio.create_subprocess_exec(
        *command(verb, *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(**extra),
        cwd=Path(__file__).parents[3],
    )
