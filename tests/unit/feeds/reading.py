"""What tests of parsers ask again and again."""

from datetime import UTC, datetime

from windsock.feeds.parsing import Parsed
from windsock.flights import Report


def the_only(found: Parsed) -> Report:
    """The one report of an input without faults."""
    assert found.faults == ()
    assert len(found.reports) == 1
    return found.reports[0]


def utc(text: str) -> datetime:
    """A moment in UTC from its ISO form without an offset."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
