"""A replay in the terminal: a bar with the simulated clock, the space bar that pauses it, and the summary."""

import contextlib
import math
import os
import select
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from windsock.cli.console import console, say
from windsock.cli.day import FAULTS_SHOWN, LoadedDay
from windsock.cli.keys import single_keys
from windsock.replay.player import Replay, Summary

if TYPE_CHECKING:
    from rich.progress import Progress

REFRESH_SECONDS = 0.2


def follow(
    replay: Replay,
    day: LoadedDay,
    *,
    speed: float,
    done: threading.Event,
    notes: deque[str] | None = None,
    transient: bool = False,
) -> None:
    """Show the progress of the replay until `done` is set. Without a terminal: a line at each full simulated hour.

    Lines that other threads append to `notes` are printed above it. `transient`: it leaves no trace in the end.
    """
    screen = console(stderr=True)
    if not screen.is_terminal:
        hour = None
        while not done.wait(REFRESH_SECONDS):
            now = replay.now.astimezone(day.zone)
            if now.hour != hour and not math.isinf(speed):
                hour = now.hour
                say(
                    f"{now:%d %b %H:%M}  {replay.summary.reports:,} reports, {replay.summary.all_events:,} events"
                )
        return
    with _bar(transient=transient) as bar:
        task = bar.add_task(
            "", total=(replay.last - replay.start).total_seconds(), clock="", state="", counts=""
        )

        def update() -> None:
            while notes:
                bar.console.print(f"  {notes.popleft()}", style="yellow", soft_wrap=True)
            now, summary = replay.now, replay.summary
            state = (
                "paused, space resumes"
                if replay.paused
                else "loading"
                if now < replay.start
                else _factor(speed)
            )
            if now < replay.start or math.isinf(speed):
                begun, length = (
                    replay.first,
                    (replay.last if math.isinf(speed) else replay.start) - replay.first,
                )
            else:
                begun, length = replay.start, replay.last - replay.start
            bar.update(
                task,
                completed=(now - begun).total_seconds(),
                total=max(length.total_seconds(), 1),
                clock=f"{now.astimezone(day.zone):%a %d %b %H:%M}",
                state=state,
                counts=f"{summary.reports:,} reports  {summary.all_events:,} events",
            )

        while not done.wait(REFRESH_SECONDS):
            update()
        update()


def _bar(*, transient: bool) -> "Progress":
    from rich.progress import BarColumn, Progress, TextColumn

    return Progress(
        TextColumn("[bold yellow]{task.fields[clock]}"),
        BarColumn(bar_width=None, complete_style="yellow", finished_style="green"),
        TextColumn("{task.fields[state]}"),
        TextColumn("[dim]{task.fields[counts]}"),
        console=console(stderr=True),
        transient=transient,
        expand=True,
    )


def _factor(speed: float) -> str:
    return "full speed" if math.isinf(speed) else f"{speed:g}×"


@contextlib.contextmanager
def pause_on_request(
    replay: Replay, *, keys: Mapping[bytes, Callable[[], object]] | None = None
) -> Iterator[None]:
    """While the block runs, the space bar (in a terminal) and SIGUSR1 pause and resume the replay.

    `keys` are further keys of the terminal, and what each of them does.
    """
    actions = {b" ": replay.toggle, **(keys or {})}
    ended = threading.Event()
    previous = None
    if hasattr(signal, "SIGUSR1") and threading.current_thread() is threading.main_thread():
        previous = signal.signal(signal.SIGUSR1, lambda *_: replay.toggle())
    with single_keys() as terminal:
        if terminal is not None:
            threading.Thread(
                target=_listen, args=(terminal, actions, ended), name="keys", daemon=True
            ).start()
        try:
            yield
        finally:
            ended.set()
            if previous is not None:
                signal.signal(signal.SIGUSR1, previous)


def _listen(terminal: int, actions: Mapping[bytes, Callable[[], object]], ended: threading.Event) -> None:
    while not ended.is_set():
        ready, _, _ = select.select([terminal], [], [], 0.2)
        if ready and (action := actions.get(os.read(terminal, 1))) is not None:
            action()


def say_faults(day: LoadedDay) -> None:
    """Tells the wrong lines: the first ones in full, and how many there are."""
    for fault in day.faults[:FAULTS_SHOWN]:
        say(f"  skipped {fault}")
    if len(day.faults) > FAULTS_SHOWN:
        say(f"  … and {len(day.faults) - FAULTS_SHOWN:,} more wrong lines")


def say_summary(day: LoadedDay, summary: Summary, *, finished: bool) -> None:
    """Print what was read, played and recorded."""
    rate = summary.reports / summary.seconds if summary.seconds else 0.0
    events = summary.all_events / summary.seconds if summary.seconds else 0.0
    say(f"{day.label}: {'played to the end' if finished else 'stopped before the end'}.")
    say(f"  {len(day.rows) + len(day.faults):,} rows read, {len(day.faults):,} of them wrong and skipped")
    say(f"  {summary.reports:,} reports ({rate:,.0f}/s), {len(summary.refused):,} of them refused")
    say(
        f"  {summary.all_events:,} events ({events:,.0f}/s), "
        f"{summary.overdue_events:,} of them because nobody spoke about a flight"
    )
    for refusal in summary.refused[:FAULTS_SHOWN]:
        say(f"  refused {refusal}")
