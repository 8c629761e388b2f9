"""The lines of a movement telex (IATA AHM 780), each alone: the envelope, the flight line, the elements AD, EA, DL, …

Nothing here knows a calendar: days and times stay as they were written. `movements` gives them their meaning.
"""

import re
from dataclasses import dataclass

from windsock.flights import delay_codes

HEADS = frozenset({"MVT", "MVA", "DIV"})
"""The headings of movement telexes: by a station, by an aircraft, of a diversion."""

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")

# Every pattern is anchored, and its runs of blanks are bounded: no line costs more than its length.
_PRIORITY = re.compile(r"(?:ZCZC\b.*|Q[A-Z] {1,9}[A-Z0-9]{7}\b.*)")
_ORIGIN = re.compile(r"\.[A-Z0-9]{7}(?:[ /]{1,9}(\d{6})?.*)?")
_MESSAGE_ID = re.compile(r"(\d{6})")
_DOWNLINK = re.compile(r"DT [A-Z0-9]{2,4} [A-Z0-9]{2,5} (\d{6})\b.*")
_FLIGHT = re.compile(r"([A-Z0-9][A-Z0-9 \-]{1,11}?) ?/ ?(\d{1,2})(?!\d)([^.]{0,20})\.(.{0,40})")
_MONTH = re.compile(rf"({'|'.join(MONTHS)})(\d\d)?")
_PLACE = re.compile(r"([A-Z]{3,4})\b(.*)")

_TIMED = re.compile(
    r"(AD|AA|EA|ED|EO|NI|RR|FR)(?: {0,9}(?P<first>\d{4,6})(?!\d))?(?: {0,9}/ {0,9}(?P<second>\d{4,6})?(?!\d))?/{0,3}"
    # DLA is an element, and Douala: it is the airport where no code follows.
    r"(?: {0,9}(?P<place>[A-Z]{3,4})(?![A-Z0-9/])(?! {0,9}[\d/]))?"
)
_DELAY = re.compile(r"(EDL|DL)[ /]{0,9}((?:[A-Z0-9]{0,5}/){0,12}[A-Z0-9]{0,5})(?![A-Z0-9/])")
# Sub-codes have three characters; DLAF/0010 is the code AF (airport facilities) of DL.
_SUBCODES = re.compile(r"DLA {0,9}((?:[A-Z0-9]{3}|(?=/))(?:/[A-Z0-9]{3}|/){0,8})(?![A-Z0-9/])")
_DIVERSION = re.compile(r"DR {0,9}([A-Z0-9]{2,3})?(?![A-Z0-9])")
_UNREAD = re.compile(r"(?:PX|EB)(?=[ \d+\-/]|$).*")


@dataclass(frozen=True, slots=True)
class FlightLine:
    """`FLT/dd[MMM[yy]].REG.STN` as written; months count from 1, absent parts are empty or None."""

    flight: str
    day: int
    month: int | None
    year: int | None
    registration: str
    place: str | None
    surplus: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One element: its kind, its times as written, the airport behind them, its delay codes with their minutes."""

    kind: str
    first: str | None = None
    second: str | None = None
    place: str | None = None
    codes: tuple[tuple[str, int | None], ...] = ()


def starts_telex(line: str) -> bool:
    """Return whether a new message begins here: priority and addressees, the sender's address, a gateway's mark."""
    return (
        line in ("=HEADER", "=PRIORITY")
        or _PRIORITY.fullmatch(line) is not None
        or _ORIGIN.fullmatch(line) is not None
    )


def ends_telex(line: str) -> bool:
    """Return whether the line only ends a message."""
    return line.startswith("==") or line in ("=", "NNNN")


def is_label(line: str) -> bool:
    """Return whether the line names the next part of a stored telex: `=PRIORITY`, `=DESTINATION TYPE B`, `=TEXT`."""
    return line[0] == "=" and line[1:2].isalpha()


def is_origin(line: str) -> bool:
    """Return whether the line is the sender's address, with or without the time of sending."""
    return _ORIGIN.fullmatch(line) is not None


def sending_time(line: str) -> str | None:
    """Return the ddhhmm of a sender's line (`.LHRRMBA 010900`), a downlink (`DT QXS MEL1 010900 M20A`), or alone."""
    match = _ORIGIN.fullmatch(line) or _DOWNLINK.fullmatch(line) or _MESSAGE_ID.fullmatch(line)
    return match and match[1]


def head(line: str) -> str | None:
    """Return MVT, MVA, DIV or COR if the line is a heading; a heading and COR may share a line."""
    words = line.split(None, 3)
    if not words or len(words) > 2 or not all(word in HEADS or word == "COR" for word in words):
        return None
    return next((word for word in words if word in HEADS), "COR")


def flight_line(line: str) -> FlightLine | None:
    """Return the flight line, None if it is something else. Junk between day and registration is left out."""
    match = _FLIGHT.fullmatch(line)
    if match is None:
        return None
    flight, day, junk, rest = match.groups()
    month = _MONTH.match(junk.strip())
    registration, dot, place = rest.rpartition(".")
    if not dot and len(rest.strip()) > 4:  # no station, only a registration
        registration, place = rest, ""
    found = _PLACE.fullmatch(place.strip())
    return FlightLine(
        flight.strip(),
        int(day),
        MONTHS.index(month[1]) + 1 if month else None,
        int(month[2]) if month and month[2] else None,
        registration.strip().replace(" ", ""),
        found[1] if found else None,
        (found[2] if found else place).strip(),
    )


def elements(line: str) -> tuple[list[Element], str]:
    """Return the elements of a line in their order, and the parts that could not be read."""
    found: list[Element] = []
    at = 0
    while at < len(line):
        if line[at] == " ":
            at += 1
        elif (match := _SUBCODES.match(line, at)) is not None:
            codes = tuple((code, None) for code in match[1].split("/") if code)
            found.append(Element(kind="DLA", codes=codes))
            at = match.end()
        elif (match := _DELAY.match(line, at)) is not None and (delays := _delays(match[2])) is not None:
            found.append(Element(kind=match[1], codes=delays))
            at = match.end()
        elif (match := _TIMED.match(line, at)) is not None and (match["first"] or match["second"]):
            found.append(
                Element(kind=match[1], first=match["first"], second=match["second"], place=match["place"])
            )
            at = match.end()
        elif (match := _DIVERSION.match(line, at)) is not None:
            found.append(Element(kind="DR", codes=((match[1], None),) if match[1] else ()))
            at = match.end()
        elif (match := _UNREAD.match(line, at)) is not None:
            found.append(Element(kind=line[at : at + 2]))
            at = match.end()
        else:
            return found, line[at:]
    return found, ""


def scheme(code: str) -> str | None:
    """Return the scheme of a delay code: three letters are AHM 732, everything else AHM 730; None if it is neither."""
    name = "ahm732" if len(code) == 3 and code.isalpha() else "ahm730"
    return name if delay_codes.well_formed(name, code) else None


def _delays(text: str) -> tuple[tuple[str, int | None], ...] | None:
    # First all codes, then all durations (hhmm) in the same order.
    parts = [part for part in text.split("/") if part]
    codes = [part for part in parts if len(part) < 4]
    durations = [part for part in parts if len(part) >= 4]
    if not codes or any(len(d) != 4 or not d.isdigit() or d[2:] > "59" for d in durations):
        return None
    minutes: list[int | None] = [int(d[:2]) * 60 + int(d[2:]) for d in durations]
    minutes += [None] * (len(codes) - len(minutes))
    return tuple(zip(codes, minutes, strict=False))
