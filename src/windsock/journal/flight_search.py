"""Find flights in the database: one walk along one index for each side of an airport, merged.

One query with OR over origin, destination and diversion makes both databases scan; three short queries do not.
"""

from collections.abc import Iterator
from heapq import merge

from django.db import connections
from django.db.models import F, Q, QuerySet

from windsock.flights import FlightRecord
from windsock.journal.base import FlightQuery
from windsock.journal.flight_query import LAST, Place, Search
from windsock.journal.models import FlightName, FlightRow
from windsock.journal.projection import project

Rows = QuerySet[FlightRow, FlightRow]


def find(using: str, query: FlightQuery) -> list[FlightRecord]:
    """Return the flights that match `query`, in its order; see FlightQuery."""
    search = Search(query)
    behind: Place | None = None
    if query.after_id is not None:
        last = FlightRow.objects.using(using).filter(id=query.after_id).first()
        if last is None:
            return []
        behind = _place(search, FlightRecord.from_json(bytes(last.record)))
    rows = FlightRow.objects.using(using).filter(version__gt=0)
    if query.carrier:
        carrier = query.carrier.upper()
        # Their designators begin with it, which is what the index of a day is ordered by.
        rows = rows.filter(_begins_with(using, carrier), carrier=carrier)
    if query.date:
        rows = rows.filter(date=query.date)
    if query.designator:
        rows = rows.filter(designator=query.designator)
    if search.aircraft is not None:
        rows = rows.filter(registration__in=search.aircraft)
    ways = _named(using, search)
    walks = [
        _walk(side.filter(way), column, query, behind, exact=exact)
        for side, column in _sides(rows, search)
        for exact, way in ways
    ]
    found: dict[str, FlightRecord] = {}
    for (_, _, flight_id), record_bytes in merge(*walks, key=lambda row: row[0]):
        if flight_id in found:
            continue
        record = FlightRecord.from_json(record_bytes)
        # A flight on two sides (it returned to where it started) was on an earlier page if its earlier side was.
        if behind is None or _place(search, record) > behind:
            found[flight_id] = record
            if len(found) == query.limit:
                break
    return list(found.values())


def _place(search: Search, record: FlightRecord) -> Place:
    return search.place(record.flight, project(record.flight))


def _named(using: str, search: Search) -> list[tuple[bool, Q]]:
    """Return the conditions under which the text may mean a flight, and whether it then names the flight in full.

    At an airport, all conditions of a kind are one, since its index leaves few flights to look at. Otherwise each is a
    walk along an index of its own; with OR between them the databases would read every flight of the day, or all.
    """
    text = search.text
    if not text:
        return [(True, Q())]
    exact = [Q(designator=text), Q(registration__in=search.registrations)]
    if "." in text:
        exact.append(Q(id=text))
    names = FlightName.objects.using(using).filter(designator=text)
    if search.query.date:
        names = names.filter(date=search.query.date)
    # A query of its own: as a subquery it makes SQLite read the whole day, nearly always to find nothing.
    if sharing := list(names.values_list("flight_id", flat=True)):
        exact.append(Q(id__in=sharing))
    begun = [_begins_with(using, text)]
    if len(text) <= 4:
        begun += [Q(origin=text), Q(destination=text)]
    # Without those of the first kind, which would take the place of others on a page.
    others = Q(designator=text) | Q(registration__in=search.registrations) | Q(id__in=sharing)
    if search.airport is not None:
        exact, begun = [_any(exact)], [_any(begun)]
    return [*((True, way) for way in exact), *((False, way & ~others) for way in begun)]


def _any(ways: list[Q]) -> Q:
    together = Q()
    for way in ways:
        together |= way
    return together


def _begins_with(using: str, text: str) -> Q:
    """Return the condition "the designator begins with `text`" in a form for which the database uses its index."""
    if connections[using].vendor == "postgresql":
        return Q(designator__startswith=text)  # the index has varchar_pattern_ops
    # SQLite compares bytes, but Django's LIKE there has an ESCAPE, which keeps it from its index.
    return Q(designator__gte=text, designator__lt=text + "\U0010ffff")


def _sides(rows: Rows, search: Search) -> Iterator[tuple[Rows, str]]:
    if search.airport is None:
        yield rows, "departs_at"
        return
    if search.query.direction != "arrivals":
        leaving = rows.filter(origin=search.airport)
        yield leaving.filter(destination=search.opposite) if search.opposite else leaving, "departs_at"
    if search.query.direction != "departures":
        if search.opposite:
            rows = rows.filter(origin=search.opposite)
        yield rows.filter(destination=search.airport), "arrives_at"
        yield rows.filter(diverted_to=search.airport), "arrives_at"


def _walk(
    rows: Rows, column: str, query: FlightQuery, behind: Place | None, *, exact: bool
) -> Iterator[tuple[Place, bytes]]:
    """Yield (place, record) of one side's flights in order, after `behind`; `exact`: those the text names in full."""
    if behind is not None and exact and behind[0]:
        return  # all of them were on earlier pages
    if query.since is not None:
        rows = rows.filter(**{f"{column}__gte": query.since})
    if query.until is not None:
        rows = rows.filter(**{f"{column}__lt": query.until})
    if query.since is not None or query.until is not None:
        rows = rows.order_by(column, "id")  # no nulls inside a window, so the index gives the order
    else:
        rows = rows.order_by(F(column).asc(nulls_last=True), "id")
    if behind is not None and exact is not behind[0]:
        _, time, flight_id = behind
        if time == LAST:
            rows = rows.filter(**{f"{column}__isnull": True}, id__gt=flight_id)
        else:
            later = Q(**{f"{column}__gt": time}) | Q(**{column: time}, id__gt=flight_id)
            rows = rows.filter(later | Q(**{f"{column}__isnull": True}))
    # Each side alone may fill the page.
    for time, flight_id, record in rows.values_list(column, "id", "record")[: query.limit]:
        yield (not exact, time or LAST, flight_id), bytes(record)
