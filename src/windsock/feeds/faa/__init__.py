"""The FAA's NAS status: ground stops, delays and closures of US airports, which are programmes instead of reports.

`parse` reads the document that `Poller` asks for; `times` and `notams` read what it writes for people.
"""

from windsock.feeds.faa.status import ADDRESS, MAX_BYTES, MAX_PROGRAMMES, Poller, parse
from windsock.feeds.format import Format

__all__ = ["ADDRESS", "ATTRIBUTION", "FORMAT", "MAX_BYTES", "MAX_PROGRAMMES", "Poller", "parse"]

ATTRIBUTION = "Airport programmes from the FAA"

FORMAT = Format(parse=parse, poller=Poller, attribution=ATTRIBUTION)
