"""The answer to an AIDX sender: IATA_AIDX_FlightLegRS, with what was accepted and what was not."""

import re
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from windsock.errors import FeedError
from windsock.feeds.aidx.message import message_of
from windsock.feeds.parsing import Parsed

NAMESPACE = "http://www.iata.org/IATA/2007/00"

_ECHOED = ("EchoToken", "Target", "Version", "TransactionIdentifier", "SequenceNmbr")
_VERSION = "22.1"
"""The version of the answer to a message that names none."""

_MAX_WARNINGS = 100
"""Enough to find a sender's mistake; a message of thousands of bad legs makes the same one in all of them."""

_LONGEST = 500
_RECORD = re.compile(r"FlightLeg\[(\d+)\]")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def acknowledgement(data: bytes, parsed: Parsed | FeedError, *, received_at: datetime) -> bytes:
    """Return the answer to the message `data`, as XML in UTF-8.

    Success with a Warning for each fault: RecordID is the leg's number in the message, from 1, and Status says whether
    the leg was Refused or accepted in part (Partial). Errors instead where the message could not be read (a FeedError).
    """
    try:
        message: Element | None = message_of(data)
    except FeedError:
        message = None
    given = {} if message is None else {name: message.get(name) for name in _ECHOED}
    attributes = {"xmlns": NAMESPACE, "Version": given.get("Version") or _VERSION}
    attributes["TimeStamp"] = received_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    attributes |= {name: value for name, value in given.items() if value and name != "Version"}
    root = Element("IATA_AIDX_FlightLegRS", attributes)
    if isinstance(parsed, FeedError):
        SubElement(SubElement(root, "Errors"), "Error").text = _line(str(parsed))
    else:
        SubElement(root, "Success")
        _warn(root, parsed)
    answer: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return answer


def _warn(root: Element, parsed: Parsed) -> None:
    if not parsed.faults:
        return
    told = {statement.where for statement in parsed.statements}
    warnings = SubElement(root, "Warnings")
    for fault in parsed.faults[:_MAX_WARNINGS]:
        warning = SubElement(warnings, "Warning")
        record = _RECORD.match(fault.path or "")
        if record is not None:
            warning.set("RecordID", record[1])
            warning.set("Status", "Partial" if record[0] in told else "Refused")
        about = "" if fault.column is None else f"{fault.column} {fault.value or ''}".rstrip() + ": "
        warning.text = _line(about + fault.message)
    left = len(parsed.faults) - _MAX_WARNINGS
    if left > 0:
        SubElement(warnings, "Warning").text = f"{left} more warnings are left out."


def _line(text: str) -> str:
    return _NOT_XML.sub("?", text)[:_LONGEST]
