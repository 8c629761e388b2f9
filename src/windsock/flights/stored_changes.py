"""Read changes back from their wire form: typed as `diff` made them, times as datetimes and lists as tuples."""

from collections.abc import Mapping
from typing import Any

import msgspec

from windsock.flights.changes import Change
from windsock.flights.fields import PARTS
from windsock.flights.state import Flight


def _value_types() -> dict[str, Any]:
    """Return the type of each value of a flight, by its dotted path."""
    types: dict[str, Any] = {}
    for field in msgspec.structs.fields(Flight):
        if field.name in PARTS:
            for leaf in msgspec.structs.fields(field.type):
                types[f"{field.name}.{leaf.name}"] = leaf.type
        else:
            types[field.name] = field.type
    return types


_TYPES = _value_types()
_decode = msgspec.json.Decoder(tuple[Change, ...]).decode


def changes_from_json(data: bytes | msgspec.Raw) -> tuple[Change, ...]:
    """Return the changes that this JSON list holds, equal to those it was written from.

    Raises msgspec.ValidationError when a value is not one that its field can hold. A field that flights no longer have
    keeps its value as JSON has it.
    """
    return tuple(_typed(change) for change in _decode(data))


def _typed(change: Change) -> Change:
    if change.kind == "flight.added":
        return msgspec.structs.replace(change, to=_plan(change.to))
    if (wanted := _TYPES.get(change.field or "")) is None:
        return change
    return msgspec.structs.replace(
        change,
        from_=msgspec.convert(change.from_, wanted | None),
        to=msgspec.convert(change.to, wanted | None),
    )


def _plan(values: Mapping[str, Any], part: str = "") -> dict[str, Any]:
    """Return what a new flight brings along, with typed values."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if name in PARTS and not part:
            found[name] = _plan(value, f"{name}.")
        else:
            wanted = _TYPES.get(part + name)
            found[name] = value if wanted is None else msgspec.convert(value, wanted)
    return found
