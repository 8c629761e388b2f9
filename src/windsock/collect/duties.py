"""The duties of ingest: the overdue watch, pruning, and the configured feeds."""

from collections.abc import Mapping, Sequence

from windsock.conf import config
from windsock.duties import Duty
from windsock.duties.registry import Source
from windsock.errors import ConfigError
from windsock.feeds.configuration import read


def _expected() -> Mapping[str, str]:
    from windsock.collect.feed_run import duty_name, is_run
    from windsock.collect.upkeep import OVERDUE, PRUNE

    wanted = {OVERDUE: "the overdue watch", PRUNE: "pruning"}
    try:
        feeds = read(config().feeds)
    except ConfigError:
        return wanted  # the system checks say what is wrong with them
    wanted.update({duty_name(name): f"the feed {name}" for name, feed in feeds.items() if is_run(feed)})
    return wanted


def _make(server: bool) -> Sequence[Duty]:
    from windsock.collect.feed_duties import feed_duties
    from windsock.collect.upkeep import Upkeep
    from windsock.ingest.process import pipeline, record

    settings = config()
    found = Upkeep(pipeline().journal, record, settings).duties()
    if settings.run_feeds or not server:
        found += feed_duties(read(settings.feeds), pipeline())
    return found


SOURCE = Source(_expected, _make)
