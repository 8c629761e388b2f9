"""What a report made different: typed changes, and the law that applying them gives the new flight."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from windsock.flights.belief import blank
from windsock.flights.fields import BY_PATH, MILESTONES, PARTS, TABLE, Kind
from windsock.flights.identity import FlightKey
from windsock.flights.rules import DEFAULT_RULES, MergeRules
from windsock.flights.state import Arrival, Departure, Flight, Runway
from windsock.flights.status import beyond_times, latest, moved_on, settle, under_way


class Change(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename={"from_": "from"}):
    """One typed difference. `field` is the dotted path in the flight, or None for the flight as a whole (added)."""

    kind: Kind
    field: str | None = None
    from_: Any = None
    to: Any = None


# What follows from the rest and is therefore never a change of its own: `settle` recomputes it.
#   status, flags, *.delay_basis, *.delay_from_first_minutes
# Implied values: `diverted` with a `diverted_to`, the first schedule published, that a flight which has
# moved on is no longer overdue, that what has happened is expected no more, and that nobody boards a flight which has
# left.

_PLAIN: dict[str, tuple[tuple[str, str, Kind], ...]] = {
    part: tuple(
        (field.name, field.path, field.change) for field in TABLE if field.plain and field.part == part
    )
    for part in ("", *PARTS)
}
_SINGLE = tuple((path, kind) for _, path, kind in _PLAIN[""])
_HAPPENED = {part: BY_PATH[f"{part}.actual"].change for part in PARTS}
_REACHED = dict(zip(PARTS, ("out", "airborne", "landed", "arrived"), strict=True))
_GATES = (Departure, Arrival)
_EMPTY: dict[str, Departure | Runway | Arrival] = {
    "departure": Departure(),
    "takeoff": Runway(),
    "landing": Runway(),
    "arrival": Arrival(),
}
_RUNWAYS = ("takeoff", "landing")
Part = Departure | Runway | Arrival
# What a new flight brings along by itself; the rest is reported as changes, so that no delay it came with is missed.
_PLAN = tuple(field.path for field in TABLE if field.planned and not field.part)
_PLAN_PARTS = {
    part: (
        *(("first_scheduled",) if part in ("departure", "arrival") else ()),
        *(field.name for field in TABLE if field.planned and field.part == part),
    )
    for part in PARTS
}


def diff(before: Flight | None, after: Flight, rules: MergeRules = DEFAULT_RULES) -> tuple[Change, ...]:
    """Return the changes from `before` (None: not known yet) to `after`; empty if only version and stamps differ.

    The weightiest come first: what happened to the flight, then its times, its delay, its places, its data. `from` and
    `to` are values of the flight. What follows from other fields (status, flags, grounds of the delay) is not listed.
    """
    found: list[Change] = []
    if before is None:
        plan, before = _added(after)
        found.append(Change(kind="flight.added", to=plan))
    if before.former_ids != after.former_ids:
        found.append(
            Change(kind="flight.merged", field="former_ids", from_=before.former_ids, to=after.former_ids)
        )
    _fate(found, before, after)
    # Most reports touch one or two of the four parts; comparing whole structs leaves out the others at once.
    parts = [
        (name, was, now)
        for name, was, now in (
            ("departure", before.departure, after.departure),
            ("takeoff", before.takeoff, after.takeoff),
            ("landing", before.landing, after.landing),
            ("arrival", before.arrival, after.arrival),
        )
        if was != now
    ]
    if before.stated_status != after.stated_status:
        _stated(found, before, after)
    if parts:
        _milestones(found, before, after, parts)
        sides = [
            (name, old, new)
            for name, old, new in parts
            if isinstance(old, _GATES) and isinstance(new, _GATES)
        ]
        for side, old, new in sides:
            _schedule(found, side, old, new)
            _overdue(found, side, old, new, rules, moved_on(after, side))
            _delay(found, side, old, new, rules.late_minutes)
        for name, earlier, later in parts:
            if name in _RUNWAYS and earlier.scheduled != later.scheduled:
                found.append(_retimed(name, earlier, later))
            if earlier.estimated != later.estimated and later.actual is None:
                found.append(
                    Change(
                        kind="estimate.changed",
                        field=f"{name}.estimated",
                        from_=earlier.estimated,
                        to=later.estimated,
                    )
                )
        for side, old, new in sides:
            _plain(found, side, old, new)
    for name, kind in _SINGLE:
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            found.append(Change(kind=kind, field=name, from_=was, to=now))
    if before.conflicts != after.conflicts:
        more = not set(after.conflicts) <= set(before.conflicts)
        kind = "data.conflict" if more else "flight.corrected"
        found.append(Change(kind=kind, field="conflicts", from_=before.conflicts, to=after.conflicts))
    if before.silent_source != after.silent_source:
        kind = "flight.corrected" if after.silent_source is None else "data.stale"
        found.append(
            Change(kind=kind, field="silent_source", from_=before.silent_source, to=after.silent_source)
        )
    return tuple(found)


def _delay(
    found: list[Change], side: str, old: Departure | Arrival, new: Departure | Arrival, late: int
) -> None:
    was, now = old.delay_minutes, new.delay_minutes
    if was != now:
        found.append(
            Change(kind=delay_kind(was, now, late), field=f"{side}.delay_minutes", from_=was, to=now)
        )
    if old.delay_from_first_minutes != new.delay_from_first_minutes:
        _moved_forward(found, side, old, new, late)


def _plain(found: list[Change], side: str, old: Departure | Arrival, new: Departure | Arrival) -> None:
    for name, path, kind in _PLAIN[side]:
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            found.append(Change(kind=kind, field=path, from_=was, to=now))


def _fate(found: list[Change], before: Flight, after: Flight) -> None:
    if before.cancelled != after.cancelled:
        kind: Kind = "flight.cancelled" if after.cancelled else "flight.reinstated"
        found.append(Change(kind=kind, field="cancelled", from_=before.cancelled, to=after.cancelled))
    if before.diverted_to != after.diverted_to:
        kind = "flight.diverted" if after.diverted_to is not None else "flight.corrected"
        found.append(Change(kind=kind, field="diverted_to", from_=before.diverted_to, to=after.diverted_to))
    if after.diverted != _diverted_as_said(before, after):
        kind = "flight.diverted" if after.diverted else "flight.corrected"
        found.append(Change(kind=kind, field="diverted", from_=before.diverted, to=after.diverted))
    if before.returned_to_gate != after.returned_to_gate:
        kind = "flight.returned_to_gate" if after.returned_to_gate is not None else "flight.corrected"
        found.append(
            Change(
                kind=kind, field="returned_to_gate", from_=before.returned_to_gate, to=after.returned_to_gate
            )
        )
    if before.air_return != after.air_return:
        kind = "flight.air_return" if after.air_return is not None else "flight.corrected"
        found.append(Change(kind=kind, field="air_return", from_=before.air_return, to=after.air_return))
    if before.boarding != after.boarding and not under_way(after):
        kind = "flight.boarding" if after.boarding else "flight.corrected"
        found.append(Change(kind=kind, field="boarding", from_=before.boarding, to=after.boarding))


def _diverted_as_said(before: Flight, after: Flight) -> bool:
    """Return what `diverted` becomes by the change of `diverted_to` alone."""
    return before.diverted if before.diverted_to == after.diverted_to else after.diverted_to is not None


def _milestones(
    found: list[Change], before: Flight, after: Flight, parts: Sequence[tuple[str, Part, Part]]
) -> None:
    back, returned = _return(before, after)
    known = MILESTONES.get(before.stated_status or "", 0)
    for name, old, new in parts:
        was, now = old.actual, new.actual
        if was == now:
            continue
        kind: Kind = "flight.corrected"
        if now is None:
            # Taken back by the return, not by a correction.
            kind = returned or kind
        elif (was is None and MILESTONES[_REACHED[name]] > known) or (
            back is not None and was is not None and was <= back < now
        ):
            # That it happened is reported once; the time of a milestone stated before is a correction.
            kind = _HAPPENED[name]
        found.append(Change(kind=kind, field=f"{name}.actual", from_=was, to=now))


def _return(before: Flight, after: Flight) -> tuple[datetime | None, Kind | None]:
    """When it was last back at its origin, and the kind of change by which it is, if this is news."""
    back = latest(after.returned_to_gate, after.air_return)
    if back is None or back == latest(before.returned_to_gate, before.air_return):
        return back, None
    return back, "flight.air_return" if back == after.air_return else "flight.returned_to_gate"


def _stated(found: list[Change], before: Flight, after: Flight) -> None:
    """Yield the change of a milestone reported without its time, unless its time is known by now."""
    was, now = before.stated_status, after.stated_status
    departure, arrival = after.departure.actual, after.arrival.actual
    if now == beyond_times(was, departure, after.takeoff.actual, after.landing.actual, arrival):
        return
    kind: Kind = "flight.corrected"
    if now is None:
        kind = _return(before, after)[1] or kind
    elif was is None or MILESTONES[now] > MILESTONES[was]:
        kind = _HAPPENED[next(part for part, status in _REACHED.items() if status == now)]
    found.append(Change(kind=kind, field="stated_status", from_=was, to=now))


def _schedule(found: list[Change], side: str, old: Departure | Arrival, new: Departure | Arrival) -> None:
    if old.scheduled != new.scheduled:
        found.append(_retimed(side, old, new))
    if new.first_scheduled != _first_as_said(old, new):
        found.append(
            Change(
                kind="flight.corrected",
                field=f"{side}.first_scheduled",
                from_=old.first_scheduled,
                to=new.first_scheduled,
            )
        )


def _retimed(name: str, old: Part, new: Part) -> Change:
    kind: Kind = "flight.corrected" if old.scheduled is None or new.scheduled is None else "schedule.retimed"
    return Change(kind=kind, field=f"{name}.scheduled", from_=old.scheduled, to=new.scheduled)


def _first_as_said(old: Departure | Arrival, new: Departure | Arrival) -> datetime | None:
    """Return the first schedule after a change of the schedule alone: the first time is the first published."""
    if old.first_scheduled is None and old.scheduled is None:
        return new.scheduled
    return old.first_scheduled


def _overdue(
    found: list[Change],
    side: str,
    old: Departure | Arrival,
    new: Departure | Arrival,
    rules: MergeRules,
    over: bool,
) -> None:
    was, now = old.overdue_minutes or 0, new.overdue_minutes or 0
    if was == now or (over and not now):
        return
    kind: Kind = "flight.corrected"
    if now > was:
        kind = "data.stale" if was < rules.stale_minutes <= now else "overdue.raised"
    found.append(
        Change(kind=kind, field=f"{side}.overdue_minutes", from_=old.overdue_minutes, to=new.overdue_minutes)
    )


def _moved_forward(
    found: list[Change], side: str, old: Departure | Arrival, new: Departure | Arrival, late: int
) -> None:
    """Early against the schedule that people may still have in their hands, although not against the present one."""
    was, now = old.delay_from_first_minutes, new.delay_from_first_minutes
    if now is None or now > -late or (was or 0) <= -late or now == new.delay_minutes:
        return
    found.append(Change(kind="early.raised", field=f"{side}.delay_from_first_minutes", from_=was, to=now))


def delay_kind(was: int | None, now: int | None, late: int) -> Kind:
    """Return the kind of a delay's change from `was` to `now`, when `late` minutes make a flight late."""
    before, after = was or 0, now or 0
    if after >= late:
        return "delay.changed" if before >= late else "delay.raised"
    if before >= late:
        return "delay.cleared"
    if after <= -late < before:
        return "early.raised"
    return "delay.changed"


def _added(after: Flight) -> tuple[dict[str, Any], Flight]:
    """Return what a new flight brings along (only what is set), and the flight that this alone would make."""
    plan: dict[str, Any] = {"id": after.id}
    values: dict[str, Any] = {}
    for name in _PLAN:
        value = getattr(after, name)
        if value:
            plan[name] = values[name] = value
    for name, empty in _EMPTY.items():
        part = getattr(after, name)
        if part == empty:
            continue
        kept = {leaf: value for leaf in _PLAN_PARTS[name] if (value := getattr(part, leaf)) is not None}
        if kept:
            values[name] = msgspec.structs.replace(empty, **kept)
            if kept.get("first_scheduled") == kept.get("scheduled"):
                kept.pop("first_scheduled", None)
            plan[name] = kept
    return plan, msgspec.structs.replace(blank(after.key), **values)


def apply_changes(
    before: Flight | None, changes: Sequence[Change], rules: MergeRules = DEFAULT_RULES
) -> Flight:
    """Return the flight that `before` becomes by these changes: the later one but for version and stamps.

    Takes changes as `diff` made them or as decoded from JSON. Raises ValueError if `before` is missing and the first
    change does not add the flight.
    """
    if before is None:
        if not changes or changes[0].kind != "flight.added":
            raise ValueError(
                "these changes are of a flight that is not there; start from the event that added it"
            )
        plan = msgspec.to_builtins(changes[0].to)
        before = blank(FlightKey.parse(plan["id"]))
    tree: dict[str, Any] = msgspec.to_builtins(before)
    firsts = {
        side: tree[side]["first_scheduled"] or tree[side]["scheduled"] for side in ("departure", "arrival")
    }
    named = {change.field for change in changes}
    for change in changes:
        to = msgspec.to_builtins(change.to)
        if change.kind == "flight.added":
            for name, value in to.items():
                tree[name] = {**tree[name], **value} if name in _EMPTY else value
        elif change.field is not None:
            *parts, name = change.field.split(".")
            (tree[parts[0]] if parts else tree)[name] = to
            if name == "diverted_to" and "diverted" not in named:
                tree["diverted"] = to is not None
    for side, first in firsts.items():
        if first is None and f"{side}.first_scheduled" not in named and tree[side]["first_scheduled"] is None:
            tree[side]["first_scheduled"] = tree[side]["scheduled"]
    return settle(msgspec.convert(tree, Flight), rules)
