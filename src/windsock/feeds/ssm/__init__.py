"""SSM and ASM telexes, by which airlines change their schedule. `parse` reads one, or a file of them.

`lines` knows the grammar, `messages` reads line by line, and `reports` makes the reports of a flight.
"""

from windsock.feeds.format import Format
from windsock.feeds.ssm.messages import MAX_BYTES, MAX_GROUP, parse

__all__ = ["FORMAT", "MAX_BYTES", "MAX_GROUP", "parse"]

FORMAT = Format(parse=parse)
