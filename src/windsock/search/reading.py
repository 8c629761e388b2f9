"""Read what people type: which flight numbers, carriers, airports and routes a text may mean. Pure."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as Day

from windsock.flights import Designator, airlines, airports
from windsock.flights.tablecache import remembered
from windsock.search.places import airports_named, folded, place_exactly

MAX_TEXT = 64
"""Characters of a text that are read; no flight, place or route is longer."""

MAX_NUMBERS = 6
"""Flight numbers that one text may mean: "british 1" is a number of several carriers."""

MAX_AIRPORTS = 8
"""Airports that a text may mean, on one screen of a phone."""

_LEADING = re.compile(
    r"^(?:flight|flug|vuelo|vol|fly|flt|رحلة)(?:\s+(?:no\.?|number|nr\.?|nº))?\s*[:#]?\s+", re.IGNORECASE
)
_FROM = re.compile(r"^(?:from|von|ab|desde|de|depuis|fra|من)\s+", re.IGNORECASE)
_BETWEEN = re.compile(
    r"\s*(?:->|=>|→|⇒|–|—|>|/)\s*|\s+-+\s+|\s+(?:to|nach|bis|til|vers|hacia|a|à|إلى)\s+", re.IGNORECASE
)
_NAMED = re.compile(
    r"^(?P<name>\D*?[^\W\d_]\D*?)\s*-?\s*#?\s*0*(?P<number>[1-9]\d{0,3})\s?(?P<suffix>[a-z])?$", re.IGNORECASE
)
_BEGINNING = re.compile(r"^(?:[A-Z][A-Z0-9]|[0-9][A-Z]|[A-Z]{3})\d{0,4}[A-Z]?$")
_NUMBER = re.compile(r"^0*([1-9]\d{0,3})$")
_REGISTRATION = re.compile(
    r"^(?:N[1-9][0-9A-Z]{0,4}|[A-Z0-9]{1,3}-[A-Z0-9]{2,5}|[A-Z]{5}|[A-Z]{1,2}\d{2,5}[A-Z]{0,2})$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a text may mean; what it does not mean is empty.

    `numbers` are whole flight numbers, the likeliest first; `beginning` is what a flight number begins with;
    `number_only` is a number without its carrier; `routes` are pairs (origins, destinations) of airports.
    """

    text: str
    numbers: tuple[str, ...] = ()
    beginning: str = ""
    carriers: tuple[str, ...] = ()
    number_only: int | None = None
    registration: str = ""
    airports: tuple[str, ...] = ()
    route: tuple[tuple[str, ...], tuple[str, ...]] | None = None


def read_search(
    typed: str, busy: Mapping[str, int], on: Day, flying: frozenset[str] = frozenset()
) -> Reading:
    """Return what the text may mean. `busy` are the airports with flights, `flying` the carriers with flights today."""
    text = " ".join(unicodedata.normalize("NFKC", typed).replace("\u2010", "-").split())[:MAX_TEXT].strip(
        " .,;"
    )
    text = _LEADING.sub("", f"{text} ").strip()
    if not text:
        return Reading(text="")
    plain = text.upper()
    compact = re.sub(r"[\s-]", "", plain)
    found = tuple(airports_named(text, busy))[:MAX_AIRPORTS]
    numbers = _numbers(text, on, flying)
    only = _NUMBER.fullmatch(compact)
    route = None if numbers and not _BETWEEN.search(text) else _route(text, busy, named=bool(found))
    carriers = () if numbers or route else _carriers(text, flying)
    if carriers or numbers:  # "DL" also begins the names of faraway places
        found = tuple(code for code in found if code in busy or code == text.upper())
    return Reading(
        text=text,
        numbers=numbers,
        beginning=_beginning(compact, on) if _BEGINNING.fullmatch(compact) and not route else "",
        carriers=carriers,
        number_only=int(only[1]) if only else None,
        registration=plain.replace(" ", "") if _REGISTRATION.fullmatch(plain.replace(" ", "")) else "",
        airports=() if route else found,
        route=route,
    )


def _numbers(text: str, on: Day, flying: frozenset[str]) -> tuple[str, ...]:
    """Return the whole flight numbers that the text may be: "DL 1865", "dal0001", "delta 1865", or a flight's id."""
    try:
        return (str(Designator.parse(text, on)),)
    except ValueError:
        pass
    named = _NAMED.fullmatch(text)
    if named is None:
        return ()
    suffix = (named["suffix"] or "").upper()
    lines = _carriers(named["name"], flying)
    return tuple(f"{line}{int(named['number'])}{suffix}" for line in lines[:MAX_NUMBERS])


def _beginning(compact: str, on: Day) -> str:
    """Return the beginning of a designator as flights have it: DAL18 is DL18, DL018 is DL18."""
    try:
        return str(Designator.parse(compact, on))
    except ValueError:
        pass
    if len(compact) == 3 and compact.isalpha():
        return airlines.canonical(compact, on) if airlines.airline(compact, on) else ""
    return compact if len(compact) == 2 else ""


def _carriers(text: str, flying: frozenset[str]) -> tuple[str, ...]:
    """Return the carriers that the text names by words of their name or by their code; those that fly first."""
    words = folded(text).split()
    if not words or sum(map(len, words)) < 2:
        return ()
    code = text.strip().upper()
    if len(code) in (2, 3) and (known := airlines.airline(code)) is not None:
        by_code = known.iata or known.icao or code
        return (by_code,)
    needles = [f" {word}" for word in words]
    found = [code for code, name in _names().items() if all(needle in name for needle in needles)]
    whole = f" {' '.join(words)}"
    rank = {code: place for place, code in enumerate(found)}
    found.sort(
        key=lambda code: (code not in flying, not _names()[code].startswith(whole), len(code), rank[code])
    )
    if any(code in flying for code in found):
        found = [code for code in found if code in flying]
    return tuple(found[:MAX_NUMBERS])


@remembered(maxsize=1)
def _names() -> dict[str, str]:
    """Return carrier's code → its name, folded, a blank before each word; those that hold their code today."""
    found = {}
    for code in airlines.known_codes():
        line = airlines.airline(code)
        if line is not None and line.valid_to is None and airlines.canonical(code) == code:
            found[code] = f" {folded(line.name)}"
    return found


def _route(
    text: str, busy: Mapping[str, int], *, named: bool
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return the airports at both ends, if the text names two places."""
    text = _FROM.sub("", text)
    parts = _BETWEEN.split(text)
    if len(parts) == 2:
        return _ends(parts[0], parts[1], busy)
    dashed = text.split("-")
    if len(dashed) == 2 and (ends := _ends(dashed[0], dashed[1], busy)):
        return ends
    if len(text) == 6 and text.isascii() and text.isalpha() and not named:
        first, second = airports.airport(text[:3]), airports.airport(text[3:])
        if first is not None and second is not None:
            return (first.code,), (second.code,)
    words = text.split(" ")
    if named:
        return None  # "Las Vegas" is a place, though LAS is one too
    for cut in range(1, len(words)):
        ends = _ends(" ".join(words[:cut]), " ".join(words[cut:]), busy)
        if ends is not None:
            return ends
    return None


def _ends(first: str, second: str, busy: Mapping[str, int]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    if len(first.strip()) < 3 or len(second.strip()) < 3:
        return None
    origins, destinations = place_exactly(first, busy), place_exactly(second, busy)
    if not origins or not destinations:
        return None
    return tuple(origins[:MAX_NUMBERS]), tuple(destinations[:MAX_NUMBERS])
