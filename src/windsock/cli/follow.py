"""Follows a client for the terminal until Ctrl-C: as a board, as lines, or as NDJSON."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine

from windsock.cli import lines
from windsock.cli.codes import use_tables_of_environment
from windsock.cli.console import console, say
from windsock.cli.flight_view import fetch
from windsock.cli.screen import Screen
from windsock.client import WindsockClient, connect
from windsock.client.backlog import Update
from windsock.protocol.client_outputs import (
    Happened,
    Noticed,
    Problem,
    ProgrammesChanged,
    State,
    StateChanged,
)
from windsock.protocol.codec import encode

# The highlight of a change fades and the clock moves on even when nothing happens.
REDRAW_SECONDS = 0.5

_ENDING = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]


def follow(topics: list[str], *, url: str, token: str | None, as_json: bool, patient: bool) -> None:
    """Show what happens to the topics until Ctrl-C, or the key q.

    Raises:
        WindsockError: The service cannot be reached, or ended the session.
    """
    use_tables_of_environment()
    client = connect(url, topics=topics, token=token, patient=patient)
    show: _Lines | Screen
    if as_json:
        show = _Lines(_json, url)
    elif console().is_terminal:
        show = Screen(topics, lambda flight: fetch(url, flight, token))
    else:
        show = _Lines(_line, url)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_until_interrupted(_follow(client, show)))
    finally:
        if summary := show.summary():
            say(summary)


async def _until_interrupted(work: Coroutine[None, None, None]) -> None:
    """Run the work. Ctrl-C, SIGTERM and SIGHUP end it, so that the terminal is restored and the socket closed."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for name in _ENDING:
        with contextlib.suppress(
            NotImplementedError
        ):  # not on Windows; there KeyboardInterrupt does the same
            loop.add_signal_handler(name, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _follow(client: WindsockClient, show: "_Lines | Screen") -> None:
    async with client:
        with show:
            show.begin(client)
            reading = asyncio.ensure_future(client.next_updates())
            while not show.quit:
                pressed = asyncio.ensure_future(show.pressed.wait())
                await asyncio.wait(
                    [reading, pressed], timeout=REDRAW_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                pressed.cancel()
                updates: list[Update] = []
                if reading.done():
                    updates = reading.result()
                    reading = asyncio.ensure_future(client.next_updates())
                for update in updates:
                    show.note(update)
                show.draw(client)
                if client.state is State.CLOSED:
                    break
            reading.cancel()
        if show.quit:
            return
    async for _ in client.updates():  # raises what ended the session, if it was not we
        pass


class _Lines:
    """One line per event on stdout; what concerns the connection goes to stderr."""

    quit = False

    def __init__(self, line: Callable[[Happened | ProgrammesChanged], str], url: str) -> None:
        self._line = line
        self._url = url
        self.pressed = asyncio.Event()  # there are no keys in a pipe

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...

    def begin(self, client: WindsockClient) -> None:
        flights = len(client.board)
        noun = "flight" if flights == 1 else "flights"
        say(f"windsock: connected to {self._url}: {flights} {noun}; a line for each event follows")

    def summary(self) -> str:
        return ""

    def note(self, update: Update) -> None:
        match update:
            case Happened() | ProgrammesChanged():
                print(self._line(update), flush=True)
            case StateChanged(state, why, retry_in) if state is not State.LIVE or why != "live":
                say(f"windsock: {state}: {why}" + (f"; next try in {retry_in:.1f} s" if retry_in else ""))
            case Problem(error):
                say(f"windsock: {error.message}")
            case Noticed(data):
                say(f"windsock: notice: {data}")
            case _:
                pass

    def draw(self, client: WindsockClient) -> None: ...


def _line(update: Happened | ProgrammesChanged) -> str:
    if isinstance(update, ProgrammesChanged):
        return lines.programmes_line(update.event.standing, update.event.changes)
    return lines.event_line(update.event.flight, update.event.changes)


def _json(update: Happened | ProgrammesChanged) -> str:
    return encode(update.event).decode()
