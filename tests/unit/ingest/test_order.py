"""Within one source the order of arrival is part of the time: the last undated word is the one that is believed.

For every field, and for each way in which reports reach the journal together.
"""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.flights.building import KEY, timeless
from tests.unit.flights.values_of_fields import SENT, sent
from windsock.clock import ReplayClock
from windsock.flights import Flight, FlightRecord, MergeRules, Report, apply_report, parse_report
from windsock.flights.fields import BY_PATH, TABLE, Field
from windsock.ingest import Pipeline
from windsock.ingest.batch import Submission, write_batch
from windsock.ingest.merging import Merging
from windsock.ingest.overdue import OverdueWatch
from windsock.ingest.replay import IntoJournal
from windsock.ingest.steps import write_steps
from windsock.ingest.submissions import parse
from windsock.journal.memory import MemoryJournal
from windsock.replay.player import Step

NOON = datetime(2015, 1, 2, 18, 0, tzinfo=UTC)
WAIT = 10
RULES = MergeRules()
Way = Callable[[MemoryJournal, Sequence[dict[str, Any]]], None]


def in_one_batch(journal: MemoryJournal, reports: Sequence[dict[str, Any]]) -> None:
    write_batch(journal, [Submission(i, one) for i, one in enumerate(reports)], now=NOON, rules=RULES)


def one_by_one_at_one_moment(journal: MemoryJournal, reports: Sequence[dict[str, Any]]) -> None:
    pipeline = Pipeline(journal, clock=lambda: NOON)
    for future in [pipeline.submit([one]) for one in reports]:
        future.result(WAIT)
    pipeline.stop(WAIT)


def by_processes_whose_clocks_differ(journal: MemoryJournal, reports: Sequence[dict[str, Any]]) -> None:
    for behind, one in enumerate(reports):
        now = NOON - timedelta(seconds=behind)
        write_batch(journal, [Submission(0, one)], now=now, rules=RULES)


def in_one_feed_input(journal: MemoryJournal, reports: Sequence[dict[str, Any]]) -> None:
    pipeline = Pipeline(journal, batch_reports=2, clock=lambda: NOON)
    pipeline.submit(reports, received_at=NOON - timedelta(seconds=5)).result(WAIT)
    pipeline.stop(WAIT)


def in_a_call_with_a_time_of_receipt_each(journal: MemoryJournal, reports: Sequence[dict[str, Any]]) -> None:
    for one in reports[-2:]:
        write_batch(journal, [Submission(0, one, received_at=NOON)], now=NOON, rules=RULES)


def in_a_replay(journal: MemoryJournal, reports: Sequence[dict[str, Any]]) -> None:
    pipeline = Pipeline(journal, clock=lambda: NOON)
    journal.set_clock(ReplayClock(label="then", simulated_at=NOON, real_at=NOON, speed=0))
    told = [parse_report(one, source="tower", now=NOON, trusted=True) for one in reports]
    IntoJournal(pipeline, after_minutes=15, step_minutes=15).record(told, NOON)
    pipeline.stop(WAIT)


def in_a_span(journal: MemoryJournal, reports: Sequence[dict[str, Any]]) -> None:
    told = tuple(parse_report(one, source="tower", now=NOON, trusted=True) for one in reports)
    watch = OverdueWatch(journal, lambda *_: [], after_minutes=15, step_minutes=15)
    write_steps(journal, [Step(at=NOON, reports=told, minute=False)], watch, RULES)


WAYS: tuple[Way, ...] = (
    in_one_batch,
    one_by_one_at_one_moment,
    by_processes_whose_clocks_differ,
    in_one_feed_input,
    in_a_call_with_a_time_of_receipt_each,
    in_a_replay,
    in_a_span,
)
RECOVERED = [
    {"flight": "DL1865", "date": "2015-01-02", "origin": origin, "destination": "MCO"}
    for origin in ("BHM", "TPA")
]


def journals() -> tuple[MemoryJournal, MemoryJournal]:
    """Two journals that know the diverted flights which `recovery_of` may name."""
    made = (MemoryJournal(), MemoryJournal())
    for journal in made:
        at = NOON - timedelta(hours=1)
        write_batch(journal, [Submission(i, one) for i, one in enumerate(RECOVERED)], now=at, rules=RULES)
    return made


OUTSIDE = [field for field in TABLE if not field.own]


def believed(journal: MemoryJournal) -> Flight:
    record = journal.flight(KEY)
    assert record is not None
    return timeless(record.flight)


def word(record: FlightRecord | None, path: str) -> Any:
    assert record is not None
    return record.facts[path]["tower"].value


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("field", OUTSIDE, ids=lambda field: field.path)
def test_the_last_undated_word_is_the_one_that_counts(field: Field, way: Way) -> None:
    for values in (SENT[field.value], SENT[field.value][::-1], (SENT[field.value][0], None)):
        journal, alone = journals()
        reports = [{**sent(field, value), "source": "tower"} for value in values]
        way(journal, reports)
        write_batch(alone, [Submission(0, reports[-1])], now=NOON, rules=RULES)
        assert word(journal.flight(KEY), field.path) == word(alone.flight(KEY), field.path)


@pytest.mark.parametrize(
    "way",
    [way for way in WAYS if way is not in_a_call_with_a_time_of_receipt_each],
    ids=lambda way: way.__name__,
)
def test_a_word_of_another_field_that_says_the_same_counts_by_its_order(way: Way) -> None:
    plan = sent(BY_PATH["departure.scheduled"], "2015-01-02T13:55:00Z") | {"source": "tower"}
    estimate = sent(BY_PATH["departure.estimated"], "2015-01-02T15:55:00Z") | {"source": "tower"}
    minutes = sent(BY_PATH["departure_delay_minutes"], 20) | {"source": "tower"}
    for reports, delay in (((plan, estimate, minutes), 20), ((plan, minutes, estimate), 120)):
        journal = MemoryJournal()
        write_batch(
            journal, [Submission(0, plan, received_at=NOON - timedelta(minutes=1))], now=NOON, rules=RULES
        )
        way(journal, reports)
        assert believed(journal).departure.delay_minutes == delay


def test_an_input_that_is_read_again_changes_nothing() -> None:
    gates = ("B9", "B10", "B9", "B10")
    inputs = [
        [{**sent(BY_PATH["departure.gate"], gate), "source": "tower"} for gate in some]
        for some in (gates, gates[:3])
    ]
    journal = MemoryJournal()
    for again in range(2):
        for minutes, reports in enumerate(inputs):
            at = NOON - timedelta(minutes=10 - minutes)
            batch = [Submission(i, one, received_at=at) for i, one in enumerate(reports)]
            written = write_batch(journal, batch, now=NOON, rules=RULES)
            assert not again or not written.events
        assert believed(journal).departure.gate == "B9"


def test_a_batch_that_may_have_been_committed_and_is_tried_again_makes_no_events() -> None:
    journal = MemoryJournal()
    batch = [Submission(i, sent(BY_PATH["departure.gate"], gate)) for i, gate in enumerate(("B9", "B10"))]
    assert len(write_batch(journal, batch, now=NOON, rules=RULES).events) == 2
    assert not write_batch(journal, batch, now=NOON, rules=RULES, again=True).events
    assert believed(journal).departure.gate == "B10"


# --- A clock that ran ahead -------------------------------------------------------------------------------------------

AHEAD = timedelta(days=7)


@pytest.mark.parametrize("dated", [False, True], ids=["undated", "dated"])
@pytest.mark.parametrize("same", [True, False], ids=["same source", "another source"])
@pytest.mark.parametrize("field", OUTSIDE, ids=lambda field: field.path)
def test_what_a_clock_that_ran_ahead_dated_gives_way_to_the_next_word(
    field: Field, same: bool, dated: bool
) -> None:
    old, new = SENT[field.value][0], SENT[field.value][-1]
    journal, alone = journals()
    write_batch(
        journal,
        [Submission(0, {**sent(field, old), "source": "tower" if same else "radar"})],
        now=NOON + AHEAD,
        rules=RULES,
    )
    said = {**sent(field, new), "source": "tower"}
    if dated:
        said["observed_at"] = (NOON - timedelta(minutes=3)).isoformat()
    for one in (journal, alone):
        write_batch(one, [Submission(0, said)], now=NOON, rules=RULES)
    assert word(journal.flight(KEY), field.path) == word(alone.flight(KEY), field.path)
    if field.plain:
        shown: Any = believed(journal)
        for name in field.path.split("."):
            shown = getattr(shown, name)
        assert shown == word(journal.flight(KEY), field.path) or field.value == "reasons"


def test_what_the_overdue_watch_said_by_a_clock_that_ran_ahead_is_dropped_at_the_next_word() -> None:
    journal = MemoryJournal()
    plan = sent(BY_PATH["departure.scheduled"], "2015-01-02T19:00:00Z")
    write_batch(journal, [Submission(0, plan)], now=NOON - timedelta(hours=1), rules=RULES)
    watch = OverdueWatch(
        journal,
        lambda reports, received_at, trusted: (
            write_batch(
                journal,
                [
                    Submission(i, one, received_at=received_at, trusted=trusted)
                    for i, one in enumerate(reports)
                ],
                now=received_at,
                rules=RULES,
            ).results
        ),
        after_minutes=15,
        step_minutes=15,
    )
    watch.run(NOON + timedelta(hours=20))
    assert believed(journal).departure.overdue_minutes
    write_batch(journal, [Submission(0, sent(BY_PATH["departure.gate"], "B7"))], now=NOON, rules=RULES)
    assert believed(journal).departure.overdue_minutes is None
    assert "overdue" not in believed(journal).flags


def test_an_input_of_long_ago_that_is_read_again_is_not_newer_than_the_future() -> None:
    journal = MemoryJournal()
    write_batch(
        journal, [Submission(0, sent(BY_PATH["departure.gate"], "B10"))], now=NOON + AHEAD, rules=RULES
    )
    old = Submission(0, sent(BY_PATH["departure.gate"], "B9"), received_at=NOON - timedelta(hours=2))
    assert not write_batch(journal, [old], now=NOON, rules=RULES).events


dated_words = st.lists(
    st.tuples(
        st.sampled_from(["tower", "radar"]),
        st.sampled_from(["A1", "B2", None]),
        st.integers(0, 5),
        st.integers(0, 600),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=100, deadline=None)
@given(st.data(), dated_words)
def test_words_that_bear_their_own_time_give_one_state_in_any_order_and_repetition(
    data: st.DataObject, words: list[tuple[str, str | None, int, int]]
) -> None:
    """By the writer's clock, whatever it shows, as long as no word is dated later than it."""

    def fold(some: list[tuple[str, str | None, int, int]]) -> FlightRecord:
        record = None
        for place, (source, gate, observed, later) in enumerate(some):
            report = parse_report(
                {
                    **sent(BY_PATH["departure.gate"], gate),
                    "observed_at": (NOON + timedelta(minutes=observed)).isoformat(),
                },
                source=source,
                now=NOON + timedelta(minutes=10),
            )
            now = NOON + timedelta(minutes=5 + later)
            record = apply_report(
                record, KEY, report, received_at=now, place=place, latest=True, now=now, rules=RULES
            ).record
        assert record is not None
        return record

    shuffled = data.draw(st.permutations(words + data.draw(st.lists(st.sampled_from(words), max_size=4))))
    one, other = fold(words), fold(shuffled)
    assert timeless(one.flight) == timeless(other.flight)
    assert {
        (path, source, fact.value, fact.observed_at)
        for path, by_source in one.facts.items()
        for source, fact in by_source.items()
    } == {
        (path, source, fact.value, fact.observed_at)
        for path, by_source in other.facts.items()
        for source, fact in by_source.items()
    }


def test_a_report_that_is_only_tried_follows_its_source_as_if_it_were_recorded() -> None:
    journal = MemoryJournal()
    write_batch(journal, [Submission(0, sent(BY_PATH["departure.gate"], "B9"))], now=NOON, rules=RULES)
    with journal.write() as writing:
        tried = parse(Submission(0, sent(BY_PATH["departure.gate"], "B10")), NOON, latest=True)
        merging = Merging(writing, [tried], RULES, now=NOON)
        assert merging.apply(tried) == KEY
    assert json.loads(json.dumps([change.to for change in tried.changes])) == ["B10"]


def test_reports_given_as_structs_follow_each_other_too() -> None:
    journal = MemoryJournal()
    told = [
        Submission(i, Report(flight="DL1865", date=KEY.date, origin="ATL", cancelled=value))
        for i, value in enumerate((True, False))
    ]
    write_batch(journal, told, now=NOON, rules=RULES)
    assert believed(journal).cancelled is False
