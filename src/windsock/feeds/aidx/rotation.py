"""Which legs one aircraft flies one after the other, as an AIDX message says it.

A report has no place for it, so it is read on its own: the reports of the same message keep the registration.
"""

from dataclasses import dataclass
from datetime import date as Day
from xml.etree.ElementTree import Element

from windsock.feeds.aidx.message import designator_of, legs_of, message_of, origin_date_of
from windsock.feeds.xml import child, children, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A leg as AIDX names it: `origin_date` is the UTC day on which its flight (perhaps an earlier leg) began."""

    flight: str
    origin: str | None
    destination: str | None
    origin_date: Day | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """The same aircraft (`registration`, where it is said) flies `inbound`, and then `outbound`."""

    inbound: Leg
    outbound: Leg
    registration: str | None


def rotations(data: bytes) -> tuple[Rotation, ...]:
    """The rotations a message tells, in its order; raises FeedError as `parse` does, and skips what is unclear.

    `FlightSequence` upline names the leg before this one, downline the one after. Before 16.1 there was no such
    attribute and the element named the next leg.
    """
    found = []
    for _, element in legs_of(message_of(data)):
        leg_data, this = child(element, "LegData"), _leg(child(element, "LegIdentifier"))
        if leg_data is None or this is None:
            continue
        registration = text(leg_data, "AircraftInfo", "Registration")
        for associated in children(leg_data, "AssociatedFlightLegAircraft"):
            other = _leg(associated)
            if other is None:
                continue
            before = associated.get("FlightSequence", "").strip().lower() == "upline"
            inbound, outbound = (other, this) if before else (this, other)
            found.append(Rotation(inbound=inbound, outbound=outbound, registration=registration))
    return tuple(found)


def _leg(element: Element | None) -> Leg | None:
    flight = None if element is None else designator_of(element)
    if element is None or flight is None:
        return None
    return Leg(
        flight=flight,
        origin=text(element, "DepartureAirport"),
        destination=text(element, "ArrivalAirport"),
        origin_date=origin_date_of(element),
    )
