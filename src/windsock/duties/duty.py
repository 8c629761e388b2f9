"""A duty: a name, and work that exactly one process does at a time. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Work:
    """A part of a duty: `run()` is called again `seconds` after it returned, on a thread of its own.

    An exception is logged and recorded as the duty's failure, and `run()` is called again. Its thread's database
    connections are closed after each call unless `keeps_connection`, for work that runs many times a second.
    """

    name: str
    seconds: float
    run: Callable[[], None]
    keeps_connection: bool = False


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that exactly one process does. `title` names it for people: "the overdue watch"."""

    name: str
    title: str
    work: Sequence[Work]
