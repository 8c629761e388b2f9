"""Movement telexes (IATA AHM 780): departures, landings, delays and their reasons. `parse` reads one, or a mailbox.

`lines` knows the grammar, `telexes` splits a mailbox, `times` finds the day and month that a telex leaves out, and
`movements` makes the reports.
"""

from windsock.feeds.format import Format
from windsock.feeds.mvt.movements import MAX_BYTES, parse

__all__ = ["FORMAT", "MAX_BYTES", "parse"]

FORMAT = Format(parse=parse)
