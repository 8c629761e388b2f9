"""The message around the legs: its root element, its attributes and the legs themselves, each with its place."""

from collections.abc import Iterator
from datetime import date as Day
from datetime import datetime
from xml.etree.ElementTree import Element

from windsock.errors import FeedError
from windsock.feeds.xml import child, children, is_nil, root_of, text

MAX_BYTES = 10_000_000
"""Some 3,000 full legs: a large airport's day in one message. Senders push a handful; what is larger goes in parts."""

ANSWER = "IATA_AIDX_FlightLegRS"
ROOTS = ("IATA_AIDX_FlightLegNotifRQ", ANSWER)
"""The notification, and the answer to a request, which holds legs of the same shape."""

DUMMY_DAY = Day(2000, 1, 1)
"""The date that the implementation guide prescribes for senders that do not know the OriginDate."""


def message_of(data: bytes) -> Element:
    """Return the AIDX root element, taken out of a SOAP envelope if it is in one; raise FeedError if there is none."""
    root = root_of(data, max_bytes=MAX_BYTES)
    found: Element | None = root
    if root.tag == "Envelope":
        body = child(root, "Body")
        found = None if body is None else next(iter(body), None)
    if found is None or found.tag not in ROOTS:
        name = (root.tag if found is None else found.tag)[:60]
        raise FeedError(f"This is not an AIDX message: its root is <{name}>; it must be <{ROOTS[0]}>.")
    return found


def legs_of(message: Element) -> Iterator[tuple[str, Element]]:
    """Yield the legs with their places, counted from 1: `FlightLeg[1]`."""
    return ((f"FlightLeg[{n}]", leg) for n, leg in enumerate(children(message, "FlightLeg"), 1))


def designator_of(element: Element) -> str | None:
    """Return airline, number and suffix as one designator; None if one of the first two is missing."""
    airline, number = text(element, "Airline"), text(element, "FlightNumber")
    if airline is None or number is None:
        return None
    return f"{airline}{number}{text(element, 'OperationalSuffix') or ''}"


def origin_date_of(element: Element) -> Day | None:
    """Return the UTC day on which the flight (not the leg) began; None if it is missing, a dummy or not a date."""
    given = child(element, "OriginDate")
    if given is None or is_nil(given):
        return None
    try:
        # Some senders write a time or a zone behind the date.
        day = Day.fromisoformat((given.text or "").strip()[:10])
    except ValueError:
        return None
    return None if day == DUMMY_DAY else day


def with_offset(time: str) -> str:
    """Return the time with `Z` if it has no offset: all times of AIDX are UTC."""
    if time[-1:] in "Zz" or "+" in time[10:] or "-" in time[10:]:
        return time
    return time + "Z"


def moment_of(time: str) -> datetime | None:
    """Return the time, None for anything else."""
    try:
        moment = datetime.fromisoformat(with_offset(time))
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment
