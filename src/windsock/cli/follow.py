"""Follows a client for the terminal until Ctrl-C: as a board, as lines, or as NDJSON."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Coroutine

from windsock.cli import lines
from windsock.cli.board_view import BoardView
from windsock.cli.console import console, say
from windsock.cli.tables import use_tables_of_environment
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


def follow(topics: list[str], *, url: str, token: str | None, as_json: bool, patient: bool) -> None:
    """Show what happens to the topics until Ctrl-C.

    Raises:
        WindsockError: The service cannot be reached, or ended the session.
    """
    use_tables_of_environment()
    client = connect(url, topics=topics, token=token, patient=patient)
    show: _Lines | _Screen
    if as_json:
        show = _Lines(_json)
    elif console().is_terminal:
        show = _Screen(topics)
    else:
        show = _Lines(_line, board_first=True)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_until_interrupted(_follow(client, show)))


async def _until_interrupted(work: Coroutine[None, None, None]) -> None:
    """Run the work. Ctrl-C and SIGTERM end it, so that the terminal is restored and the socket closed."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(
            NotImplementedError
        ):  # not on Windows; there KeyboardInterrupt does the same
            loop.add_signal_handler(name, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _follow(client: WindsockClient, show: "_Lines | _Screen") -> None:
    async with client:
        with show:
            show.begin(client)
            reading = asyncio.ensure_future(client.next_updates())
            while True:
                await asyncio.wait([reading], timeout=REDRAW_SECONDS)
                updates: list[Update] = []
                if reading.done():
                    updates = reading.result()
                    reading = asyncio.ensure_future(client.next_updates())
                for update in updates:
                    show.note(update)
                show.draw(client)
                if client.state is State.CLOSED:
                    reading.cancel()
                    break
    async for _ in client.updates():  # raises what ended the session, if it was not we
        pass


class _Lines:
    """One line per event on stdout; what concerns the connection goes to stderr."""

    def __init__(
        self, line: Callable[[Happened | ProgrammesChanged], str], *, board_first: bool = False
    ) -> None:
        self._line = line
        self._board_first = board_first

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...

    def begin(self, client: WindsockClient) -> None:
        if self._board_first:
            view = BoardView(sorted(client.topics))
            console().print(view.title(client), view.table(client, rows=None))
            sys.stdout.flush()

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


class _Screen:
    """The board on the whole terminal, drawn anew after each change; the terminal is as before when it ends."""

    def __init__(self, topics: list[str]) -> None:
        from rich.live import Live

        self._view = BoardView(topics)
        self._live = Live(console=console(), screen=True, auto_refresh=False, vertical_overflow="crop")

    def __enter__(self) -> None:
        self._live.start()

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def begin(self, client: WindsockClient) -> None:
        self._view = BoardView(sorted(client.topics))
        self.draw(client)

    def note(self, update: Update) -> None:
        self._view.note(update)

    def draw(self, client: WindsockClient) -> None:
        self._live.update(self._view.screen(client, self._live.console.size.height), refresh=True)


def _line(update: Happened | ProgrammesChanged) -> str:
    if isinstance(update, ProgrammesChanged):
        return lines.programmes_line(update.event.standing, update.event.changes)
    return lines.event_line(update.event.flight, update.event.changes)


def _json(update: Happened | ProgrammesChanged) -> str:
    return encode(update.event).decode()
