"""Find airports by what people type: a code, an area's code, a city, or words of the airport's name."""

import unicodedata
from collections.abc import Mapping
from difflib import get_close_matches

from windsock.flights import airports
from windsock.flights.place_names import airports_of_area, place_name
from windsock.flights.tablecache import remembered

MAX_TYPOS = 3
"""Airports offered for a word that is none: more would be guesses."""


def folded(text: str) -> str:
    """Return the text in lower case, without accents, its marks as blanks."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    kept = (letter if letter.isalnum() else " " for letter in plain if not unicodedata.combining(letter))
    return " ".join("".join(kept).split())


@remembered(maxsize=1)
def _haystacks() -> dict[str, str]:
    """Return code → the text that words are looked for in, a blank before each word."""
    listed = {found.code: found for found in airports.listed_with_both_codes()}
    listed |= {found.code: found for found in airports.own()}
    return {code: _haystack(code) for code in listed}


@remembered(maxsize=8192)
def _haystack(code: str) -> str:
    found = airports.airport(code)
    if found is None:
        return f" {code.lower()}"
    return (
        f" {folded(place_name(code) or code)} | {folded(found.city)} | {folded(found.name)} | {code.lower()}"
    )


def airports_named(text: str, busy: Mapping[str, int]) -> list[str]:
    """Return the codes of the airports that the text names: by code, by area, or by words, each begun at least.

    Airports with flights (`busy`: code → how many) come first; others are searched only if none of those is found.
    """
    plain = text.strip()
    if not plain:
        return []
    coded = airports.airport(plain)
    area = airports_of_area(plain) if len(plain) == 3 else ()
    exact = [coded.code] if coded is not None else []
    exact += [code for code in area if code not in exact]
    found = exact + [code for code in _by_words(plain, busy) if code not in exact]
    if any(code in busy for code in found):
        found = [code for code in found if code in busy or code in exact[:1]]
    return found


def _by_words(text: str, busy: Mapping[str, int]) -> list[str]:
    words = [f" {word}" for word in folded(text).split()]
    if not words or (len(words) == 1 and len(words[0]) < 3):
        return []
    matching = [code for code in busy if all(word in _haystack(code) for word in words)]
    if not matching:
        matching = [code for code, hay in _haystacks().items() if all(word in hay for word in words)]
    whole = f" {folded(text)}"
    return sorted(
        matching,
        key=lambda code: (not _haystack(code).startswith(whole), -busy.get(code, 0), code),
    )


def place_exactly(text: str, busy: Mapping[str, int]) -> list[str]:
    """Return the airports that the text names as a whole, as one end of a route: a code, or a city from its start."""
    plain = text.strip()
    coded = airports.airport(plain)
    if coded is not None and (coded.code in busy or plain.isupper() or len(folded(plain)) == 3):
        return [coded.code, *(code for code in airports_of_area(plain) if code != coded.code)]
    if area := airports_of_area(plain):
        return list(area)
    return _by_words(plain, busy)


def similar_places(text: str, busy: Mapping[str, int]) -> list[str]:
    """Return airports with flights whose code or city is spelled nearly like the text, the nearest first."""
    names: dict[str, str] = {}
    for code in sorted(busy, key=lambda code: (-busy[code], code)):
        found = airports.airport(code)
        for name in (folded(place_name(code) or ""), folded(found.city if found else ""), code.lower()):
            if name:
                names.setdefault(name, code)
    close = get_close_matches(folded(text), list(names), n=2 * MAX_TYPOS, cutoff=0.72)
    return list(dict.fromkeys(names[name] for name in close))[:MAX_TYPOS]
