"""What a report does, in words: where the flight stands before and after, the changes, and what does not show."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from windsock.access.models import Display
from windsock.flights import Flight, FlightRecord
from windsock.flights.facts import assertions
from windsock.flights.report import Report
from windsock.ingest.corrections import Outweighed, Preview
from windsock.pages import places
from windsock.pages.console.displays import MISSING_AFTER, parts_of_address
from windsock.pages.flight.sources import source_name
from windsock.wording.changes import ChangeContext, describe_changes, describe_value, field_label
from windsock.wording.language import gettext
from windsock.wording.presenter import NamedViewpoint, present
from windsock.wording.status import dotted, upper_first
from windsock.wording.times import GONE, Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A preview in words. `before` and `after` are the states; `hidden` says what does not show, and why."""

    before: str
    after: str
    changes: list[str]
    hidden: list[str]
    displays: int


def context_of(flight: Flight) -> ChangeContext:
    """Return the clocks and names with which the changes of a flight are worded."""
    destination = places.airport_or_unknown(flight.diverted_to or flight.destination or "")
    codes = {code for code in (flight.origin, flight.destination, flight.diverted_to) if code}
    return ChangeContext(
        departure=places.airport_or_unknown(flight.origin).tz,
        arrival=destination.tz,
        cities={code: places.city(code) for code in codes},
    )


def state_of(flight: Flight, now: datetime, late_minutes: int) -> str:
    """Return where the flight stands, in a line: "35 min late · weather"."""
    direction: Direction = "arrivals" if flight.status in GONE and flight.destination else "departures"
    code = (flight.destination if direction == "arrivals" else flight.origin) or ""
    context = context_of(flight)
    shown = present(
        flight,
        NamedViewpoint(
            direction=direction,
            airport=code,
            zone=places.airport_or_unknown(code).tz,
            now=now,
            airports=context.cities,
            late_minutes=late_minutes,
        ),
    )
    return upper_first(dotted(shown.state, shown.why))


def effect_of(preview: Preview, now: datetime, late_minutes: int) -> Effect:
    """Word a preview."""
    after = preview.after.flight
    context = context_of(after)
    return Effect(
        before="" if preview.before is None else state_of(preview.before.flight, now, late_minutes),
        after=state_of(after, now, late_minutes),
        changes=[sentence.text for sentence in describe_changes(preview.changes, context)],
        hidden=[_hidden(word, preview.after, context) for word in preview.outweighed],
        displays=displays_following(after, timezone.now()),
    )


def _hidden(one: Outweighed, record: FlightRecord, context: ChangeContext) -> str:
    fact = field_label(one.path)
    if not one.source:
        return gettext("{fact}: does not show, because it contradicts what has happened.", fact=fact)
    facts = record.facts.get(one.path, {})
    value = describe_value(one.path, facts[one.source].value, context) if one.source in facts else ""
    if one.rank == one.own_rank:
        return gettext(
            "{fact}: {source} has reported something newer, which is still believed. {value}",
            fact=fact,
            source=source_name(one.source),
            value=value,
        ).strip()
    return gettext(
        "{fact}: {source} ranks higher ({rank} over {own}) and is still believed. {value}",
        fact=fact,
        source=source_name(one.source),
        rank=one.rank,
        own=one.own_rank,
        value=value,
    ).strip()


_KINDS_OF = {"origin": {"departures", "both", "gate", "checkin"}, "destination": {"arrivals", "both", "belt"}}


def displays_following(flight: Flight, real_now: datetime) -> int:
    """Return how many linked displays that are on show the airports of this flight, in its direction."""
    linked = Display.objects.filter(token__revoked_at=None, seen_at__gte=real_now - MISSING_AFTER)
    ends = (
        ("origin", flight.origin),
        ("destination", flight.destination),
        ("destination", flight.diverted_to),
    )
    count = 0
    for address in linked.values_list("shows", flat=True):
        parts = parts_of_address(address)
        count += any(
            bool(parts) and parts["airport"] == code and parts["kind"] in _KINDS_OF[end] for end, code in ends
        )
    return count


def words_of(report: Report, context: ChangeContext) -> list[tuple[str, str]]:
    """Return what a report says: names of facts and their values."""
    said: dict[str, str] = {}
    for path, value in assertions(report):
        if path == "diverted" and report.diverted_to:
            continue
        label = field_label(path)
        said.setdefault(label, describe_value(path, value, context) or gettext("withdrawn"))
    return list(said.items())


def still_counts(report: Report, record: FlightRecord) -> bool:
    """Return whether the report's source has said nothing newer about at least one thing it spoke of."""
    found: list[Any] = [record.facts.get(path, {}).get(report.source) for path, _ in assertions(report)]
    return any(fact is not None and fact.observed_at == report.observed_at for fact in found)
