"""What SSIM chapter 7 files say, the airlines' seasonal schedules in lines of 200 columns.

`parse` gives the flights of some days, `iter_parse` the same of a file too large to hold, and `rotations` which flight
an aircraft flies next.
"""

from windsock.feeds.format import Format
from windsock.feeds.rotation import Rotation
from windsock.feeds.ssim.schedule import iter_parse, parse, rotations

__all__ = ["FORMAT", "Rotation", "iter_parse", "parse", "rotations"]

FORMAT = Format(parse=parse)
