"""Airport programmes: what holds up all flights at an airport (a ground stop, a closure), and how that changed.

Air traffic control reports on airports, not on flights. A programme is not a field of a flight and is not merged with
one: each source sends its whole list again and again, and `differences` finds what is new in it. All sources' lists for
one airport are its `Standing`, which has versions as a flight has.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Literal, get_args

import msgspec

ProgrammeKind = Literal["ground_stop", "ground_delay", "departure_delay", "arrival_delay", "closure"]
Trend = Literal["increasing", "decreasing", "steady"]
ProgrammeChangeKind = Literal["programme.started", "programme.changed", "programme.ended"]

KINDS: tuple[ProgrammeKind, ...] = get_args(ProgrammeKind)


class Programme(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One programme as its source reported it. `airport` is the canonical code; all times are aware UTC.

    Ground stop: nothing leaves for `airport`. Ground delay: flights to it get slots, `average_minutes` late. Departure
    and arrival delay: between `minimum_minutes` and `maximum_minutes`, going `trend`. Closure: from `begins_at` to
    `ends_at`. `only_for` is whom or what alone it concerns (general aviation, wide wings, one runway); where it is
    not None, scheduled flights need not be held up at all. None: the source does not say.
    """

    airport: str
    kind: ProgrammeKind
    source: str
    observed_at: datetime
    reason: str | None = None
    begins_at: datetime | None = None
    ends_at: datetime | None = None
    average_minutes: int | None = None
    minimum_minutes: int | None = None
    maximum_minutes: int | None = None
    trend: Trend | None = None
    only_for: str | None = None


_TOLD = tuple(name for name in Programme.__struct_fields__ if name != "observed_at")
"""What makes a programme another one; that it was seen again does not."""


class ProgrammeChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One difference between two lists. `programme` is the current one; of an ended one, the last reported.

    `before` is how it was, and `fields` the names that differ, for changed ones alone.
    """

    kind: ProgrammeChangeKind
    programme: Programme
    before: Programme | None = None
    fields: tuple[str, ...] = ()

    @property
    def airport(self) -> str:
        """The airport it is about."""
        return self.programme.airport


class ProgrammeList(msgspec.Struct, frozen=True, kw_only=True):
    """All programmes that a source knows of at `observed_at`: what is not in it has ended."""

    source: str
    observed_at: datetime
    programmes: tuple[Programme, ...] = ()


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """All programmes of one airport, of all sources. `version` counts its changes; empty: all is normal again."""

    airport: str
    version: int
    updated_at: datetime
    programmes: tuple[Programme, ...]


class StandingChange(msgspec.Struct, frozen=True, kw_only=True):
    """An airport's standing as it is now, and how it came about."""

    standing: Standing
    changes: tuple[ProgrammeChange, ...]


def retold(
    standings: Mapping[str, Standing], told: ProgrammeList, now: datetime
) -> tuple[StandingChange, ...]:
    """Return the standings that a source's newest list changes, by airport; nothing if it is the same list again.

    The lists of other sources stay as they are. Whether the list is the source's newest is for the caller to know.
    """
    before = [
        programme
        for standing in standings.values()
        for programme in standing.programmes
        if programme.source == told.source
    ]
    now_told = {
        _told(programme): programme for programme in told.programmes if programme.source == told.source
    }
    by_airport: defaultdict[str, list[ProgrammeChange]] = defaultdict(list)
    for change in differences(before, now_told.values()):
        by_airport[change.airport].append(change)
    found = []
    for airport, changes in sorted(by_airport.items()):
        held = standings.get(airport)
        programmes = [
            programme for programme in (held.programmes if held else ()) if programme.source != told.source
        ]
        programmes += [programme for programme in now_told.values() if programme.airport == airport]
        programmes.sort(key=lambda one: (KINDS.index(one.kind), one.source, *_order(one)))
        standing = Standing(
            airport=airport,
            version=held.version + 1 if held else 1,
            updated_at=now,
            programmes=tuple(programmes),
        )
        found.append(StandingChange(standing=standing, changes=tuple(changes)))
    return tuple(found)


def is_news(standings: Mapping[str, Standing], known: datetime | None, told: ProgrammeList) -> bool:
    """Whether the list is to be believed, where the source's newest was observed at `known` (None: there is none).

    Older ones are not. Of two that were observed at the same moment the fuller counts, whichever comes first: so any
    order of the same lists ends the same.
    """
    if known is None or told.observed_at != known:
        return known is None or told.observed_at > known
    held = [
        programme
        for standing in standings.values()
        for programme in standing.programmes
        if programme.source == told.source
    ]
    return _weight(told.programmes) > _weight(held)


def _weight(programmes: Iterable[Programme]) -> tuple[int, list[str]]:
    texts = {"\n".join(str(value) for value in _told(programme)) for programme in programmes}
    return len(texts), sorted(texts)


def differences(before: Iterable[Programme], after: Iterable[Programme]) -> tuple[ProgrammeChange, ...]:
    """Return the changes from one whole list to the next, by airport, kind and source; order does not matter.

    A programme listed twice counts once. An airport rarely has several closures at a time: those that are alike
    are the same one, then those with the same beginning, then they are taken in order of time.
    """
    old, new = _by_place(before), _by_place(after)
    return tuple(
        change for place in sorted(old.keys() | new.keys()) for change in _of_one(old[place], new[place])
    )


def _by_place(programmes: Iterable[Programme]) -> defaultdict[tuple[str, str, str], list[Programme]]:
    places: defaultdict[tuple[str, str, str], list[Programme]] = defaultdict(list)
    told = {_told(programme): programme for programme in programmes}
    for programme in told.values():
        places[programme.airport, programme.kind, programme.source].append(programme)
    for some in places.values():
        some.sort(key=_order)
    return places


def _of_one(old: list[Programme], new: list[Programme]) -> Iterator[ProgrammeChange]:
    """Return the changes among the programmes of one airport, kind and source."""
    same = {_told(programme) for programme in old} & {_told(programme) for programme in new}
    old = [programme for programme in old if _told(programme) not in same]
    new = [programme for programme in new if _told(programme) not in same]
    pairs: list[tuple[Programme, Programme]] = []
    for programme in tuple(new):
        began = next((was for was in old if was.begins_at == programme.begins_at), None)
        if began is not None:
            pairs.append((began, programme))
            old.remove(began)
            new.remove(programme)
    both = min(len(old), len(new))
    pairs += zip(old[:both], new[:both], strict=True)
    for was, programme in sorted(pairs, key=lambda pair: _order(pair[1])):
        fields = tuple(name for name in _TOLD if getattr(was, name) != getattr(programme, name))
        yield ProgrammeChange(kind="programme.changed", programme=programme, before=was, fields=fields)
    for programme in old[both:]:
        yield ProgrammeChange(kind="programme.ended", programme=programme)
    for programme in new[both:]:
        yield ProgrammeChange(kind="programme.started", programme=programme)


def _told(programme: Programme) -> tuple[object, ...]:
    return tuple(getattr(programme, name) for name in _TOLD)


_NEVER = datetime.max.replace(tzinfo=UTC)


def _order(programme: Programme) -> tuple[datetime, datetime, str]:
    return (
        programme.begins_at or _NEVER,
        programme.ends_at or _NEVER,
        "\n".join(str(value) for value in _told(programme)),
    )
