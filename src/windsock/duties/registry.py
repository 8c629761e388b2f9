"""The registry of duties. Each package adds its own when Django starts (`windsock.apps`)."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from windsock.duties.duty import Duty


class Source(NamedTuple):
    """A package's duties.

    `expected()` returns the name and title of each duty that some process has to run, from the settings alone.
    `make(server)` creates them; in a server process (`server` is True) without those that the settings keep for others.
    """

    expected: Callable[[], Mapping[str, str]]
    make: Callable[[bool], Sequence[Duty]]


_sources: dict[str, Source] = {}


def add(name: str, source: Source) -> None:
    """Add a package's duties; the same name replaces what it added before."""
    _sources[name] = source


def expected() -> dict[str, str]:
    """Return the name and title of every duty that some process has to run."""
    return {name: title for source in _sources.values() for name, title in source.expected().items()}


def make(*, server: bool = False) -> list[Duty]:
    """Return every duty, ready for a runner."""
    return [duty for source in _sources.values() for duty in source.make(server)]
