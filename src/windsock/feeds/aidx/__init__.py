"""What an AIDX message says: the airports' and airlines' XML about flight legs (IATA_AIDX_FlightLegNotifRQ).

`parse` reads it, `acknowledgement` is the answer its sender waits for, `rotations` are the legs that share an aircraft.
"""

from windsock.feeds.aidx.answer import acknowledgement
from windsock.feeds.aidx.legs import parse
from windsock.feeds.aidx.rotation import rotations
from windsock.feeds.format import Format
from windsock.feeds.rotation import Rotation

__all__ = ["FORMAT", "Rotation", "acknowledgement", "parse", "rotations"]

FORMAT = Format(parse=parse, acknowledgement=acknowledgement)
