"""What movement telexes say (IATA AHM 780): who left, landed, is late and why. `parse` reads one, or a mailbox of them.

`lines` knows the grammar, `telexes` parts a mailbox, `times` finds the day and month that a telex leaves out, and
`movements` makes reports of it all.
"""

from windsock.feeds.format import Format
from windsock.feeds.mvt.movements import MAX_BYTES, parse

__all__ = ["FORMAT", "MAX_BYTES", "parse"]

FORMAT = Format(parse=parse)
