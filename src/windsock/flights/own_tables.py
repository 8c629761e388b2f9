"""An operator's own airports and carriers: CSV files that are read once, at start, and come before every shipped table.

A row adds what the shipped tables lack (a mine's strip, a new airport, a new carrier) or corrects what they have: an
airport row without `name`, `city`, `country`, `zone` or place keeps what is known of that code.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple
from zoneinfo import available_timezones

import msgspec

from windsock.errors import ConfigError
from windsock.flights import airlines, airports
from windsock.flights.airlines import Airline
from windsock.flights.airports import Airport

AIRPORT_COLUMNS = ("iata", "icao", "name", "city", "country", "zone", "latitude", "longitude", "former")
AIRLINE_COLUMNS = ("iata", "icao", "name", "from", "to")

MAX_BYTES = 5_000_000
"""The whole public table of 28,000 airports is 3 MB: what is larger is another kind of file."""

_SHAPES = {
    ("airport", "iata"): (re.compile(r"[A-Z0-9]{3}"), "3 letters or digits"),
    ("airport", "icao"): (re.compile(r"[A-Z0-9]{4}"), "4 letters or digits"),
    ("airline", "iata"): (re.compile(r"[A-Z][A-Z0-9]|[0-9][A-Z]"), "2 letters, or a letter and a digit"),
    ("airline", "icao"): (re.compile(r"[A-Z]{3}"), "3 letters"),
}


class Line(NamedTuple):
    """One row of a file, with where it stands for error messages."""

    where: str
    cells: Mapping[str, str]


def use(airports_file: str | Path = "", airlines_file: str | Path = "") -> None:
    """Read these files and let them come before the shipped tables; an empty name takes back what was given before.

    Raises ConfigError naming file, line, what is wrong and what is needed; then nothing has changed.
    """
    for name, file in (("AIRPORTS", airports_file), ("AIRLINES", airlines_file)):
        if not isinstance(file, (str, Path)):
            raise ConfigError(f"{name} is {file!r}; the path of a CSV file is needed.")
    own_airports = read_airports(Path(airports_file)) if airports_file else ()
    own_airlines = read_airlines(Path(airlines_file)) if airlines_file else ()
    if own_airports or airports.own():
        airports.use_own(own_airports)
    if own_airlines or airlines.own():
        airlines.use_own(own_airlines)


def read_airports(path: Path) -> tuple[Airport, ...]:
    """Return the airports of a CSV file with the columns AIRPORT_COLUMNS, in any order; only codes are required."""
    found: list[Airport] = []
    taken: dict[str, str] = {}
    for line in _lines(path, AIRPORT_COLUMNS):
        iata, icao = _codes("airport", line)
        former = tuple(line.cells["former"].upper().split())
        for code in former:
            if not re.fullmatch(r"[A-Z0-9]{3,4}", code):
                raise ConfigError(
                    f"{line.where}: `former` is {code!r}; codes of 3 or 4 letters or digits are needed."
                )
        _once(line, taken, *filter(None, (iata, icao)))
        known = next(filter(None, (airports.listed(code) for code in filter(None, (icao, iata)))), None)
        zone = line.cells["zone"] or (known.zone if known else "")
        if zone not in available_timezones():
            raise ConfigError(
                f"{line.where}: `zone` is {zone!r}; a zone of the IANA database is needed, such as Australia/Perth."
            )
        found.append(
            Airport(
                iata=iata or (known.iata if known else None),
                icao=icao or (known.icao if known else None),
                name=line.cells["name"] or (known.name if known else iata or icao or ""),
                city=line.cells["city"] or (known.city if known else ""),
                country=line.cells["country"].upper() or (known.country if known else ""),
                zone=zone,
                latitude=_degrees(line, "latitude", 90, known.latitude if known else None),
                longitude=_degrees(line, "longitude", 180, known.longitude if known else None),
                former=former,
            )
        )
    return tuple(found)


def read_airlines(path: Path) -> tuple[Airline, ...]:
    """Return the carriers of a CSV file with the columns AIRLINE_COLUMNS, in any order; only codes are required."""
    found: list[Airline] = []
    for line in _lines(path, AIRLINE_COLUMNS):
        iata, icao = _codes("airline", line)
        start, end = _day(line, "from"), _day(line, "to")
        if start is not None and end is not None and end < start:
            raise ConfigError(f"{line.where}: `to` ({end}) lies before `from` ({start}).")
        entry = Airline(
            iata=iata,
            icao=icao,
            name=line.cells["name"] or icao or iata or "",
            valid_from=start,
            valid_to=end,
        )
        for other in found:
            shared = {entry.iata, entry.icao} & {other.iata, other.icao} - {None}
            if shared and _overlap(entry, other):
                raise ConfigError(
                    f"{line.where}: {', '.join(sorted(filter(None, shared)))} stands twice for the same days. "
                    "Give the days on which each carrier held the code in `from` and `to`."
                )
        found.append(entry)
    return tuple(found)


def _overlap(one: Airline, other: Airline) -> bool:
    starts_in = one.valid_from is None or other.valid_to is None or one.valid_from <= other.valid_to
    ends_in = other.valid_from is None or one.valid_to is None or other.valid_from <= one.valid_to
    return starts_in and ends_in


def _lines(path: Path, columns: tuple[str, ...]) -> Iterator[Line]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(f"{path} is larger than {MAX_BYTES:,} bytes; a CSV file of codes is needed.")
        text = path.read_text("utf-8-sig")  # spreadsheets begin a file with a byte-order mark
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.") from error
    reader = csv.reader(text.splitlines())
    header = [cell.strip().lower() for cell in next(reader, [])]
    unknown = [name for name in header if name not in columns]
    if unknown or not {"iata", "icao"} & set(header):
        wrong = (
            f"it has the column {unknown[0]!r}"
            if unknown
            else "its first line names neither `iata` nor `icao`"
        )
        raise ConfigError(f"{path}: {wrong}. Its first line names columns of these: {', '.join(columns)}.")
    for cells in reader:
        where = f"{path}, line {reader.line_num}"
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            raise ConfigError(
                f"{where} has {len(cells)} cells, but the first line names {len(header)} columns. "
                "Put text with a comma in it in double quotes."
            )
        given = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
        yield Line(where, {name: given.get(name, "") for name in columns})


def _codes(kind: str, line: Line) -> tuple[str | None, str | None]:
    codes: list[str | None] = []
    for name in ("iata", "icao"):
        code = line.cells[name].upper()
        shape, needed = _SHAPES[kind, name]
        if code and not shape.fullmatch(code):
            raise ConfigError(f"{line.where}: `{name}` is {line.cells[name]!r}; {needed} are needed.")
        codes.append(code or None)
    if not any(codes):
        raise ConfigError(f"{line.where} gives no code; `iata` or `icao` is needed.")
    return codes[0], codes[1]


def _once(line: Line, taken: dict[str, str], *codes: str) -> None:
    for code in codes:
        if code in taken:
            raise ConfigError(
                f"{line.where}: {code} stands in {taken[code]} already; each code may stand once."
            )
        taken[code] = line.where.rpartition(", ")[2]


def _degrees(line: Line, name: str, limit: int, known: float | None) -> float | None:
    text = line.cells[name]
    if not text:
        return known
    try:
        value = float(text)
    except ValueError:
        value = limit + 1.0
    if not abs(value) <= limit:
        raise ConfigError(
            f"{line.where}: `{name}` is {text!r}; degrees between -{limit} and {limit} are needed."
        )
    return value


def _day(line: Line, name: str) -> date | None:
    text = line.cells[name]
    if not text:
        return None
    try:
        return msgspec.convert(text, date)
    except msgspec.ValidationError:
        raise ConfigError(f"{line.where}: `{name}` is {text!r}; a date like 2026-11-28 is needed.") from None
