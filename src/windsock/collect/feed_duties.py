"""The configured feeds as duties: one process at a time runs each feed, with a thread for each of its channels.

The position from which a feed continues is stored in the database, and moves only after the input was recorded. Input
that failed is fetched again, and a report recorded twice changes nothing.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from windsock.clock import Clock, system_clock
from windsock.collect.feed_run import FeedRun, is_run
from windsock.duties import Duty
from windsock.duties.runner import Runner
from windsock.feeds.configuration import FeedSettings
from windsock.ingest.pipeline import Pipeline

if TYPE_CHECKING:
    import httpx2


def feed_duties(
    feeds: Mapping[str, FeedSettings],
    pipeline: Pipeline,
    *,
    clock: Clock = system_clock,
    client: "Callable[[], httpx2.Client] | None" = None,
) -> list[Duty]:
    """Return a duty for every feed that is polled, read from a folder or mailbox, or watched for silence."""
    return [
        FeedRun(settings, pipeline, clock, client).duty() for settings in feeds.values() if is_run(settings)
    ]


class FeedRunner(Runner):
    """Runs feeds and nothing else."""

    def __init__(
        self,
        feeds: Mapping[str, FeedSettings],
        pipeline: Pipeline,
        *,
        clock: Clock = system_clock,
        client: "Callable[[], httpx2.Client] | None" = None,
    ) -> None:
        super().__init__(feed_duties(feeds, pipeline, clock=clock, client=client), clock=clock)
