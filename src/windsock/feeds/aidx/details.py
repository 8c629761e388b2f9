"""What a leg says besides its times: places, reasons of delay, aircraft, other names, what became of it."""

import re
from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element

from windsock.feeds.aidx.message import designator_of
from windsock.feeds.reports import withheld
from windsock.feeds.xml import child, children, is_nil, text
from windsock.flights import airports, delay_codes
from windsock.flights.fields import LENGTHS

Telling = Callable[[str, str, str], None]
"""Called with a fault: its message, the element's name and its content."""

# The first that says anything counts: what passengers read before what the apron uses.
_PLACES = {
    "gate": ("PassengerGate",),
    "stand": ("AircraftParkingPosition",),
    "terminal": ("PublicTerminal", "AircraftTerminal"),
    "belt": ("BaggageClaimUnit",),
}
# The milestone of each status of code list 9750, in order, with or without a time beside it: off
# block, taken off, in the airspace, on final approach, landed, on block.
_STATED: dict[str, str | None] = {
    "SCH": None,
    "OFB": "out",
    "TKO": "airborne",
    "FIR": "airborne",
    "FIN": "airborne",
    "LAN": "landed",
    "ONB": "arrived",
}
_DURATION = re.compile(
    r"P(?:(\d{1,3})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,6})(?:\.\d{1,9})?S)?)?", re.ASCII
)
# The limit of a report; AIDX has at most 8 reasons.
_MAX_REASONS, _MAX_NAMES = 10, 30


def say_places(leg_data: Element, sides: dict[str, dict[str, object]]) -> None:
    """Add gate, stand, terminal and belt of both sides: as used where given (Usage Actual), else as planned."""
    # Planned first, so that what is actually used is written over it; without Usage it counts as used.
    for usage in (True, False):
        for resources in children(leg_data, "AirportResources"):
            if (resources.get("Usage", "").strip().lower() == "planned") is not usage:
                continue
            for resource in children(resources, "Resource"):
                side = resource.get("DepartureOrArrival", "").strip().lower()
                if side in ("departure", "arrival"):
                    _say_resource(resource, side, sides[side])


def _say_resource(resource: Element, side: str, said: dict[str, object]) -> None:
    if side == "departure":
        _say_desks(resource, said)
    for name, tags in _PLACES.items():
        if name == "belt" and side == "departure":
            continue
        for tag in tags:
            elements = list(children(resource, tag))
            values = list(
                dict.fromkeys(value for element in elements if (value := text(element)) is not None)
            )
            if values:
                joined = "/".join(values)
                said[name] = joined if len(joined) <= LENGTHS[f"{side}.{name}"] else values[0]
                break
            if any(is_nil(element) for element in elements):
                said.setdefault(name, None)
                break


def _say_desks(resource: Element, said: dict[str, object]) -> None:
    """Return the check-in desks: each group of them from the first to the last."""
    groups = list(children(resource, "CheckInInfo"))
    desks: dict[str, None] = {}
    for group in groups:
        ends = dict.fromkeys(
            end for name in ("FirstPosition", "LastPosition") if (end := text(group, name)) is not None
        )
        if ends:
            desks["-".join(ends)] = None
    if desks:
        joined = ", ".join(desks)
        said["checkin_desk"] = (
            joined if len(joined) <= LENGTHS["departure.checkin_desk"] else next(iter(desks))
        )
    elif any(is_nil(group) for group in groups):
        said.setdefault("checkin_desk", None)


def say_reasons(leg_data: Element, report: dict[str, object], fault: Telling) -> None:
    """Return the reasons of delay, of both ends; null where the sender erases them all."""
    reasons: list[dict[str, object]] = []
    erased = False
    for delay in children(leg_data, "IrregularityDelay"):
        code_element = child(delay, "ReasonCode")
        if is_nil(delay) or (code_element is not None and is_nil(code_element)):
            erased = True
            continue
        code = text(delay, "ReasonCode")
        if code is None:
            fault("IrregularityDelay has no ReasonCode", "ReasonCode", "")
            continue
        scheme, code = _scheme(code.upper())
        reason: dict[str, object] = {"scheme": scheme, "code": code}
        duration = text(delay, "Duration")
        if duration is not None:
            minutes = minutes_of(duration)
            if minutes is None:
                fault("Duration is not an ISO 8601 duration like PT1H05M", "Duration", duration)
            else:
                reason["minutes"] = minutes
        reasons.append(reason)
    # Both ends may give the same reason.
    reasons = list({tuple(reason.values()): reason for reason in reasons}.values())
    if len(reasons) > _MAX_REASONS:
        fault(f"{len(reasons)} reasons of delay; the first {_MAX_REASONS} are kept", "IrregularityDelay", "")
        del reasons[_MAX_REASONS:]
    if reasons:
        report["delay_reasons"] = reasons
    elif erased:
        report["delay_reasons"] = None


def _scheme(code: str) -> tuple[str, str]:
    if len(code) == 3 and code.isascii() and code.isalpha():
        return "ahm732", code
    if len(code) == 1 and code in "0123456789":
        return "ahm730", f"0{code}"  # a number whose leading zero a sender's software took away
    return ("ahm730" if delay_codes.well_formed("ahm730", code) else "text"), code


def minutes_of(duration: str) -> int | None:
    """Return the whole minutes of an ISO 8601 duration (PT2H15M, P1DT3H); None for anything else."""
    match = _DURATION.fullmatch(duration.upper()) if len(duration) <= 40 else None
    if match is None or not any(match.groups()):
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return days * 1440 + hours * 60 + minutes + seconds // 60


def say_aircraft(leg_data: Element, report: dict[str, object], fault: Telling) -> None:
    """Add registration and type of the aircraft."""
    info = child(leg_data, "AircraftInfo")
    if info is None:
        return
    registration = text(info, "Registration")
    if registration is not None:
        if len(set(registration.replace("-", ""))) <= 1 and not withheld(registration):
            fault("Registration is a placeholder, not of an aircraft", "Registration", registration)
        else:
            report["registration"] = registration
    elif _nil(info, "Registration"):
        report["registration"] = None
    # ZZZ and ZZZZ are the codes for a type that has none.
    types = [
        value
        for element in children(info, "AircraftType")
        if (value := text(element)) not in (None, "ZZZ", "ZZZZ")
    ]
    if types:
        report["aircraft_type"] = types[0]
    elif _nil(info, "AircraftType"):
        report["aircraft_type"] = None


def say_names(leg_data: Element, report: dict[str, object], fault: Telling) -> None:
    """Return the designators that it is also sold under."""
    names = []
    shares = list(children(leg_data, "CodeShareInfo"))
    for share in shares:
        name = designator_of(share)
        if name is not None:
            names.append(name)
        elif not is_nil(share) and not _nil(share, "FlightNumber"):
            fault(
                "CodeShareInfo needs Airline and FlightNumber", "CodeShareInfo", text(share, "Airline") or ""
            )
    names = list(dict.fromkeys(names))
    if len(names) > _MAX_NAMES:
        fault(f"{len(names)} code shares; the first {_MAX_NAMES} are kept", "CodeShareInfo", "")
    if names:
        report["codeshares"] = names[:_MAX_NAMES]
    elif any(is_nil(share) for share in shares):
        report["codeshares"] = None


def say_fate(leg_data: Element, destination: str | None, report: dict[str, object]) -> None:
    """Add whether it is cancelled, reinstated or diverted, and where to."""
    stated = {
        code
        for element in children(leg_data, "OperationalStatus")
        if (code := (text(element) or "").upper()) in _STATED
    }
    if stated:
        # Several can be present, each of its own moment: the furthest one applies.
        report["stated_status"] = _STATED[max(stated, key=list(_STATED).index)]
    for status in children(leg_data, "OperationalStatus"):
        code = (text(status) or "").upper()
        if code == "DX":
            report["cancelled"] = True
        elif code == "SQ":
            report["cancelled"] = False
        elif code == "DV":
            report["diverted"] = True
    history = list(_by_index(leg_data, "PlannedArrivalAptHistory"))
    planned = [
        value for entry in history if (value := text(entry) or text(entry, "ArrivalAirport")) is not None
    ]
    if planned:
        other = _airport(planned[-1])
        if other != _airport(destination or ""):
            report["diverted"], report["diverted_to"] = True, other
        elif "diverted" not in report:
            # It flies to its original destination: a diversion that was taken back.
            report["diverted"], report["diverted_to"] = False, None
    elif any(is_nil(entry) for entry in history):
        report["diverted_to"] = None


def _airport(code: str) -> str:
    found = airports.airport(code)
    return code if found is None else found.code


def _by_index(parent: Element, name: str) -> Iterator[Element]:
    def index(element: Element) -> int:
        given = element.get("RepeatIndex", "").strip()
        return int(given) if given.isascii() and given.isdigit() and len(given) < 6 else 0

    return iter(sorted(children(parent, name), key=index))


def _nil(parent: Element, name: str) -> bool:
    return any(is_nil(element) for element in children(parent, name))
