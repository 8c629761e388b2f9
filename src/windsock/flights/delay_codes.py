"""Delay codes in our own short words; the source's raw code is always kept beside them.

Schemes: "ahm730" (IATA AHM 730, two digits or two letters, airlines may add a third character), "ahm732" (three
letters, opaque to us: the standard's tables are IATA's), "bts" (cause buckets and cancellation codes A to D of the US
Bureau of Transportation Statistics), "text" (free text: its code is the text).
"""

from functools import lru_cache
from importlib import resources

SCHEMES = ("ahm730", "ahm732", "bts", "text")

SHAPES = {
    "ahm730": "two digits or two letters, perhaps one more character: '93', 'RA', '93C'",
    "ahm732": "three letters: 'DBN'",
    "bts": "carrier, weather, nas, security or late_aircraft; of a cancellation A, B, C or D",
    "text": "any text",
}

_BTS = {
    "carrier": "airline",
    "weather": "weather",
    "nas": "air traffic system",
    "security": "security",
    "late_aircraft": "late inbound aircraft",
    "A": "cancelled by the airline",
    "B": "cancelled for weather",
    "C": "cancelled for the air traffic system",
    "D": "cancelled for security",
}


@lru_cache(maxsize=1)
def _ahm730() -> dict[str, tuple[str, str]]:
    """Code (numeric and alpha) → our wording and the BTS bucket we count it to."""
    table: dict[str, tuple[str, str]] = {}
    text = resources.files("windsock.flights").joinpath("data/delay_codes.csv").read_text("utf-8")
    for line in text.splitlines()[1:]:
        number, alpha, bucket, words = line.split(",", 3)
        table[number] = (words, bucket)
        if alpha:
            table[alpha] = (words, bucket)
    return table


@lru_cache(maxsize=4096)
def reason_text(scheme: str, code: str) -> str | None:
    """Our short wording for a code, or None where we have none (AHM 732, an airline's own, free text)."""
    if scheme == "ahm730":
        found = _find(code)
        return None if found is None else found[0]
    if scheme == "bts":
        return _BTS.get(code) or _BTS.get(code.lower()) or _BTS.get(code.upper())
    return None


def all_texts() -> frozenset[str]:
    """Return every wording that `reason_text` can give, for translators."""
    return frozenset(_BTS.values()) | {words for words, _ in _ahm730().values()}


def choices() -> list[tuple[str, str]]:
    """Return the AHM 730 codes that people choose from, with our words; of those that read alike, the first."""
    found: dict[str, str] = {}
    for code, (words, _) in _ahm730().items():
        if code.isdigit():
            found.setdefault(words, code)
    return [(code, words) for words, code in found.items()]


@lru_cache(maxsize=4096)
def bts_bucket(scheme: str, code: str) -> str | None:
    """Return the BTS cause (carrier, weather, nas, security, late_aircraft) of this code, by our own assignment."""
    if scheme == "ahm730":
        found = _find(code)
        return None if found is None else found[1]
    if scheme == "bts":
        letters = {"A": "carrier", "B": "weather", "C": "nas", "D": "security"}
        bucket = letters.get(code.upper(), code.lower())
        return bucket if bucket in _BTS else None
    return None


def of_cancellation(scheme: str, code: str) -> bool:
    """Whether the code says why a flight was cancelled, and so nothing about one that flies."""
    return scheme == "bts" and code in ("A", "B", "C", "D")


def well_formed(scheme: str, code: str) -> bool:
    """Whether `code` can be a code of this scheme; whether we have words for it is another question."""
    if scheme == "ahm730":
        # 93, RA, and with an airline's own third character 93C, RAC
        return (
            len(code) in (2, 3)
            and code.isascii()
            and code.isalnum()
            and (code[:2].isdigit() or code[:2].isalpha())
        )
    if scheme == "ahm732":
        return len(code) == 3 and code.isascii() and code.isalpha()
    if scheme == "bts":
        return reason_text("bts", code) is not None
    return bool(code)


def _find(code: str) -> tuple[str, str] | None:
    table = _ahm730()
    code = code.strip().upper()
    return table.get(code) or table.get(code[:2])
