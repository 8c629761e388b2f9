"""A field that a report was refused for, taken out of it, so that the rest can be told."""

import re
from typing import Any

WHO = ("flight", "date", "origin")
"""Without one of these that was given but is wrong, a report could reach another flight."""

_ENTRY = re.compile(r"(codeshares|delay_reasons)\[(\d{1,3})\].*", re.ASCII)


def left_out(data: dict[str, Any], field: str) -> bool:
    """Takes a refused field, or one entry of its list, out of a report's fields.

    False if it is not there, or nothing would be left that the report says of its flight.
    """
    side, _, leaf = field.rpartition(".")
    if (entry := _ENTRY.fullmatch(field)) is not None:
        entries, index = data.get(entry[1]), int(entry[2])
        if not isinstance(entries, list) or index >= len(entries):
            return False
        del entries[index]
        if not entries:
            del data[entry[1]]
    elif side and isinstance(data.get(side), dict) and leaf in data[side]:
        del data[side][leaf]
        if not data[side]:
            del data[side]
    elif field in data:
        del data[field]
    else:
        return False
    return any(name not in (*WHO, "observed_at") for name in data)
