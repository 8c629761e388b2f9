"""The legs that one aircraft flies one after the other, by an AIDX message; reports keep the registration."""

from xml.etree.ElementTree import Element

from windsock.feeds.aidx.message import designator_of, legs_of, message_of, origin_date_of
from windsock.feeds.rotation import Leg, Rotation
from windsock.feeds.xml import child, children, text


def rotations(data: bytes) -> tuple[Rotation, ...]:
    """Return the rotations of a message, in its order; raise FeedError as `parse` does, and skip what is unclear.

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
        utc_day=origin_date_of(element),
    )
