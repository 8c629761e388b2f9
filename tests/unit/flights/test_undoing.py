"""Taking a report back: the flight is believed as if it had never been made, whatever others said before and since."""

from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.flights.building import KEY, at, said, schedule, timeless
from tests.unit.flights.values_of_fields import START, STRATEGIES, reports, sometimes
from windsock.flights import (
    ArrivalReport,
    DepartureReport,
    Flight,
    FlightRecord,
    MergeRules,
    Report,
    RunwayReport,
    apply_report,
)
from windsock.flights.undoing import Undoing, undoing

RULES = MergeRules(ranks={"airline": 80, "gossip": 20})
ANN = "user:ann"  # of rank 50, as the airport is
minutes = st.integers(0, 4).map(lambda n: START + timedelta(minutes=n))
before = st.lists(reports(st.sampled_from(["airline", "airport", "gossip", ANN]), minutes), max_size=5)
since = st.lists(
    reports(
        st.sampled_from(["airline", "airport", "gossip"]), minutes.map(lambda at: at + timedelta(hours=1))
    ),
    max_size=2,
)
text, time = STRATEGIES["text"], STRATEGIES["time"]
# What the console's form can say.
by_ann = st.builds(
    Report,
    flight=st.just("DL1865"),
    source=st.just(ANN),
    observed_at=st.just(START + timedelta(minutes=30)),
    departure=sometimes(
        st.builds(
            DepartureReport,
            estimated=sometimes(time),
            actual=sometimes(time),
            terminal=sometimes(text),
            gate=sometimes(text),
        )
    ),
    landing=sometimes(st.builds(RunwayReport, actual=sometimes(time))),
    arrival=sometimes(
        st.builds(
            ArrivalReport,
            estimated=sometimes(time),
            actual=sometimes(time),
            gate=sometimes(text),
            belt=sometimes(text),
        )
    ),
    cancelled=sometimes(STRATEGIES["truth"]),
    boarding=sometimes(STRATEGIES["truth"]),
    diverted_to=sometimes(STRATEGIES["airport"]),
    delay_reasons=sometimes(STRATEGIES["reasons"]),
)


def heard(report: Report) -> Any:
    return report.observed_at


def merged(*told: Report, record: FlightRecord | None = None, rules: MergeRules = RULES) -> FlightRecord:
    for report in told:
        record = apply_report(record, KEY, report, received_at=heard(report), rules=rules).record
    assert record is not None
    return record


def take_back(
    record: FlightRecord, report: Report, earlier: list[Report], rules: MergeRules = RULES
) -> tuple[Flight, Undoing]:
    now = START + timedelta(hours=2)
    found = undoing(record, report, earlier, now=now, rules=rules)
    if found.report is not None:
        record = apply_report(record, KEY, found.report, received_at=now, rules=rules).record
    return record.flight, found


def differences(one: Flight, other: Flight) -> dict[str, Any]:
    pairs = [(name, getattr(one, name), getattr(other, name)) for name in Flight.__struct_fields__]
    return {name: (mine, its) for name, mine, its in pairs if mine != its}


@settings(max_examples=100, deadline=None)
@given(before, by_ann, since)
def test_after_an_undo_all_is_believed_as_if_the_report_had_never_been_made(
    told: list[Report], report: Report, later: list[Report]
) -> None:
    plan = schedule()
    record = merged(plan, *told, report, *later)
    own = [one for one in told if one.source == ANN]

    flight, found = take_back(record, report, own)

    if found.report is not None:
        wanted = merged(plan, *told, *later).flight
        left = differences(timeless(flight), timeless(wanted))
        assert bool(left) == bool(found.remaining), "what cannot be undone is said"
    # A cancellation that somebody claims of a flight that flies, and reasons of a delay, do not fit into one report.
    assert {change.field for change in found.remaining} <= {"conflicts", "delay_reasons"}


def test_what_the_source_said_before_is_restated() -> None:
    first = said("10:00", source=ANN, etd="14:30", gate="A1")
    second = said("10:30", source=ANN, etd="14:45")
    record = merged(schedule(), first, second)

    flight, found = take_back(record, second, [first])

    assert flight.departure.estimated == at("14:30")
    assert flight.departure.gate == "A1"
    assert found.report is not None
    assert found.report.departure == DepartureReport(estimated=at("14:30"))


def test_a_second_undo_finds_nothing_to_take_back() -> None:
    report = said("10:30", source=ANN, etd="14:45")
    record = merged(schedule(), report)
    _, found = take_back(record, report, [])
    assert found.report is not None
    undone = apply_report(record, KEY, found.report, received_at=at("11:00"), rules=RULES).record

    again = undoing(undone, report, [], now=at("11:01"), rules=RULES)

    assert again.report is None
    assert again.kept == ("departure.estimated",)


def test_newer_words_of_the_source_itself_stay() -> None:
    report = said("10:30", source=ANN, etd="14:45", gate="A1")
    newer = said("10:40", source=ANN, gate="A2")
    record = merged(schedule(), report, newer)

    flight, found = take_back(record, report, [])

    assert flight.departure.estimated is None
    assert flight.departure.gate == "A2"
    assert found.kept == ("departure.gate",)


def test_what_another_source_says_shows_again_although_a_withdrawal_would_hide_it() -> None:
    airport = said("10:00", source="airport", etd="14:30", gate="A1")
    report = said("10:30", source=ANN, etd="14:45", gate="B7")
    record = merged(schedule(), airport, report)

    flight, _ = take_back(record, report, [])

    assert timeless(flight) == timeless(merged(schedule(), airport).flight)


def test_a_delay_in_minutes_shows_again_as_the_estimate_it_makes() -> None:
    airport = said("10:00", source="airport", departure_delay_minutes=35)
    report = said("10:30", source=ANN, etd="14:45")
    record = merged(schedule(), airport, report)

    flight, _ = take_back(record, report, [])

    assert flight.departure.delay_minutes == 35
    assert timeless(flight) == timeless(merged(schedule(), airport).flight)


def test_a_word_that_never_counted_is_withdrawn() -> None:
    airline = said("10:00", source="airline", gate="A1")
    report = said("10:30", source=ANN, gate="B7")
    record = merged(schedule(), airline, report)

    flight, found = take_back(record, report, [])

    assert flight.departure.gate == "A1"
    assert found.report is not None
    assert msgspec.to_builtins(found.report)["departure"] == {"gate": None}
