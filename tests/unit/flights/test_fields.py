"""Laws over every field of the table, so that a new one is read, believed, stored, told and worded, or a test fails."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

import msgspec
import pytest

from tests.unit.flights.building import KEY, timeless
from tests.unit.flights.values_of_fields import SENT, sent
from windsock.cli.lines import change_line
from windsock.errors import InvalidReport
from windsock.feeds.generic.mapping import FIELDS as COLUMNS
from windsock.feeds.generic.mapping import kind_of
from windsock.flights import (
    Arrival,
    ArrivalReport,
    Change,
    Departure,
    DepartureReport,
    Flight,
    FlightRecord,
    Kind,
    Merged,
    Reason,
    Report,
    Runway,
    RunwayReport,
    apply_changes,
    apply_report,
    parse_report,
)
from windsock.flights.facts import assertions
from windsock.flights.fields import BY_PATH, FIRST, LABELS, LENGTHS, MILESTONES, SIDES, SINGLE, TABLE, Field
from windsock.flights.own_sources import OWN_SOURCES
from windsock.pages.flight.details import flight_details
from windsock.wording.changes import ChangeContext, describe_change, describe_value

NOW = datetime(2015, 1, 2, 18, 0, tzinfo=UTC)
IDENTITY = ("flight", "date", "origin", "source", "observed_at")
PYTHON: dict[str, Any] = {
    "time": datetime,
    "text": str,
    "minutes": int,
    "overdue": int,
    "truth": bool,
    "airport": str,
    "registration": str,
    "designators": tuple[str, ...],
    "reasons": tuple[Reason, ...],
    "flight": str,
    "milestone": Literal[*MILESTONES],
    "source": str,
}
CONTEXT = ChangeContext(departure=ZoneInfo("America/New_York"), arrival=ZoneInfo("America/New_York"))
OWN = {path: source.name for source in OWN_SOURCES.values() for path in source.fields if BY_PATH[path].own}

every_field = pytest.mark.parametrize("field", TABLE, ids=lambda field: field.path)
every_plain_field = pytest.mark.parametrize(
    "field", [field for field in TABLE if field.plain], ids=lambda field: field.path
)


def read(field: Field, value: object, *, minutes: int) -> Report:
    data = sent(field, value)
    data["observed_at"] = (NOW - timedelta(minutes=200 - minutes)).isoformat()
    return parse_report(data, source=OWN.get(field.path, "airline"), now=NOW, trusted=field.own)


def applied(record: FlightRecord | None, report: Report) -> Merged:
    return apply_report(record, KEY, report, received_at=NOW)


def planned(field: Field) -> FlightRecord:
    """A flight of which a schedule is known: what minutes and overdue count from, on the side that the field is of."""
    side = "arrival" if field.path.startswith("arrival") else "departure"
    plan = {
        **sent(BY_PATH[f"{side}.scheduled"], "2015-01-02T13:55:00Z"),
        "destination": "JFK",
        "observed_at": "2015-01-02T10:00:00Z",
    }
    return applied(None, parse_report(plan, source="plan", now=NOW)).record


def shown(flight: Flight, path: str) -> Any:
    value: Any = flight
    for name in path.split("."):
        value = getattr(value, name)
    return value


def test_the_structs_have_exactly_the_fields_of_the_table_in_its_order() -> None:
    structs: dict[str, tuple[type[msgspec.Struct], type[msgspec.Struct]]] = {
        "departure": (DepartureReport, Departure),
        "takeoff": (RunwayReport, Runway),
        "landing": (RunwayReport, Runway),
        "arrival": (ArrivalReport, Arrival),
    }
    assert Report.__struct_fields__ == (*IDENTITY[:3], "destination", *IDENTITY[3:], *SIDES, *SINGLE[1:])
    for part, (reported, believed) in structs.items():
        assert reported.__struct_fields__ == SIDES[part]
        assert set(SIDES[part]) <= set(believed.__struct_fields__)
    for field in TABLE:
        struct = structs[field.part][0] if field.part else Report
        given = {each.name: each.type for each in msgspec.structs.fields(struct)}[field.name]
        assert given == PYTHON[field.value] | msgspec.UnsetType | None, field.path
    assert {field.path for field in TABLE if not field.part and field.plain} <= set(Flight.__struct_fields__)


@every_field
def test_what_is_read_is_believed_stored_and_read_back_the_same(field: Field) -> None:
    record = planned(field)
    for minutes, value in enumerate(SENT[field.value]):
        report = read(field, value, minutes=minutes)
        said = dict(assertions(report))
        merged = applied(record, report)

        assert field.path in said, "the report's value is not among what it says: facts.assertions"
        if field.plain and field.value != "reasons":
            assert shown(merged.record.flight, field.path) == said[field.path], "not believed: belief.py"
        elif field.value != "truth" or minutes == 0:
            assert merged.record.flight != record.flight, "it says something, and the flight is the same"
        again = FlightRecord.from_json(merged.record.to_json())
        assert again == merged.record
        assert {type(fact.value) for fact in again.facts[field.path].values()} == {
            type(fact.value) for fact in merged.record.facts[field.path].values()
        }
        repeated = applied(again, report)
        assert (repeated.changes, repeated.facts_changed) == ((), False)
        record = again


@every_field
def test_a_difference_is_told_and_makes_the_new_flight_of_the_old(field: Field) -> None:
    record = planned(field)
    for minutes, value in enumerate((*SENT[field.value], None)):
        merged = applied(record, read(field, value, minutes=minutes))
        on_the_wire = msgspec.json.decode(msgspec.json.encode(merged.changes), type=list[Change])

        assert timeless(apply_changes(record.flight, on_the_wire)) == timeless(merged.record.flight)
        if field.plain:
            assert [(change.kind, change.field) for change in merged.changes] == [(field.change, field.path)]
        elif minutes == 0:
            assert merged.changes, "a value of this field makes no change"
        record = merged.record


@every_field
def test_a_report_of_one_field_changes_nothing_else_after_the_journal_gave_it_back(field: Field) -> None:
    record = applied(planned(field), read(field, SENT[field.value][0], minutes=0)).record
    for other in TABLE:
        # That somebody speaks at all ends the silence of a source: that is what this field means.
        if not other.plain or other is field or field.value == "source":
            continue
        stored = FlightRecord.from_json(record.to_json())
        for value in SENT[other.value]:
            merged = applied(stored, read(other, value, minutes=100))

            assert [change.field for change in merged.changes] == [other.path]
            assert shown(merged.record.flight, other.path) is not None


@every_field
def test_it_has_words_on_the_page_and_in_the_terminal(field: Field) -> None:
    assert field.change in get_args(Kind)
    record = planned(field)
    told: list[Change] = []
    for minutes, value in enumerate((*SENT[field.value], None)):
        merged = applied(record, read(field, value, minutes=minutes))
        told += merged.changes
        record = merged.record
    for change in told:
        assert change.field in LABELS
        stored = msgspec.json.decode(msgspec.json.encode(change), type=Change)
        for text in (describe_change(stored, CONTEXT), change_line(change, "ATL")):
            assert text.strip()
            assert "_" not in text.partition(": ")[2], f"a field's raw name, not words: {text}"
    assert "_" not in LABELS[field.path]
    assert "." not in LABELS[field.path]


@every_plain_field
def test_the_page_of_a_flight_shows_it(field: Field) -> None:
    record = applied(planned(field), read(field, SENT[field.value][0], minutes=0)).record
    page = flight_details(record, [], [], NOW)

    assert LABELS[field.path] in {belief.label for belief in page.beliefs}
    if field.part:
        end = page.origin if field.part == "departure" else page.destination
        shown_there = [end.gate, end.belt, *(place for _, place in end.places)]
        value = describe_value(field.path, shown(record.flight, field.path), CONTEXT)
        assert any(value in text for text in shown_there), shown_there


@every_field
def test_a_value_that_is_too_long_or_of_another_sort_is_refused_with_the_field_s_name(field: Field) -> None:
    wrong: list[object] = [{"a": 1}, -(10**9)]
    if field.path in LENGTHS:
        wrong.append("X" * (LENGTHS[field.path] + 1))
    for value in wrong:
        with pytest.raises(Exception, match=field.path.replace(".", r"\.")) as refused:
            read(field, value, minutes=0)
        assert getattr(refused.value, "field", None) == field.path


@every_field
def test_numbers_are_believed_within_their_bounds_and_not_beyond(field: Field) -> None:
    assert (field.bounds is not None) == (field.value in ("minutes", "overdue"))
    assert (field.longest > 0) == (field.value in ("text", "registration"))
    if field.bounds is None:
        return
    low, high = field.bounds
    for value in (low, high):
        assert dict(assertions(read(field, value, minutes=0)))[field.path] == value
    for value in (low - 1, high + 1):
        with pytest.raises(InvalidReport) as refused:
            read(field, value, minutes=0)
        assert (refused.value.code, refused.value.field) == ("out_of_range", field.path)


@every_field
def test_a_time_at_which_something_happened_is_not_in_the_future(field: Field) -> None:
    if field.value != "time":
        return
    try:
        read(field, "2015-01-02T20:00:00Z", minutes=0)
        refused = False
    except Exception as error:
        refused = getattr(error, "code", "") == "actual_in_future"
        assert refused
    assert refused == field.past


@every_field
def test_a_column_of_the_generic_feed_can_fill_it_in(field: Field) -> None:
    if field.own or field.value in ("designators", "reasons"):
        return  # by watches, and by tables of their own
    assert field.path in COLUMNS
    expected = {"time": "time", "minutes": "minutes", "truth": "truth"}.get(field.value, "text")
    assert kind_of(field.path) == expected


def test_the_schedule_as_first_published_is_kept_for_each_schedule() -> None:
    # The runway's own plan follows from the gate's; nobody holds a ticket for it.
    gates = ("departure", "arrival")
    assert set(FIRST) == {field.path for field in TABLE if field.name == "scheduled" and field.part in gates}


@every_plain_field
def test_of_a_new_flight_a_plan_comes_with_it_and_the_rest_is_told(field: Field) -> None:
    merged = applied(None, read(field, SENT[field.value][0], minutes=0))

    assert merged.changes[0].kind == "flight.added"
    assert [change.field for change in merged.changes[1:]] == ([] if field.planned else [field.path])
