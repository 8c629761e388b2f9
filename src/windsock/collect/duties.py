"""The duties that keep the journal fed and tidy: the configured feeds, the overdue watch and pruning."""

import logging
from collections.abc import Mapping, Sequence

from windsock.conf import config
from windsock.duties import Duty
from windsock.duties.registry import Source
from windsock.errors import ConfigError
from windsock.feeds.configuration import read

logger = logging.getLogger(__name__)


def _expected() -> Mapping[str, str]:
    from windsock.collect.feed_run import duty_name, is_run
    from windsock.collect.upkeep import OVERDUE, PRUNE

    wanted = {OVERDUE: "the overdue watch", PRUNE: "pruning"}
    try:
        feeds = read(config().feeds)
    except ConfigError:
        return wanted  # the system checks report what is wrong with them
    wanted.update({duty_name(name): f"the feed {name}" for name, feed in feeds.items() if is_run(feed)})
    return wanted


def _make(server: bool) -> Sequence[Duty]:
    from windsock.collect.feed_duties import feed_duties
    from windsock.collect.upkeep import Upkeep
    from windsock.ingest.current import pipeline, record

    settings = config()
    found = Upkeep(pipeline().journal, record, settings).duties()
    feeds = read(settings.feeds)
    for feed in feeds.values():
        if feed.enabled and (fault := feed.secret_fault()) is not None:
            logger.warning(fault)  # otherwise a push-only feed's input would be refused without a trace here
    if settings.run_feeds or not server:
        found += feed_duties(feeds, pipeline())
    return found


SOURCE = Source(_expected, _make)
