"""Reads a mapping's TOML into the frozen tree of `windsock.feeds.generic.mapping`, or names the wrong key."""

import difflib
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from windsock.errors import ConfigError
from windsock.feeds.generic.mapping import (
    ELSEWHERE,
    FIELDS,
    WRITTEN,
    ZONES,
    Codeshares,
    Column,
    FlightColumns,
    Mapping,
    Reasons,
    Status,
    TimeRule,
    Value,
    Word,
    kind_of,
)  # fmt: skip
from windsock.feeds.generic.mappingtable import MappingTable
from windsock.flights import delay_codes
from windsock.flights.airports import airport
from windsock.flights.airports import zone as zone_of
from windsock.flights.fieldnames import meant_field
from windsock.flights.fields import MILESTONES, SIDES

_AIRPORTS = ("origin", "destination", "diverted_to")


def read_mapping(text: str) -> Mapping:
    """Return the mapping in a file's text.

    Raises:
        ConfigError: The text is wrong. The message names the key, the value and what is allowed.
    """
    try:
        data = tomllib.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"The mapping is not TOML: {error}.") from None
    return Mapping(**_mapping(MappingTable(data, "")))


def _mapping(top: MappingTable) -> dict[str, Any]:
    form = top.one_of("format", ("json", "ndjson", "csv"), required=True)
    times = _rule(top.table("times"), TimeRule())
    found: dict[str, Any] = {
        "format": form,
        "flight": _flight(top.table("flight", required=True)),
        "columns": tuple(_columns(top.table("columns"), times)),
        "constants": tuple(_constants(top.table("constants"))),
        "encoding": _encoding(top),
        "empty": top.one_of("empty", ("absent", "null")) or "absent",
        "nothing": top.texts("nothing"),
        "status": _status(top.table("status"), times) if "status" in top.data else None,
        "codeshares": _codeshares(top.table("codeshares")) if "codeshares" in top.data else None,
        "reasons": _reasons(top.table("reasons")) if "reasons" in top.data else None,
    }
    if form == "json":
        found["records"] = top.text("records")
    if form == "csv":
        found["delimiter"] = top.text("delimiter") or ","
        if len(found["delimiter"]) != 1 or found["delimiter"] in '"\r\n':
            raise top.wrong("delimiter", 'one character, like ";" or "\\t"')
        found["header"] = top.texts("header") or None
    top.finish({"records": "json", "delimiter": "csv", "header": "csv"})
    return found


def _encoding(top: MappingTable) -> str:
    name = top.text("encoding") or "utf-8"
    try:
        b"1".decode(name)
    except UnicodeError:
        pass  # UTF-16 and the like want two bytes
    except (LookupError, ValueError):
        raise top.wrong("encoding", 'a text encoding, like "utf-8" or "iso-8859-1"') from None
    return name


def _flight(table: MappingTable) -> FlightColumns:
    found = FlightColumns(
        designator=table.text("designator"),
        carrier=table.text("carrier"),
        carrier_is=table.text("carrier_is"),
        number=table.text("number"),
        suffix=table.text("suffix"),
    )
    table.finish()
    split = (found.carrier, found.carrier_is, found.number, found.suffix)
    whole = found.designator is not None and split == (None,) * 4
    if not whole and (found.designator or not found.number or bool(found.carrier) == bool(found.carrier_is)):
        raise ConfigError(
            f"[flight] has {', '.join(sorted(table.data)) or 'nothing'}; it needs either `designator` alone, or "
            "`number` and one of `carrier` (a column) and `carrier_is` (always the same code), perhaps `suffix`."
        )
    return found


def field_named(key: str, name: str) -> str:
    """Return the field of that name; raise ConfigError, under `key`, if no column can mean it."""
    if name in FIELDS:
        return name
    if name in ELSEWHERE:
        raise ConfigError(f"{key}: {name!r} cannot be mapped from a column; it comes from {ELSEWHERE[name]}.")
    side, _, leaf = name.rpartition(".")
    meant = meant_field(leaf, f"{side}.", SIDES[side]) if side in SIDES else meant_field(name, "", FIELDS)
    if meant not in FIELDS:
        meant = next(iter(difflib.get_close_matches(name, FIELDS, n=1)), None)
    hint = f"did you mean {meant!r}?" if meant else f"it may be {', '.join(FIELDS)}."
    raise ConfigError(f"{key}: a report has no field {name[:80]!r}; {hint}")


def _columns(table: MappingTable, times: TimeRule) -> Iterator[Column]:
    for name in table.take_all():
        key, value = table.at(name), table.data[name]
        if isinstance(value, str):
            yield _column(MappingTable({}, key), name, field_named(key, value), times)
        elif isinstance(value, dict):
            inner = MappingTable(value, key)
            field = inner.text("field")
            if field is None:
                raise ConfigError(
                    f"{key}: no `field` says what the column means. If {name!r} begins a path into JSON, put all of it "
                    f'in quotes: "{name}.…" = "departure.scheduled".'
                )
            yield _column(inner, name, field_named(inner.at("field"), field), times)
        else:
            raise table.wrong(name, 'a field\'s name, or a table like { field = "departure.scheduled" }')


def _column(table: MappingTable, name: str, field: str, times: TimeRule) -> Column:
    kind = kind_of(field)
    date, date_format, after = None, "iso", None
    rule = times
    if kind == "time":
        rule = _rule(table, times, finish=False)
        date, after = table.text("date"), table.text("after")
        date_format = _written(table, "date_format", ("iso",)) or "iso"
        if after is not None and kind_of(field_named(table.at("after"), after)) != "time":
            raise table.wrong("after", "a field with a time, like 'departure.scheduled'")
        if date is None and not _has_day(rule.format):
            raise ConfigError(
                f"{table.prefix}: {rule.format!r} has no day, month and year; name the column with the date: "
                f'{{ field = "{field}", date = "DATE" }}.'
            )
    elif kind == "day":
        rule = TimeRule(format=_written(table, "format", ("iso",)) or "iso")
        if not _has_day(rule.format):
            raise table.wrong("format", "a format with day, month and year, like '%d.%m.%Y'")
    table.finish()
    return Column(column=name, field=field, rule=rule, date=date, date_format=date_format, after=after)


def _rule(table: MappingTable, default: TimeRule, *, finish: bool = True) -> TimeRule:
    zone = table.text("zone") or default.zone
    if zone not in ZONES:
        try:
            zone_of(zone)
        except (LookupError, ValueError, OSError):
            raise table.wrong("zone", f'one of {", ".join(ZONES)}, or a zone like "Europe/Oslo"') from None
    ignore = table.truth("ignore_offset")
    rule = TimeRule(
        format=_written(table, "format", WRITTEN) or default.format,
        zone=zone,
        ignore_offset=default.ignore_offset if ignore is None else ignore,
    )
    if finish:
        table.finish()
    if rule.ignore_offset and rule.zone == "offset":
        raise ConfigError(
            f"{table.at('ignore_offset')}: without the offset, `zone` must say which clocks count."
        )
    return rule


def _written(table: MappingTable, name: str, words: tuple[str, ...]) -> str | None:
    """Return a way of writing times: one of `words`, or a strptime format that works."""
    given = table.text(name)
    if given is None or given in words:
        return given
    try:
        if "%" not in given:
            raise ValueError
        datetime.strptime(datetime(2026, 11, 25, 21, 34, 56, tzinfo=UTC).strftime(given), given)  # noqa: DTZ007
    except ValueError:
        raise table.wrong(
            name, f"one of {', '.join(words)}, or a strptime format like '%d.%m.%Y %H:%M'"
        ) from None
    return given


def _has_day(written: str) -> bool:
    if "%" not in written:
        return written != "hhmm"
    return any(all(part in written for part in parts) for parts in _WHOLE_DAYS)


_WHOLE_DAYS = [
    (year, *rest) for year in ("%Y", "%y") for rest in (("%m", "%d"), ("%b", "%d"), ("%B", "%d"), ("%j",))
] + [("%x",), ("%c",)]


def _constants(table: MappingTable) -> Iterator[tuple[str, Value]]:
    for name, value in _flat(table):
        field = field_named(table.at(name), name)
        yield field, _constant(table.at(name), field, value)


def _flat(table: MappingTable) -> Iterator[tuple[str, object]]:
    """Return fields and values, whether a field is spelt as 'departure.gate' in quotes or as a table in a table."""
    for name in table.take_all():
        value = table.data[name]
        if name in SIDES and isinstance(value, dict):
            yield from ((f"{name}.{leaf}", inner) for leaf, inner in value.items())
        else:
            yield name, value


def _constant(key: str, field: str, value: object) -> Value:
    kind = kind_of(field)
    if kind == "truth" and isinstance(value, bool):
        return value
    if kind == "minutes" and isinstance(value, int) and not isinstance(value, bool):
        return value
    if kind == "text" and isinstance(value, str) and value.strip():
        if field in _AIRPORTS and airport(value) is None:
            raise ConfigError(f"{key} is {value!r}; no airport with this IATA or ICAO code is known.")
        if field == "stated_status" and value not in MILESTONES:
            raise ConfigError(f"{key} is {value!r}; it is one of {', '.join(MILESTONES)}.")
        return value
    right = {"truth": "true or false", "minutes": "a whole number", "text": "text"}
    raise ConfigError(
        f"{key} is {value!r}; it must be {right[kind]}."
        if kind in right
        else f"{key} is {value!r}; a time is never the same for all flights, so it needs a column."
    )


def _status(table: MappingTable, times: TimeRule) -> Status:
    column = table.text("column", required=True) or ""
    words = {}
    inner = table.table("words", required=True)
    for word in inner.take_all():
        words[word.strip().upper()] = _word(inner.table(word), times)
    others = table.one_of("others", ("fault", "ignore"))
    table.finish()
    return Status(
        column=column, words=MappingProxyType(words), others="ignore" if others == "ignore" else "fault"
    )


def _word(table: MappingTable, times: TimeRule) -> Word:
    fields, columns = [], []
    for name, value in _flat(table):
        key = table.at(name)
        field = field_named(key, name)
        if isinstance(value, dict):
            inner = MappingTable(value, key)
            column = inner.text("column", required=True) or ""
            columns.append(_column(inner, column, field, times))
        else:
            fields.append((field, _constant(key, field, value)))
    return Word(fields=tuple(fields), columns=tuple(columns))


def _codeshares(table: MappingTable) -> Codeshares:
    found = Codeshares(
        column=table.text("column", required=True) or "", separator=table.text("separator") or ","
    )
    table.finish()
    return found


def _reasons(table: MappingTable) -> Reasons:
    found = Reasons(
        column=table.text("column", required=True) or "",
        scheme=table.one_of("scheme", delay_codes.SCHEMES) or "text",
        separator=table.text("separator"),
        minutes=table.text("minutes"),
        text=table.text("text"),
    )
    table.finish()
    return found
