"""SSIM chapter 7 files: the airlines' seasonal schedules in lines of 200 columns.

`parse` returns the flights of some days, `iter_parse` those of a file too large for the memory, and `rotations` the
next flight of each aircraft.
"""

from windsock.feeds.format import Format
from windsock.feeds.rotation import Rotation
from windsock.feeds.ssim.schedule import iter_parse, parse, rotations

__all__ = ["FORMAT", "Rotation", "iter_parse", "parse", "rotations"]

FORMAT = Format(parse=parse)
