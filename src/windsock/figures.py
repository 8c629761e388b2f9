"""A figure that a part of the service counts, in the form in which /metrics shows it."""

from typing import Literal, NamedTuple


class Figure(NamedTuple):
    """One figure: its name, what it says, whether it only grows, its value, and labels where there are several."""

    name: str
    help: str
    kind: Literal["counter", "gauge"]
    value: float
    labels: dict[str, str]
