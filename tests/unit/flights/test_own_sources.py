"""The table of Windsock's own sources is enforced: every own source, and a foreign one, with every field."""

from datetime import UTC, datetime
from typing import get_args

import msgspec
import pytest

from tests.unit.flights.values_of_fields import SENT, sent
from windsock.errors import InvalidReport
from windsock.flights import MergeRules, Report, parse_report
from windsock.flights.facts import assertions
from windsock.flights.fields import BY_PATH, TABLE, Field
from windsock.flights.own_sources import FORESIGHT, OVERDUE, OWN_FIELDS, OWN_SOURCES
from windsock.flights.state import Basis
from windsock.ingest.submissions import Submission, parse

NOW = datetime(2015, 1, 2, 18, 0, tzinfo=UTC)
PAIRS = [
    pytest.param(source, field, id=f"{source}-{field.path}")
    for source in (*OWN_SOURCES, "airline")
    for field in TABLE
]


def may_report(source: str, field: Field) -> bool:
    own = OWN_SOURCES.get(source)
    return field.path in own.fields if own is not None else not field.own


def data_of(field: Field) -> dict[str, object]:
    return sent(field, SENT[field.value][0])


def report_of(field: Field, source: str) -> Report:
    """The same as a Report, as our own code and feeds hand it in: nothing has checked it yet."""
    reader = next(
        (own.name for own in OWN_SOURCES.values() if field.own and field.path in own.fields), "airline"
    )
    return msgspec.structs.replace(
        parse_report(data_of(field), source=reader, now=NOW, trusted=field.own), source=source
    )


@pytest.mark.parametrize(("source", "field"), PAIRS)
def test_a_source_reports_its_own_fields_and_no_other(source: str, field: Field) -> None:
    parsed = parse(Submission(0, report_of(field, source), trusted=True), NOW)
    if may_report(source, field):
        assert parsed.error is None
    else:
        assert parsed.error is not None
        assert (parsed.error.code, parsed.error.field) == ("reserved_field", field.path)


@pytest.mark.parametrize(("source", "field"), PAIRS)
def test_a_trusted_json_report_is_held_to_the_same_table(source: str, field: Field) -> None:
    data = data_of(field)
    if may_report(source, field):
        parse_report(data, source=source, now=NOW, trusted=True)
        return
    with pytest.raises(InvalidReport) as refused:
        parse_report(data, source=source, now=NOW, trusted=True)
    assert (refused.value.code, refused.value.field) == ("reserved_field", field.path)
    assert source in str(refused.value)


@pytest.mark.parametrize("field", [field for field in TABLE if field.own], ids=lambda field: field.path)
def test_a_feed_that_fills_in_a_field_of_ours_is_refused_even_as_a_report(field: Field) -> None:
    parsed = parse(Submission(0, report_of(field, "airline")), NOW)
    assert parsed.error is not None
    assert parsed.error.code == "reserved_field"


@pytest.mark.parametrize("source", ["windsock", "windsock.watch", "Windsock.Overdue"])
def test_an_own_source_without_a_row_is_refused(source: str) -> None:
    field = BY_PATH["departure.gate"]
    parsed = parse(Submission(0, report_of(field, source), trusted=True), NOW)
    assert parsed.error is not None
    assert parsed.error.code == "reserved_source"
    with pytest.raises(InvalidReport, match="has no source of its own called"):
        parse_report(data_of(field), source=source, now=NOW, trusted=True)


def test_the_table_names_fields_and_grounds_that_exist() -> None:
    for name, own in OWN_SOURCES.items():
        assert own.name == name
        assert name.startswith("windsock.")
        assert own.fields
        assert own.fields <= set(BY_PATH)
        assert own.basis is None or own.basis in get_args(Basis)
    assert {path for own in OWN_SOURCES.values() for path in own.fields} >= OWN_FIELDS
    assert {
        path for report in (report_of(f, "x") for f in TABLE) for path, _ in assertions(report)
    } >= OWN_FIELDS


def test_everyone_outranks_what_windsock_infers_or_forecasts_unless_the_operator_says_otherwise() -> None:
    rules = MergeRules(ranks={"rumour": 0, FORESIGHT.name: 7})
    assert (
        rules.rank(OVERDUE.name) < rules.rank("rumour") < rules.rank(FORESIGHT.name) < rules.rank("airline")
    )
    assert MergeRules().rank(FORESIGHT.name) < 0
