"""The configured feeds as duties: of several processes each feed is run by one at a time, each way on its own thread.

Where a feed goes on from is kept in the database and moved on only after what came was recorded: what fails is asked
for again, and told twice changes nothing.
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
    """Return a duty for every feed that is asked, left in a folder, mailed, or watched for its silence."""
    return [
        FeedRun(settings, pipeline, clock, client).duty() for settings in feeds.values() if is_run(settings)
    ]


class FeedRunner(Runner):
    """A runner of feeds and nothing else."""

    def __init__(
        self,
        feeds: Mapping[str, FeedSettings],
        pipeline: Pipeline,
        *,
        clock: Clock = system_clock,
        client: "Callable[[], httpx2.Client] | None" = None,
    ) -> None:
        super().__init__(feed_duties(feeds, pipeline, clock=clock, client=client), clock=clock)
