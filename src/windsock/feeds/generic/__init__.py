"""JSON, NDJSON and CSV of any source, by a mapping file that says which column means which field.

`Mapping` is such a file, read and checked; `parse` reads an input by it, `prepared` and `Poller` set a feed up.
"""

from windsock.feeds.format import Format
from windsock.feeds.generic.flights import MAX_BYTES, parse
from windsock.feeds.generic.mapping import Mapping
from windsock.feeds.generic.setup import Poller, prepared

__all__ = ["FORMAT", "MAX_BYTES", "Mapping", "Poller", "parse", "prepared"]

FORMAT = Format(parse=parse, poller=Poller, prepared=prepared)
