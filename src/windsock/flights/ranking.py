"""The ranks that an operator configures: one per source, or one per field of a source."""

import difflib
from collections.abc import Mapping

from windsock.errors import ConfigError
from windsock.flights.fields import FIELDS, PARTS

DEFAULT = "default"


def ranks_of(given: Mapping[str, object]) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
    """Return the ranks of sources and of their fields in `SOURCE_RANKS`; raise ConfigError with the cure.

    A source has a number, or an object whose keys are fields ("departure.gate"), parts ("arrival") and "default".
    """
    ranks: dict[str, int] = {}
    by_field: dict[str, dict[str, int]] = {}
    for source, rank in given.items():
        if not isinstance(rank, Mapping):
            ranks[source] = _number(source, "", rank)
            continue
        for field, value in rank.items():
            if field == DEFAULT:
                ranks[source] = _number(source, field, value)
            elif field in FIELDS or field in PARTS:
                by_field.setdefault(source, {})[field] = _number(source, field, value)
            else:
                near = difflib.get_close_matches(str(field), (*FIELDS, *PARTS, DEFAULT), n=1)
                meant = f" Did you mean {near[0]!r}?" if near else ""
                raise ConfigError(
                    f"SOURCE_RANKS[{source!r}] has no field {field!r}.{meant} "
                    f"It may have {DEFAULT}, {', '.join(PARTS)}, or {', '.join(FIELDS)}."
                )
    return ranks, by_field


def _number(source: str, field: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        where = f"SOURCE_RANKS[{source!r}]" + (f"[{field!r}]" if field else "")
        raise ConfigError(f"{where} is {value!r}; a whole number, higher for more weight, is needed.")
    return value
