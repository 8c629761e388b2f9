"""The names of a report's fields, and which one somebody meant who wrote another."""

import difflib
from functools import cache

from windsock.flights.fields import SIDES
from windsock.flights.report import Report

# What people write instead, seen in other feeds; difflib finds the misspellings.
_ALIASES = {
    "id": "flight",
    "flight_id": "flight",
    "flight_number": "flight",
    "designator": "flight",
    "number": "flight",
    "flight_date": "date",
    "from": "origin",
    "to": "destination",
    "dest": "destination",
    "delay": "departure_delay_minutes",
    "delay_minutes": "departure_delay_minutes",
    "dep_delay": "departure_delay_minutes",
    "arr_delay": "arrival_delay_minutes",
    "reason": "delay_reasons",
    "reasons": "delay_reasons",
    "tail": "registration",
    "tail_number": "registration",
    "status": "cancelled",
    "canceled": "cancelled",
    "gate": "departure.gate",
    "terminal": "departure.terminal",
    "belt": "arrival.belt",
    "checkin": "departure.checkin_desk",
    "check_in": "departure.checkin_desk",
    "desk": "departure.checkin_desk",
    "first_bag": "arrival.first_bag",
    "timestamp": "observed_at",
    "departure.delay_minutes": "departure_delay_minutes",
    "arrival.delay_minutes": "arrival_delay_minutes",
    "departure.off_block": "departure.actual",
    "departure.out": "departure.actual",
    "arrival.in": "arrival.actual",
}


@cache
def _spellings() -> dict[str, str]:
    """Every spelling we can make sense of, with underscores for dots → the field's path."""
    names = {name: name for name in Report.__struct_fields__}
    for part, leaves in SIDES.items():
        for leaf in leaves:
            path = f"{part}.{leaf}"
            names[f"{part}_{leaf}"] = names[f"{leaf}_{part}"] = path
    names.update({alias.replace(".", "_"): path for alias, path in _ALIASES.items()})
    return names


def meant_field(name: str, prefix: str, known: tuple[str, ...]) -> str | None:
    """Return the path of the field probably meant by `name` below `prefix` ("departure." or ""), or None."""
    guess = (prefix + name[:40]).lower().replace(".", "_").replace("-", "_").replace(" ", "_")
    if exact := _spellings().get(guess):
        return exact
    if prefix:
        near = difflib.get_close_matches(name[:40].lower(), known, n=1)
        return prefix + near[0] if near else None
    near = difflib.get_close_matches(guess, _spellings(), n=1, cutoff=0.7)
    return _spellings()[near[0]] if near else None
