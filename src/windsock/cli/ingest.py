"""`windsock ingest`: runs the configured feeds, and nothing else."""

import signal
import threading
from types import FrameType
from typing import Annotated

import typer

from windsock.cli.console import Data, open_existing, say
from windsock.errors import ConfigError

# Long enough for what is under way: a poll that has its answer, and the commit.
STOP_SECONDS = 20.0


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(ingest)


def ingest(
    only: Annotated[
        list[str] | None, typer.Option("--feed", help="Only this feed; may be repeated. Default: all.")
    ] = None,
    data: Data = None,
) -> None:
    """Run the configured feeds until Ctrl-C: poll providers, empty folders and mailboxes.

    `windsock serve` does it too, unless WINDSOCK_RUN_FEEDS is 0; of several processes one runs each feed at a time.
    """
    open_existing(data)
    from windsock.collect.feed_duties import FeedRunner
    from windsock.collect.feed_run import is_run
    from windsock.conf import config
    from windsock.feeds.configuration import read
    from windsock.ingest import pipeline, stop

    feeds = read(config().feeds)
    unknown = [name for name in only or [] if name not in feeds]
    if unknown:
        raise ConfigError(
            f"No feed {unknown[0]!r} is configured. There are: {', '.join(sorted(feeds)) or 'none'}."
        )
    feeds = {name: settings for name, settings in feeds.items() if not only or name in only}
    if not any(map(is_run, feeds.values())):
        raise ConfigError(
            "There is no feed to run: no configured feed is polled, read from a folder or received by mail. "
            'Say which in feeds.toml of the data folder, or in WINDSOCK["FEEDS"].'
        )
    supervisor = FeedRunner(feeds, pipeline())
    ended = threading.Event()

    def end(signum: int, frame: FrameType | None) -> None:
        if ended.is_set():
            raise SystemExit(1)  # the second time nobody wants to wait
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    supervisor.start()
    say(f"Windsock runs {', '.join(name for name, feed in feeds.items() if is_run(feed))}. Ctrl-C ends it.")
    # Woken now and then: a signal is noticed only between two waits where it meets another thread.
    while not ended.wait(1.0):
        pass
    say("Ending after what is under way …")
    supervisor.stop(STOP_SECONDS)
    stop(STOP_SECONDS)
