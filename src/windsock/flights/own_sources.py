"""Windsock's own sources, in one table: what each may report, how much it is believed, and on what grounds it speaks.

A watch that files reports has a row here. `check_fields` enforces the table where a report enters: a report of an own
source that has no row, or of a field that is not its own, is an error.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from windsock.errors import InvalidReport
from windsock.flights.fields import TABLE
from windsock.flights.sources import is_own
from windsock.flights.state import Basis


@dataclass(frozen=True, slots=True)
class OwnSource:
    """One of Windsock's own sources.

    `title` names it for people. `rank` counts unless `SOURCE_RANKS` gives another. `fields` are the paths that it may
    report, and `basis` the grounds of a delay that follows from them; None: no delay does.
    """

    name: str
    title: str
    rank: int
    fields: frozenset[str]
    basis: Basis | None


OVERDUE = OwnSource(
    "windsock.overdue",
    "Windsock (the time passed without an update)",
    rank=-1,  # everyone else knows better
    fields=frozenset({"departure_overdue_minutes", "arrival_overdue_minutes"}),
    basis="inferred",
)
"""Reports that a milestone has passed without an update."""

FEEDS = OwnSource(
    "windsock.feeds",
    "Windsock (watching its sources)",
    rank=50,  # the only one that reports this field
    fields=frozenset({"silent_source"}),
    basis=None,
)
"""Reports that a feed fell silent."""

FORESIGHT = OwnSource(
    "windsock.foresight",
    "Windsock (forecast)",
    rank=-1,  # what a source reports counts more than any forecast
    fields=frozenset({"departure.estimated", "takeoff.estimated", "landing.estimated", "arrival.estimated"}),
    basis="predicted",
)
"""Reports forecasts of times that no source has estimated."""

OWN_SOURCES = {source.name: source for source in (OVERDUE, FEEDS, FORESIGHT)}
"""Each own source by its name. None of them has news of a flight: what they report never ends a silence."""

OWN_RANKS = {source.name: source.rank for source in OWN_SOURCES.values()}

OWN_FIELDS = frozenset(field.path for field in TABLE if field.own)
"""The fields that only an own source may fill in."""


def check_fields(source: str, paths: Iterable[str]) -> None:
    """Raise InvalidReport unless `source` may report the fields at these paths."""
    if not is_own(source):
        for path in paths:
            if path in OWN_FIELDS:
                raise InvalidReport(
                    f"{path} is filled in by Windsock's own watch, not by {source!r}.",
                    code="reserved_field",
                    field=path,
                    expected=f"a report without {path}",
                )
        return
    own = OWN_SOURCES.get(source)
    if own is None:
        raise InvalidReport(
            f"Windsock has no source of its own called {source!r}. It has {', '.join(OWN_SOURCES)}.",
            code="reserved_source",
            field="source",
            value=source,
            expected=f"one of {', '.join(OWN_SOURCES)}",
        )
    for path in paths:
        if path not in own.fields:
            raise InvalidReport(
                f"{source} may report {', '.join(sorted(own.fields))}, but not {path}.",
                code="reserved_field",
                field=path,
                expected=f"one of {', '.join(sorted(own.fields))}",
            )
