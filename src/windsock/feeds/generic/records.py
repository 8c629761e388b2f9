"""The records of JSON, NDJSON and CSV, with their values and places; damaged ones are faults."""

import csv
import difflib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from windsock.errors import FeedError
from windsock.feeds.encoding import unmarked
from windsock.feeds.generic.mapping import Mapping
from windsock.feeds.parsing import MAX_RAW, Fault
from windsock.flights.values import shown

ABSENT: Final = object()

_MAX_LINES = 20
"""Lines of one CSV record, by line ends in quotes, at most; an open quote takes no more lines along."""
_MAX_COLUMNS = 2000
"""The widest public file of flights (TranStats) has 110."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record. `columns` is a JSON object, or a row by its header; `line` or `path` is its place."""

    columns: dict[str, Any]
    raw: str
    line: int | None = None
    path: str | None = None

    def get(self, name: str) -> Any:
        """Return the value in a column, ABSENT if there is none. `a.b` and `a.0` are paths into objects and lists."""
        if name in self.columns:
            return self.columns[name]
        at: Any = self.columns
        for part in name.split("."):
            if isinstance(at, dict) and part in at:
                at = at[part]
            elif isinstance(at, list) and part.isascii() and part.isdigit() and int(part[:6]) < len(at):
                at = at[int(part[:6])]
            else:
                return ABSENT
        return at


def faulty(record: Record, message: str, column: str | None, value: object) -> Fault:
    """Return a fault at a place of a record."""
    given = None if value is None else _clean(value[:200]) if isinstance(value, str) else shown(value)
    return Fault(record.line, message, record.raw[:MAX_RAW], column, given, record.path)


def records_of(data: bytes, mapping: Mapping, max_bytes: int) -> Iterator[Record | Fault]:
    """Yield all records in order, faults for damaged ones; raise FeedError if none can be read."""
    if len(data) > max_bytes:
        raise FeedError(f"The input has {len(data)} bytes; at most {max_bytes} are read. Send it in parts.")
    # Damaged bytes become U+FFFD, so that only the values with them are lost.
    try:
        if not mapping.encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32")):
            data = unmarked(data, mapping.encoding)
        text = data.decode(mapping.encoding, "replace").removeprefix("\ufeff")
    except UnicodeError as error:
        raise FeedError(f"The input is not {mapping.encoding}: {error}. Check `encoding`.") from None
    if not text.strip():
        raise FeedError("The input is empty.")
    if mapping.format == "json":
        return _json(text, mapping.records)
    return _ndjson(text) if mapping.format == "ndjson" else _csv(text, mapping)


def missing_columns(record: Record, mapping: Mapping) -> Iterator[tuple[str, str]]:
    """Return the columns of the mapping that a CSV does not have, with a hint which one may be meant."""
    if mapping.format != "csv":
        return
    for name in dict.fromkeys(mapping.named()):
        if name not in record.columns:
            yield name, _hint(name, record.columns)


def _hint(name: str, known: Any) -> str:
    near = difflib.get_close_matches(name, [column for column in known if len(column) < 80], n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""


def _loaded(text: str) -> Any:
    """Return the value of a JSON text; raise ValueError."""
    try:
        return json.loads(text, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("brackets in brackets without end") from None


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _json(text: str, path: str | None) -> Iterator[Record | Fault]:
    try:
        at = _loaded(text)
    except ValueError as error:
        raise FeedError(f"This is not JSON: {_clean(str(error)[:200])}. Was it cut off?") from None
    if path is not None:
        found = Record(at if isinstance(at, dict) else {}, "").get(path)
        if found is ABSENT:
            has = ", ".join(list(at)[:8]) if isinstance(at, dict) else f"a {type(at).__name__}"
            raise FeedError(f"The JSON has nothing at {path!r} (`records`); it has {_clean(has[:200])}.")
        at = found
    if not isinstance(at, (dict, list)):
        raise FeedError(
            f"The JSON has {_clean(repr(at)[:60])} in place of the records; it must be a list or an object."
        )
    entries = at if isinstance(at, list) else [at]
    return _entries(entries, path or "", isinstance(at, list))


def _entries(entries: list[Any], path: str, many: bool) -> Iterator[Record | Fault]:
    for index, entry in enumerate(entries):
        where = f"{path}[{index}]" if many else path or "$"
        try:
            raw = json.dumps(entry)[:MAX_RAW]
        except RecursionError:
            raw = ""
        if isinstance(entry, dict):
            yield Record(entry, raw, path=where)
        else:
            yield Fault(None, "A record is an object.", raw, path=where)


def _ndjson(text: str) -> Iterator[Record | Fault]:
    # Concatenated files with a mark each have one in the middle as well.
    each = (line.removeprefix("\ufeff") for line in text.split("\n"))
    lines = [(number, line) for number, line in enumerate(each, 1) if line.strip()]
    found: list[Record | Fault] = []
    for number, line in lines:
        try:
            entry = _loaded(line)
            if not isinstance(entry, dict):
                raise ValueError("a record is an object")
            found.append(Record(entry, line.strip(), line=number))
        except ValueError as error:
            message = f"This line is not a record: {_clean(str(error)[:200])}."
            found.append(Fault(number, message, _clean(line.strip()[:MAX_RAW])))
    if not any(isinstance(record, Record) for record in found):
        raise FeedError("No line is a JSON object; this is not NDJSON.")
    return iter(found)


def _csv(text: str, mapping: Mapping) -> Iterator[Record | Fault]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    at = 0
    header = mapping.header
    if header is None:
        at = next(number for number, line in enumerate(lines) if line.strip())
        header = tuple(cell.strip() for cell in _cells(lines[at], mapping) or [])
        at += 1
        if len(header) > _MAX_COLUMNS:
            raise FeedError(f"The header has {len(header)} columns; at most {_MAX_COLUMNS} are believable.")
        twice = next((name for name in header if name and header.count(name) > 1), None)
        if twice is not None:
            raise FeedError(f"The header has two columns {_clean(twice[:60])!r}; which one is meant?")
    flight = mapping.flight
    for name in (flight.designator, flight.carrier, flight.number):
        if name is not None and name not in header:
            has = ", ".join(header)[:300]
            raise FeedError(
                f"There is no column {name!r}{_hint(name, header) or '.'} The header has: {_clean(has)}. "
                "Check `delimiter`, `encoding` and `flight` of the mapping."
            )
    return _rows(lines, at, header, mapping)


def _rows(lines: list[str], at: int, header: tuple[str, ...], mapping: Mapping) -> Iterator[Record | Fault]:
    while at < len(lines):
        line, first = lines[at], at
        at += 1
        if not line.strip():
            continue
        raw, cells = line, _cells(line, mapping)
        if line.count('"') % 2:
            # A quote is open: the record continues, if it ends soon and then has the right number of cells.
            for end in range(at, min(at + _MAX_LINES, len(lines))):
                if lines[end].count('"') % 2:
                    whole = "\n".join(lines[first : end + 1])
                    longer = _cells(whole, mapping)
                    if longer is not None and len(longer) == len(header):
                        raw, cells, at = whole, longer, end + 1
                    break
        if cells is None or len(cells) != len(header):
            count = "no cells that can be read" if cells is None else f"{len(cells)} cells"
            yield Fault(first + 1, f"The row has {count}, the header {len(header)}.", _clean(raw[:MAX_RAW]))
            continue
        yield Record(dict(zip(header, cells, strict=True)), _clean(raw), line=first + 1)


def _cells(text: str, mapping: Mapping) -> list[str] | None:
    try:
        return next(csv.reader([f"{line}\n" for line in text.split("\n")], delimiter=mapping.delimiter), None)
    except csv.Error:
        return None


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
