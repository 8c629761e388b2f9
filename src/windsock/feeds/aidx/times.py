"""The times of a leg: which milestone and which certainty each OperationTime is, and what the report says of it."""

from collections.abc import Callable
from xml.etree.ElementTree import Element

from windsock.feeds.aidx.message import with_offset
from windsock.feeds.xml import children, is_nil, text

Times = dict[tuple[str, str], str | None]
"""(qualifier, type), like ("OFB", "EST") → the time; None: erased by the sender."""

TYPES = ("SCT", "EST", "TAR", "CAL", "ACT")

_SIDES = {"OFB": "departure", "TKO": "takeoff", "TDN": "landing", "ONB": "arrival"}
_SAME = {"LDT": "TDN", "LAN": "TDN"}
"""Other spellings that senders use for the same milestone."""

_OTHER = ("BST", "GRT", "FBG")
"""Boarding began; back at the gate; the first bag on the belt."""

_ESTIMATES = ("EST", "TAR", "CAL")
"""The estimates, best first: the estimate itself, the target (TOBT, TTOT), the slot (CTOT)."""

_COMBINED = {
    "SOBT": ("OFB", "SCT"), "EOBT": ("OFB", "EST"), "TOBT": ("OFB", "TAR"), "AOBT": ("OFB", "ACT"),
    "STOT": ("TKO", "SCT"), "ETOT": ("TKO", "EST"),
    "TTOT": ("TKO", "TAR"), "CTOT": ("TKO", "CAL"), "ATOT": ("TKO", "ACT"),
    "SLDT": ("TDN", "SCT"), "ELDT": ("TDN", "EST"), "TLDT": ("TDN", "TAR"), "ALDT": ("TDN", "ACT"),
    "SIBT": ("ONB", "SCT"), "EIBT": ("ONB", "EST"), "AIBT": ("ONB", "ACT"), "ASBT": ("BST", "ACT"),
    "STD": ("OFB", "SCT"), "ETD": ("OFB", "EST"), "ATD": ("OFB", "ACT"),
    "STA": ("ONB", "SCT"), "ETA": ("ONB", "EST"), "ATA": ("ONB", "ACT"),
    "OUT": ("OFB", "ACT"), "OFF": ("TKO", "ACT"), "ON": ("TDN", "ACT"), "IN": ("ONB", "ACT"),
    "189": ("OFB", "SCT"), "133": ("OFB", "EST"), "186": ("OFB", "ACT"),
    "232": ("ONB", "SCT"), "132": ("ONB", "EST"), "178": ("ONB", "ACT"),
}  # fmt: skip
"""One code for both, as before schema 12.1: A-CDM's names, the airlines' usual ones, and those of UN code list 2005."""

_PASSED_OVER = (
    "SAT", "TSAT", "ASAT", "SRT", "ASRT", "CGT", "ACGT", "RDT", "ARDT", "DIC", "DIE", "ECZT", "ACZT", "EEZT", "AEZT",
)  # fmt: skip
"""Milestones of the apron that a report has no place for, bare or by A-CDM's names: their absence means nothing."""


def times_of(leg_data: Element, fault: Callable[[str, str, str], None]) -> Times:
    """Return all times that we use; of several of one kind the last. `fault` is called with message, code and text."""
    times: Times = {}
    for element in children(leg_data, "OperationTime"):
        qualifier = element.get("OperationQualifier", "").strip().upper()
        given = element.get("TimeType", "").strip().upper()
        value = text(element)
        if given:
            kind: tuple[str, str] | None = (_SAME.get(qualifier, qualifier), given)
        else:
            kind = _combined(qualifier)
        if kind is None:
            if qualifier not in _PASSED_OVER:
                fault(
                    "OperationTime has no TimeType, and its OperationQualifier is not known to say both; give TimeType "
                    "SCT, EST, TAR, CAL or ACT",
                    qualifier,
                    value or "",
                )
            continue
        if kind[0] not in _SIDES and kind[0] not in _OTHER:
            continue
        if kind[1] not in TYPES:
            fault(
                f"TimeType is {given[:20]!r}; it is one of {', '.join(TYPES)}",
                qualifier,
                value or "",
            )
        elif is_nil(element):
            times[kind] = None
        elif value is None:
            fault("OperationTime is empty; give a time, or xsi:nil='true' to erase it", qualifier, "")
        else:
            times[kind] = with_offset(value)
    return times


def say_times(times: Times, report: dict[str, object], sides: dict[str, dict[str, object]]) -> None:
    """Add the times to the report's sides, and what BST and GRT mean to the report."""
    for qualifier, side in _SIDES.items():
        if (qualifier, "SCT") in times:
            sides[side]["scheduled"] = times[qualifier, "SCT"]
        if (qualifier, "ACT") in times:
            sides[side]["actual"] = times[qualifier, "ACT"]
        known = (times.get((qualifier, kind)) for kind in _ESTIMATES)
        best = next((time for time in known if time is not None), None)
        # A target that is erased says nothing about the estimate, which may still stand from an earlier message.
        if best is not None or (qualifier, "EST") in times:
            sides[side]["estimated"] = best
    if ("BST", "ACT") in times:
        report["boarding"] = True if times["BST", "ACT"] is not None else None
    bag = next((kind for kind in ("ACT", *_ESTIMATES) if ("FBG", kind) in times), None)
    if bag is not None:
        sides["arrival"]["first_bag"] = times["FBG", bag]
    if ("GRT", "ACT") in times:
        report["returned_to_gate"] = times["GRT", "ACT"]


def _combined(code: str) -> tuple[str, str] | None:
    if len(code) == 6 and (pair := next((p for p in (code[:3], code[3:]) if p in TYPES), None)) is not None:
        other = code[3:] if code[:3] == pair else code[:3]
        return _SAME.get(other, other), pair
    return _COMBINED.get(code)
