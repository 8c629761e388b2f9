"""The board on the whole terminal, with keys; the terminal is as before when it ends, however it ends."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from datetime import timedelta
from time import monotonic

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from windsock.cli.board_view import BoardView
from windsock.cli.console import console
from windsock.cli.flight_view import FlightWithHistory, flight_view
from windsock.cli.keys import READ_BYTES, KeyReader, single_keys
from windsock.client import WindsockClient
from windsock.client.backlog import Update
from windsock.errors import WindsockError
from windsock.protocol.client_outputs import Happened
from windsock.wording.durations import span

ESCAPE_SECONDS = 0.05
"""Terminals send the sequence of a key at once; what has not come by then is the Escape key alone."""


class Screen:
    """Draws the board anew after each change, each key, and each new size of the terminal.

    `fetch` gets a flight with its history from the service; it blocks, and is called in a thread. `pressed` is set when
    there is something to draw; `quit` when the reader has had enough.
    """

    def __init__(self, topics: list[str], fetch: Callable[[str], FlightWithHistory]) -> None:
        self._view = BoardView(topics)
        self._fetch = fetch
        self._live = Live(console=console(), screen=True, auto_refresh=False, vertical_overflow="crop")
        self._restored = contextlib.ExitStack()
        self._client: WindsockClient | None = None
        self._reader = KeyReader()
        self._begun = monotonic()
        self._detail: FlightWithHistory | str = ""
        self._fetching: asyncio.Task[None] | None = None
        self.pressed = asyncio.Event()
        self.quit = False

    def __enter__(self) -> None:
        self._begun = monotonic()
        with contextlib.ExitStack() as stack:
            keys = stack.enter_context(single_keys())
            self._live.start()
            stack.callback(self._live.stop)
            loop = asyncio.get_running_loop()
            if keys is not None:
                loop.add_reader(keys, self._read, keys)
                stack.callback(loop.remove_reader, keys)
                self._view.keys = True
            if hasattr(signal, "SIGWINCH"):
                loop.add_signal_handler(signal.SIGWINCH, self.pressed.set)
                stack.callback(loop.remove_signal_handler, signal.SIGWINCH)
            self._restored = stack.pop_all()

    def __exit__(self, *_: object) -> None:
        if self._fetching is not None:
            self._fetching.cancel()
        self._restored.close()

    def begin(self, client: WindsockClient) -> None:
        self._view.canonical(sorted(client.topics))
        self._client = client
        self.draw(client)

    def note(self, update: Update) -> None:
        self._view.note(update)
        if isinstance(update, Happened) and update.event.flight.id == self._view.window.detail:
            self._get_detail()

    def draw(self, client: WindsockClient) -> None:
        self.pressed.clear()
        size = self._live.console.size
        self._live.update(self._shown(client, size.height, size.width), refresh=True)

    def summary(self) -> str:
        """Return what was seen: "departures:JFK: 41 changes in 6 min"."""
        changes = self._view.changes
        noun = "change" if changes == 1 else "changes"
        return f"{self._view.name}: {changes} {noun} in {span(timedelta(seconds=monotonic() - self._begun))}"

    def _shown(self, client: WindsockClient, height: int, width: int) -> RenderableType:
        if not self._view.window.detail:
            return self._view.screen(client, height, width)
        if isinstance(self._detail, str):
            body: RenderableType = Text(self._detail or "…", style="yellow")
        else:
            # Beside the timeline: the flight in eight lines, the rest's line, and the two below.
            body = flight_view(self._detail, self._view.now(client), last=max(1, height - 12))
        back = Text("Esc back to the board  q back", style="dim") if self._view.keys else Text()
        return Group(body, Text(), back, self._view.footer(client))

    def _read(self, keys: int) -> None:
        try:
            sent = os.read(keys, READ_BYTES)
        except OSError:
            sent = b""
        if not sent:  # the terminal is gone
            self.quit = True
            self.pressed.set()
            return
        self._press(self._reader.feed(sent))
        if self._reader.waiting:
            asyncio.get_running_loop().call_later(ESCAPE_SECONDS, self._escape)

    def _escape(self) -> None:
        self._press(self._reader.give_up())

    def _press(self, pressed: list[str]) -> None:
        if self._client is None:
            return
        for key in pressed:
            before = self._view.window.detail
            if not self._view.press(key, self._client, self._live.console.size.height):
                self.quit = True
            if self._view.window.detail and self._view.window.detail != before:
                self._detail = ""
                self._get_detail()
        self.pressed.set()

    def _get_detail(self) -> None:
        if self._fetching is not None:
            self._fetching.cancel()
        self._fetching = asyncio.ensure_future(self._fetch_detail(self._view.window.detail))

    async def _fetch_detail(self, flight: str) -> None:
        try:
            self._detail = await asyncio.to_thread(self._fetch, flight)
        except WindsockError as error:
            self._detail = str(error)
        self.pressed.set()
