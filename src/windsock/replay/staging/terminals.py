"""Terminals, gates, check-in desks and belts at New York's airports, roughly as the carriers had them in 2013."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from windsock.replay.staging import choice

TURNAROUND = timedelta(minutes=45)
"""A gate is planned for a departure this long before it, and for an arrival this long after it."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal: its name, its gates, its check-in desks (first and last) and its baggage belts."""

    name: str
    gates: tuple[str, ...]
    desks: tuple[int, int]
    belts: tuple[str, ...]


def _gates(letter: str, first: int, last: int) -> tuple[str, ...]:
    return tuple(f"{letter}{number}" for number in range(first, last + 1))


_JFK = {
    "2": Terminal("2", _gates("C", 60, 70), (201, 220), ("1", "2")),
    "4": Terminal("4", _gates("B", 20, 45), (401, 448), ("3", "4", "5", "6")),
    "5": Terminal("5", _gates("", 1, 29), (501, 540), ("1", "2", "3", "4", "5")),
    "7": Terminal("7", _gates("", 1, 12), (701, 724), ("1", "2", "3")),
    "8": Terminal("8", _gates("", 1, 47), (801, 848), ("1", "2", "3", "4")),
}
_LGA = {
    "B": Terminal("B", (*_gates("A", 1, 7), *_gates("B", 1, 8), *_gates("D", 1, 10)), (1, 60), ("1", "2", "3", "4")),
    "C": Terminal("C", _gates("C", 15, 44), (61, 90), ("6", "7", "8")),
    "D": Terminal("D", _gates("D", 11, 32), (91, 120), ("9", "10", "11")),
}  # fmt: skip
_EWR = {
    "A": Terminal("A", _gates("A", 10, 39), (101, 150), ("1", "2", "3", "4")),
    "B": Terminal("B", _gates("B", 40, 68), (201, 240), ("5", "6", "7")),
    "C": Terminal("C", _gates("C", 70, 139), (301, 370), ("8", "9", "10", "11", "12")),
}

AIRPORTS = {"JFK": _JFK, "LGA": _LGA, "EWR": _EWR}

_ELSEWHERE = {"JFK": "8", "LGA": "B", "EWR": "A"}
_OF_CARRIER = {
    "JFK": {"B6": "5", "DL": "4", "9E": "2", "EV": "2", "VX": "4", "UA": "7", "HA": "4"},
    "LGA": {"DL": "D", "9E": "D", "US": "C", "EV": "D"},
    "EWR": {"UA": "C", "EV": "C", "DL": "B"},
}

_SOLD_BY = {
    "9E": (("DL", 3000),),
    "EV": (("UA", 4000),),
    "MQ": (("AA", 2800),),
    "YV": (("US", 2600),),
    "UA": (("LH", 7400),),
    "AA": (("BA", 1500),),
    "B6": (("EI", 5000),),
    "DL": (("AF", 6800),),
}
# A carrier → the partners that sell its flights under numbers of their own, and where those numbers begin.

_SELL_SOME = frozenset({"UA", "AA", "B6", "DL"})
# Carriers that do not have every flight sold by others; the regional ones do.


def terminal(airport: str, carrier: str) -> Terminal:
    """Return the terminal of a carrier at JFK, LGA or EWR."""
    return AIRPORTS[airport][_OF_CARRIER[airport].get(carrier, _ELSEWHERE[airport])]


def desks(carrier: str, airport: str) -> str:
    """Return the check-in desks of a carrier, such as "501-506"."""
    first, last = terminal(airport, carrier).desks
    start = first + 6 * choice.number("desks", carrier, airport, below=max((last - first + 1) // 6, 1))
    return f"{start}-{start + 5}"


def codeshares(carrier: str, number: int, airport: str) -> tuple[str, ...]:
    """Return the numbers under which partners sell a flight from or to `airport`."""
    if carrier in _SELL_SOME and choice.number("sold", carrier, number, below=3) == 0:
        return ()
    return tuple(
        f"{partner}{first + choice.number('codeshare', carrier, number, airport, below=1000)}"
        for partner, first in _SOLD_BY.get(carrier, ())
    )


class GatePlan:
    """Gives out gates so that no two flights are planned for one at the same time, as long as there are enough."""

    def __init__(self) -> None:
        self._busy_until: dict[tuple[str, str, str], datetime] = {}

    def take(self, airport: str, carrier: str, arrives: datetime, leaves: datetime, *of: object) -> str:
        """Return a gate that is free from `arrives` to `leaves`. Ask in order of `arrives`."""
        place = terminal(airport, carrier)
        gates = place.gates
        start = choice.number(*of, below=len(gates))
        for step in range(len(gates)):
            gate = gates[(start + step) % len(gates)]
            if self._busy_until.get((airport, place.name, gate), arrives) <= arrives:
                break
        self._busy_until[airport, place.name, gate] = leaves
        return gate
