"""Sources of reports as people know them."""

from windsock.flights.own_sources import OWN_SOURCES
from windsock.wording.language import gettext


def source_name(source: str) -> str:
    """Return a source's name; Windsock's own watches say what they watch."""
    own = OWN_SOURCES.get(source)
    return source if own is None else gettext(own.title)
