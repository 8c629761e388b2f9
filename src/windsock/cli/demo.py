"""`windsock demo`: one command, and a real day of flights comes alive."""

import gc
import json
import math
import os
import threading
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from windsock.cli.console import fail, migrate, say, start_django, use_data_directory

if TYPE_CHECKING:
    from windsock.cli.day import LoadedDay
    from windsock.replay.player import Replay

USER = "demo"
TOKEN_NAME = "windsock demo"
LINK_SECONDS = 24 * 3600
"""A sign-in link waits for as long as a demo is likely to run: somebody starts it, and opens it after the meeting. It
still works once, and ends with the demo. L prints another one."""

PERMISSIONS = ("publish", "operate_feeds")
"""What the user `demo` may do beside reading: publish delays, and use the console."""

FEEDS = {"telex": {"format": "mvt"}}
"""The feeds of the demo: the one whose two telexes wait in the console."""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(name="demo")(demo)


def demo(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    data: Annotated[
        Path | None,
        typer.Option(help="Where the demo keeps its database.", show_default="~/.local/share/windsock"),
    ] = None,
    day: Annotated[
        str, typer.Option(help="storm, snow, or a file with BTS on-time data (csv, gz, zip).")
    ] = "storm",
    speed: Annotated[float, typer.Option(help="Speed as a factor of real time.")] = 60,
    from_time: Annotated[
        str | None,
        typer.Option(
            "--at",
            "--from",
            metavar="HH:MM",
            help="Local time to begin at. The storm is at its worst at 17:44, the snow at 11:30.",
            show_default="07:00",
        ),
    ] = None,
) -> None:
    """Show a real day of flights, live, on your machine.

    Departures, delays and aircraft are real. What the data lacks is added and marked as "staged": arrivals in New
    York, gates, belts, codeshares, estimates, reasons, a ground stop, a diversion, and two telexes for the console.

    Each start plays the day from the beginning, in a database of its own (demo.sqlite3). When the day is over, the
    boards stay as they are. Space pauses and resumes, L prints a new sign-in link, Ctrl-C ends.

    Examples:

    windsock demo --at 17:44

    windsock demo --day snow --at 11:30 --speed 10
    """
    from windsock.cli import demo_guide, progress, serving
    from windsock.cli.day import load

    if not speed > 0 or math.isinf(speed):
        fail(f"{speed} is not a speed to watch; use a factor such as 60.", 2)
    taken = serving.listen("127.0.0.1", port)
    use_data_directory(data)
    from windsock.cli.data import data_directory

    # Almost everything that is made from here on stays: searching it for garbage would take a tenth of the start.
    gc.disable()
    directory = data_directory()
    # Never the database of a real service: each start of the demo forgets every flight in its own.
    os.environ["DATABASE_URL"] = f"sqlite:///{(directory / 'demo.sqlite3').as_posix()}"
    os.environ["DJANGO_SETTINGS_MODULE"] = "windsock.service.settings"
    # Nor its feeds: real flights of today have no place in a day of 2013.
    os.environ.update(WINDSOCK_FEEDS=json.dumps(FEEDS))
    # The day is an hour's viewing: one line per warning, and the terminal stays readable.
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    start_django()
    loaded = load(day, staged=True)
    migrate()
    run = _begin(loaded, from_time, speed)
    progress.say_faults(loaded)
    demo_guide.headline(_version(), loaded)
    _load(run, loaded)

    url = serving.address("127.0.0.1", port)
    user = _account()
    link, token = _sign_in_link(user, url, loaded), _token(user, directory)
    demo_guide.print_guide(url, link, token, run, loaded, speed=speed)
    over = threading.Event()
    notes: deque[str] = deque()

    def another_link() -> None:
        notes.append(_sign_in_link(user, url, loaded))

    threading.Thread(target=_play, args=(run, loaded), name="replay", daemon=True).start()
    screen = threading.Thread(
        target=progress.follow,
        args=(run, loaded),
        kwargs={"speed": speed, "done": over, "notes": notes},
        name="progress",
        daemon=True,
    )
    config = serving.configure(log_level="warning")
    gc.enable()
    with progress.pause_on_request(run, keys={b"l": another_link, b"L": another_link}):
        screen.start()
        try:
            serving.run(config, taken)
        finally:
            run.stop()
            over.set()
            screen.join(1)
    from windsock.ingest import stop

    stop(1.0)
    _end_links(user)
    say("Windsock demo ended.")


def _begin(loaded: "LoadedDay", from_time: str | None, speed: float) -> "Replay":
    """Create a fresh journal, and return the replay that will fill it."""
    from windsock.ingest import pipeline
    from windsock.ingest.replay import IntoJournal
    from windsock.replay.player import Listener, Replay

    start = loaded.at(from_time or loaded.begins)
    journal = pipeline().journal
    journal.reset()
    listener: Listener = IntoJournal(pipeline())
    if loaded.staging is not None:
        from windsock.collect.staged_day import IntoStagedJournal, forget_inputs

        forget_inputs()
        listener = IntoStagedJournal(IntoJournal(pipeline()), pipeline(), loaded.staging)
    return Replay(loaded.tells, listener, label=loaded.label, start=start, speed=speed)


def _load(run: "Replay", loaded: "LoadedDay") -> None:
    """Tells what lies before the start, under a progress bar."""
    from windsock.cli import progress

    done = threading.Event()
    screen = threading.Thread(
        target=progress.follow,
        args=(run, loaded),
        kwargs={"speed": math.inf, "done": done, "transient": True},
        name="progress",
        daemon=True,
    )
    screen.start()
    try:
        run.load()
    finally:
        done.set()
        screen.join(1)


def _play(run: "Replay", loaded: "LoadedDay") -> None:
    from windsock.cli import progress
    from windsock.errors import WindsockError

    try:
        run.run()
    except WindsockError as error:
        say(f"The replay has stopped: {error}")
        return
    if run.finished:
        progress.say_summary(loaded, run.summary, finished=True)
        say("The day is over; the boards stay as they are. To see it again: Ctrl-C, then windsock demo.")


def _account() -> Any:
    """Create the user `demo`, who may publish and operate feeds, has no password and is not an administrator."""
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Permission

    user, new = get_user_model().objects.get_or_create(username=USER)
    if new:
        user.set_unusable_password()
        user.save()
    granted = Permission.objects.filter(content_type__app_label="windsock", codename__in=PERMISSIONS)
    user.user_permissions.add(*granted)
    return user


def _sign_in_link(user: Any, url: str, loaded: "LoadedDay") -> str:
    """Return a link that signs in and opens the board of the day's hub."""
    from django.urls import reverse

    from windsock.access import tickets

    board = reverse("windsock:departures", args=[loaded.hub])
    return tickets.sign_in_link(user, url, next_path=board, seconds=LINK_SECONDS)


def _token(user: Any, directory: Path) -> Path:
    """Write a token for curl and the other verbs to a file that only its owner may read; revoke the previous one."""
    from windsock.access import tokens
    from windsock.access.models import Token

    for old in Token.objects.filter(user=user, name=TOKEN_NAME, revoked_at=None):
        tokens.revoke(old)
    _, secret = tokens.create(user, TOKEN_NAME, ("read", "publish"))
    path = directory / "demo-token"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret)
    return path


def _end_links(user: Any) -> None:
    """Revoke the sign-in links that nobody opened."""
    from windsock.access.models import Ticket

    Ticket.objects.filter(user=user, purpose="sign-in").delete()


def _version() -> str:
    from windsock import __version__

    return __version__
