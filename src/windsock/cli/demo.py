"""`windsock demo`: one command, and a real day of flights comes alive."""

import math
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from windsock.cli.console import console, fail, migrate, say, start_django, use_data_directory

if TYPE_CHECKING:
    from windsock.cli.day import LoadedDay
    from windsock.replay.player import Replay

USER = "demo"
TOKEN_NAME = "windsock demo"
# Somebody reads the terminal, fetches a coffee, and then opens the link.
LINK_SECONDS = 3600


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
        typer.Option("--from", metavar="HH:MM", help="Local time to begin at.", show_default="07:00"),
    ] = None,
) -> None:
    """Show a real day of flights, live, on your machine.

    Each start plays the day from the beginning, in a database of its own (demo.sqlite3). When the day is over, the
    boards stay as they are. Space pauses and resumes, Ctrl-C ends.
    """
    from windsock.cli import progress, serving
    from windsock.cli.day import load

    if not speed > 0 or math.isinf(speed):
        fail(f"{speed} is not a speed to watch; use a factor such as 60.", 2)
    taken = serving.listen("127.0.0.1", port)
    use_data_directory(data)
    from windsock.cli.data import data_directory

    directory = data_directory()
    # Never the database of a real service: each start of the demo forgets every flight in its own.
    os.environ["DATABASE_URL"] = f"sqlite:///{(directory / 'demo.sqlite3').as_posix()}"
    os.environ["DJANGO_SETTINGS_MODULE"] = "windsock.service.settings"
    # The day is an hour's viewing: one line per warning, and the terminal stays readable.
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    start_django()
    loaded = load(day)
    migrate()
    run = _begin(loaded, from_time, speed)
    progress.say_faults(loaded)
    say(f"Windsock {_version()}: {loaded.label}: {loaded.story}")
    _load(run, loaded)

    url = serving.address("127.0.0.1", port)
    user = _account()
    _welcome(url, _sign_in_link(user, url), _token(user, directory), run, loaded, speed)
    over = threading.Event()
    threading.Thread(target=_play, args=(run, loaded), name="replay", daemon=True).start()
    screen = threading.Thread(
        target=progress.follow,
        args=(run, loaded),
        kwargs={"speed": speed, "done": over},
        name="progress",
        daemon=True,
    )
    config = serving.configure(log_level="warning")
    with progress.pause_on_request(run):
        screen.start()
        try:
            serving.run(config, taken)
        finally:
            run.stop()
            over.set()
            screen.join(1)
    from windsock.ingest import stop

    stop(1.0)
    say("Windsock demo ended.")


def _begin(loaded: "LoadedDay", from_time: str | None, speed: float) -> "Replay":
    """Create a fresh journal, and return the replay that will fill it."""
    from windsock.ingest import pipeline
    from windsock.ingest.replay import IntoJournal
    from windsock.replay.player import Replay

    start = loaded.at(from_time or loaded.begins)
    journal = pipeline().journal
    journal.reset()
    return Replay(loaded.tells, IntoJournal(pipeline()), label=loaded.label, start=start, speed=speed)


def _load(run: "Replay", loaded: "LoadedDay") -> None:
    """Tells what lies before the start, under a progress bar."""
    from windsock.cli import progress

    done = threading.Event()
    screen = threading.Thread(
        target=progress.follow,
        args=(run, loaded),
        kwargs={"speed": math.inf, "done": done},
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
    """Create the user `demo`, who may publish, has no password and is not an administrator."""
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Permission

    user, new = get_user_model().objects.get_or_create(username=USER)
    if new:
        user.set_unusable_password()
        user.save()
    user.user_permissions.add(Permission.objects.get(content_type__app_label="windsock", codename="publish"))
    return user


def _sign_in_link(user: Any, url: str) -> str:
    from windsock.access import tickets

    return tickets.sign_in_link(user, url, seconds=LINK_SECONDS)


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


def _welcome(url: str, link: str, token: Path, run: "Replay", loaded: "LoadedDay", speed: float) -> None:
    """Print what to open and what to try next."""
    example = _example(run, loaded)
    screen = console()
    screen.print()
    screen.print(f"  [bold]Board[/]    {url}/airports/{loaded.hub}/departures/")
    # The link on a line of its own and unwrapped, so that it can be clicked and copied.
    screen.print("  [bold]Sign in[/]  once, within the hour:")
    screen.print(f"  {link}", soft_wrap=True, style="yellow")
    screen.print()
    screen.print("  [dim]Try next, in another terminal:[/]")
    screen.print(f'  export WINDSOCK_URL={url} WINDSOCK_TOKEN="$(cat {token})"', soft_wrap=True)
    screen.print(f"  windsock watch departures:{loaded.hub}")
    flight, on = example
    screen.print(f"  windsock publish {flight} --date {on} --delay 35 --reason 93")
    screen.print(
        '  curl -H "Authorization: Bearer $WINDSOCK_TOKEN" '
        f'"{url}/api/v1/flights?airport={loaded.hub}&direction=departures"',
        soft_wrap=True,
    )
    screen.print()
    pause = "  Space pauses." if screen.is_terminal else ""
    screen.print(
        f"  [dim]{loaded.local(run.start)} in {loaded.hub}, {speed:g} times as fast.{pause}  Ctrl-C ends.[/]"
    )
    screen.print()


def _example(run: "Replay", loaded: "LoadedDay") -> tuple[str, str]:
    """Return a flight that leaves the hub soon, to try things on."""
    soon = [
        row
        for row in loaded.rows
        if row.origin == loaded.hub and row.scheduled_out > run.start and not row.cancelled
    ]
    row = min(soon or loaded.rows, key=lambda row: row.scheduled_out)
    return f"{row.carrier}{row.number}", row.date.isoformat()


def _version() -> str:
    from windsock import __version__

    return __version__
