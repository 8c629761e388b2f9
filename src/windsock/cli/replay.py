"""`windsock replay`: play a past day into the local database or to a server."""

import math
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from windsock.cli.console import fail, migrate, say, start_django, use_data_directory

if TYPE_CHECKING:
    from windsock.ingest.replay import IntoJournal


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(name="replay")(replay)


def replay(
    day: Annotated[
        str, typer.Argument(help="storm, snow, or a file with BTS on-time data (csv, gz, zip).")
    ] = "",
    speed: Annotated[
        str, typer.Option(help="Speed as a factor of real time; inf for as fast as possible.")
    ] = "inf",
    from_time: Annotated[
        str | None, typer.Option("--from", metavar="HH:MM", help="Play everything before this time at once.")
    ] = None,
    shift_to_now: Annotated[
        bool,
        typer.Option(
            "--shift-to-now", help="Play it as if it happened now: --from is now, else the day is today."
        ),
    ] = False,
    url: Annotated[str | None, typer.Option(help="A running server; without it, the local database.")] = None,
    token: Annotated[
        str | None, typer.Option(envvar="WINDSOCK_TOKEN", help="For --url: a token that may publish.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Where the local database lives.", show_default="~/.local/share/windsock"),
    ] = None,
    end: Annotated[
        bool,
        typer.Option(
            "--end", help="Play nothing: return the local service to the real clock after a replay."
        ),
    ] = False,
) -> None:
    """TimedReport an old day of flights again, only what was known when.

    Space pauses and resumes (or SIGUSR1), Ctrl-C stops. Afterwards the local service's clock stands at the day's
    end, so that its boards keep showing it, until: windsock replay --end
    """
    from windsock.cli import progress
    from windsock.cli.day import load
    from windsock.cli.day import shift_to_now as shift_for
    from windsock.replay.player import Listener, Replay

    factor = _factor(speed)
    if end:
        _local(data).forget_clock()
        say("The service has its real clock back.")
        return
    if not day:
        fail("Which day? Say storm, snow, or the name of a file.", 2)
    loaded = load(day)
    if shift_to_now:
        loaded = load(day, shift=shift_for(loaded, from_time))
    progress.say_faults(loaded)
    if from_time is not None:
        start = datetime.now(UTC) if shift_to_now else loaded.at(from_time)
    elif shift_to_now:
        start = datetime.now(UTC)
    else:
        start = loaded.first_movement

    listener: Listener
    if url is None:
        listener = _local(data)
    else:
        from windsock.cli.remote import OverHttp

        if not token:
            fail("A server takes reports only with a token: give --token or set WINDSOCK_TOKEN.", 2)
        listener = OverHttp(url, token)
    run = Replay(loaded.tells, listener, label=loaded.label, start=start, speed=factor)
    say(f"{loaded.label}: {loaded.story}; {run.total:,} reports to play")
    failure: list[BaseException] = []
    done = threading.Event()

    def work() -> None:
        try:
            run.run()
        except BaseException as error:
            failure.append(error)
        finally:
            done.set()

    player = threading.Thread(target=work, name="replay")
    with progress.pause_on_request(run):
        player.start()
        try:
            progress.follow(run, loaded, speed=factor, done=done)
        except KeyboardInterrupt:
            run.stop()
        player.join()
    if failure:
        raise failure[0]
    progress.say_summary(loaded, run.summary, finished=run.finished)
    if not run.finished:
        raise typer.Exit(130)


def _local(data: Path | None) -> "IntoJournal":
    """Return the local database as a listener, migrated."""
    use_data_directory(data)
    start_django()
    migrate()
    from windsock.ingest import pipeline
    from windsock.ingest.replay import IntoJournal

    return IntoJournal(pipeline())


def _factor(text: str) -> float:
    try:
        factor = float(text.rstrip("x×") if text not in ("max", "∞") else math.inf)
    except ValueError:
        factor = math.nan
    if not factor > 0:
        fail(f"{text!r} is not a speed; use a factor such as 60, or inf.", 2)
    return factor
