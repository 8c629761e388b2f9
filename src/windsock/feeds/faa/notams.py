"""The text of a NOTAM about a closure: its period, and the only traffic that it concerns."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_PERIOD = re.compile(r"(?<![0-9A-Z])(\d{10})-(?:(\d{10})|PERM)(?:EST)?(?![0-9A-Z])", re.ASCII)

# The abbreviations that occur in closures, in words for people. All others stay as they are.
_WORDS = {
    "ACFT": "aircraft",
    "GA": "general aviation",
    "SKED": "scheduled",
    "NON": "non",
    "TRANSIENT": "transient",
    "HELI": "helicopters",
    "OPS": "operations",
    "INTL": "international",
    "LGT": "light",
    "MIL": "military",
    "CIV": "civil",
    "WINGSPAN": "wing span",
    "WGSPN": "wing span",
    "MORE": "more",
    "LESS": "less",
    "THAN": "than",
    "WI": "with",
    "WITH": "with",
    "OVER": "over",
    "AND": "and",
    "OR": "or",
    "WT": "weight",
    "RWY": "runway",
    "TWY": "taxiway",
    "APRON": "apron",
    "RAMP": "ramp",
}
_PARTS = ("RWY", "TWY", "APRON", "RAMP", "HELIPAD")
# "AD AP CLSD TO ALL ACFT EXC …" is closed to all but a few: a closed airport.
_ALL = frozenset({"ALL", "ALL ACFT", "ACFT", "ALL OPS"})


@dataclass(frozen=True, slots=True)
class Notam:
    """The period of a NOTAM, in UTC; `ends_at` None: for good."""

    begins_at: datetime
    ends_at: datetime | None


def notam_of(text: str) -> Notam | None:
    """Return the period (yymmddhhmm-yymmddhhmm) in a text, None if it has none; raise ValueError if it is not valid."""
    periods = list(_PERIOD.finditer(text))
    if not periods:
        return None
    found = periods[-1]  # it is a NOTAM's last field; what looks like one before is part of its text
    begins_at, ends_at = _moment(found[1]), _moment(found[2]) if found[2] else None
    if ends_at is not None and ends_at <= begins_at:
        raise ValueError(f"{found[0]} ends before it begins")
    return Notam(begins_at, ends_at)


def _moment(digits: str) -> datetime:
    try:
        year, month, day, hour, minute = (int(digits[at : at + 2]) for at in range(0, 10, 2))
        return datetime(2000 + year, month, day, hour, minute, tzinfo=UTC)
    except ValueError as error:
        raise ValueError(f"{digits}: {error}") from None


def only_for(text: str) -> str | None:
    """Return the only traffic that a closure concerns ("non scheduled transient general aviation aircraft").

    None if it concerns all traffic, or the text is not a NOTAM.
    """
    words = text.upper().replace(",", " ").split()
    if "CLSD" not in words:
        return None
    at = words.index("CLSD")
    part = next((index for index in range(at) if words[index] in _PARTS), None)
    if part is not None:
        return _spelled(words[part:at])
    if words[at + 1 : at + 2] != ["TO"]:
        return None
    whom: list[str] = []
    for word in words[at + 2 :]:
        if word in ("EXC", "EXCEPT", "PPR", "DUE", "BTN", "DLY") or _PERIOD.fullmatch(word):
            break
        whom.append(word)
    return None if not whom or " ".join(whom) in _ALL else _spelled(whom)


def _spelled(words: list[str]) -> str:
    return " ".join(_WORDS.get(word.rstrip("."), word) for word in words)[:200]
