"""JSON, NDJSON and CSV of any source, by a mapping file that names the field of each column.

`read_mapping` reads and checks such a file into a `Mapping`; `parse` reads an input by it; `prepared` and `Poller`
set up a feed.
"""

from windsock.feeds.format import Format
from windsock.feeds.generic.flights import MAX_BYTES, parse
from windsock.feeds.generic.mapping import Mapping
from windsock.feeds.generic.mappingfile import read_mapping
from windsock.feeds.generic.setup import Poller, prepared

__all__ = ["FORMAT", "MAX_BYTES", "Mapping", "Poller", "parse", "prepared", "read_mapping"]

FORMAT = Format(parse=parse, poller=Poller, prepared=prepared)
