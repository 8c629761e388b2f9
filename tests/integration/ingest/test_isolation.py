"""A report that makes our own code fail harms no other: whatever the stage, the field or the hint, on real journals."""

import logging
from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec
import pytest
from django.conf import LazySettings

from windsock.errors import JournalUnavailable
from windsock.flights import Report, merge
from windsock.flights.fields import PARTS, TABLE, Field
from windsock.ingest import Recorded, Rejected, merging, pipeline, record, stop, submissions
from windsock.ingest.batch import Submission
from windsock.ingest.resolution import Hints
from windsock.journal.database import DatabaseJournal
from windsock.journal.models import ReportRow
from windsock.journal.writing import DatabaseWriting

pytestmark = pytest.mark.django_db(transaction=True)

JOURNALS = [
    "default",
    pytest.param(
        "postgresql", marks=pytest.mark.django_db(transaction=True, databases=["default", "postgresql"])
    ),
]
DAY = date(2015, 1, 2)
BAD = "DL666"


@pytest.fixture
def journal(request: pytest.FixtureRequest, settings: LazySettings) -> DatabaseJournal:
    alias = getattr(request, "param", "default")
    settings.WINDSOCK = {"DATABASE": alias}
    stop()
    return DatabaseJournal(alias)


def good(number: int) -> dict[str, Any]:
    return {"flight": f"DL{number}", "date": "2015-01-02", "origin": "ATL", "departure": {"gate": "A1"}}


def told(bad: Report, hints: Hints | None = None) -> list[Any]:
    """What becomes of a bad report among others that share its transaction."""
    given = [
        Submission(0, good(1)),
        Submission(1, bad, hints=hints),
        *(Submission(i, good(i)) for i in range(2, 6)),
    ]
    return pipeline().submit_prepared(given).result(30)


def the_others_are_recorded(results: list[Any], journal: DatabaseJournal, caplog: Any) -> Rejected:
    assert [type(one) for one in results] == [Recorded, Rejected, *[Recorded] * 4]
    _, records = journal.snapshot()
    assert sorted(one.flight.designator for one in records) == [f"DL{i}" for i in range(1, 6)]
    refused = results[1]
    assert isinstance(refused, Rejected)
    assert refused.code == "internal_error"
    assert not refused.retryable
    tracebacks = [one for one in caplog.records if one.levelno >= logging.ERROR]
    assert len(tracebacks) == 1, "logged once"
    assert BAD in tracebacks[0].getMessage()
    return refused


def kept() -> list[Any]:
    return list(ReportRow.objects.using(pipeline().journal.using).all())  # type: ignore[attr-defined]


def of(field: Field, value: object) -> Report:
    """A report as Python code may hand it in, unread by `parse_report`, with this value."""
    structs = {each.name: each.type for each in msgspec.structs.fields(Report)}
    if field.part not in PARTS:
        return Report(flight=BAD, date=DAY, origin="ATL", **{field.path: value})  # type: ignore[arg-type]
    part = next(kind for kind in structs[field.part].__args__ if issubclass(kind, msgspec.Struct))
    return Report(flight=BAD, date=DAY, origin="ATL", **{field.part: part(**{field.name: value})})


class Unheard:
    """A value that nothing of ours knows: it cannot be compared, encoded or shown."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("compared")

    def __bool__(self) -> bool:
        raise RuntimeError("asked for its truth")


@pytest.mark.parametrize("journal", JOURNALS, indirect=True)
@pytest.mark.parametrize("value", ["\ud800", Unheard()], ids=["half a character", "an object"])
def test_a_value_that_cannot_be_stored_in_any_field_harms_no_other_report(
    value: object, journal: DatabaseJournal, caplog: Any
) -> None:
    for field in TABLE:
        if field.own:
            continue
        journal.reset()
        caplog.clear()
        the_others_are_recorded(told(of(field, value)), journal, caplog)
        assert "internal_error" in {one.error for one in kept()}


def broken(real: Callable[..., Any]) -> Callable[..., Any]:
    """The function, failing at the bad report."""

    def failing(*args: Any, **more: Any) -> Any:
        if any(BAD in repr(one) for one in args):
            raise RuntimeError("a bug of ours")
        return real(*args, **more)

    return failing


STAGES = [
    (submissions, "own_key"),
    (merging, "names_of"),
    (merging, "candidates"),
    (merging, "resolve"),
    (merging, "apply_report"),
    (merge, "believe"),
    (merge, "diff"),
    (merging, "_draft"),
    (merging, "topics_of"),
    (merging.Names, "learn"),
    (DatabaseWriting, "save"),
    (DatabaseWriting, "append"),
]


@pytest.mark.parametrize(("where", "name"), STAGES, ids=[name for _, name in STAGES])
def test_a_bug_of_ours_at_one_report_harms_no_other_at_any_stage(
    where: Any, name: str, journal: DatabaseJournal, caplog: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, name, broken(getattr(where, name)))
    undated = Report(flight=BAD, origin="ATL", cancelled=True)
    hints = Hints(utc_day=DAY) if name in ("names_of", "candidates") else None
    bad = undated if hints else msgspec.structs.replace(undated, date=DAY)
    the_others_are_recorded(told(bad, hints), journal, caplog)


@pytest.mark.parametrize("callsign", ["RYR1JK", "", "\ud800", "BAW17 ", "123", "X" * 500])
def test_a_callsign_that_spells_no_flight_number_names_nothing(
    callsign: str, journal: DatabaseJournal, caplog: Any
) -> None:
    record([good(666)])
    bad = Report(flight=BAD, origin="ATL", cancelled=True)
    results = told(bad, Hints(utc_day=DAY, callsign=callsign))
    assert [type(one) for one in results] == [Recorded] * 6, results
    assert results[1].flight_id == f"{BAD}.2015-01-02.ATL"
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]


def test_a_journal_that_fails_at_everything_is_said_to_be_unavailable_without_a_log_full_of_it(
    journal: DatabaseJournal, caplog: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*args: Any, **more: Any) -> Any:
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(DatabaseWriting, "append", failing)
    with pytest.raises(JournalUnavailable):
        pipeline().submit([good(i) for i in range(1, 400)]).result(60)
    assert len(caplog.records) < 10
