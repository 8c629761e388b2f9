"""The duties there are. Each package that has some adds them when Django starts (`windsock.apps`)."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from windsock.duties.duty import Duty


class Source(NamedTuple):
    """Where duties come from.

    `expected()` gives the name and title of each that somebody has to run, from the settings alone. `make(server)`
    makes them; `server` is True in a server process, which leaves out what the settings keep for other processes.
    """

    expected: Callable[[], Mapping[str, str]]
    make: Callable[[bool], Sequence[Duty]]


_sources: dict[str, Source] = {}


def add(name: str, source: Source) -> None:
    """Add a package's duties; the same name replaces what it added before."""
    _sources[name] = source


def expected() -> dict[str, str]:
    """Return the name and title of every duty that somebody has to run."""
    return {name: title for source in _sources.values() for name, title in source.expected().items()}


def make(*, server: bool = False) -> list[Duty]:
    """Return every duty, ready for a runner."""
    return [duty for source in _sources.values() for duty in source.make(server)]
