"""What has happened outranks every claim: laws over the order of the milestones, whoever says what, and how often."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.flights.building import KEY, at, flight_after, kinds, said, schedule, tell, timeless
from tests.unit.flights.values_of_fields import START, reports
from windsock.flights import (
    Change,
    Flight,
    FlightRecord,
    MergeRules,
    Reason,
    Report,
    RunwayReport,
    apply_changes,
    apply_report,
)
from windsock.flights.reading import CLOCKS_DIFFER
from windsock.flights.status import ACTUALS
from windsock.journal.projection import expected

RANKS = MergeRules(ranks={"ops": 90, "airport": 50, "gossip": 10})
SOURCES = st.sampled_from(["ops", "airport", "gossip", "radar"])
observations = st.integers(0, 6).map(lambda n: START + timedelta(minutes=n))
words = st.lists(reports(SOURCES, observations), min_size=1, max_size=10)


def fold(received: list[Report], rules: MergeRules = RANKS) -> tuple[FlightRecord, list[tuple[Change, ...]]]:
    record, told = None, []
    for report in received:
        merged = apply_report(record, KEY, report, received_at=START + timedelta(hours=9), rules=rules)
        record = merged.record
        told.append(merged.changes)
    assert record is not None
    return record, told


def times(flight: Flight) -> list[tuple[str, datetime]]:
    shown = []
    for path in ACTUALS:
        part, name = path.split(".")
        time = getattr(getattr(flight, part), name)
        if time is not None:
            shown.append((part, time))
    return shown


# --- Laws -------------------------------------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(words)
def test_what_is_believed_to_have_happened_can_have_happened(received: list[Report]) -> None:
    flight = fold(received)[0].flight
    shown = times(flight)
    for place, (part, time) in enumerate(shown):
        for later, after in shown[place + 1 :]:
            same_airport = (part, later) in (("departure", "takeoff"), ("landing", "arrival"))
            assert after - time >= (-CLOCKS_DIFFER if same_airport else timedelta(0)), (part, later)


@settings(max_examples=100, deadline=None)
@given(words)
def test_after_take_off_nothing_cancels_a_flight_and_nobody_boards_it(received: list[Report]) -> None:
    record, _ = fold(received)
    flight = record.flight
    flew = flight.landing.actual or flight.arrival.actual
    if flight.takeoff.actual and flight.cancelled:
        # Only the very source that saw it take off may say so, later than both: it came back.
        ((seen, off),) = ((s, f) for s, f in record.facts["takeoff.actual"].items() if f.value is not None)
        assert record.facts["cancelled"][seen].observed_at > flight.takeoff.actual
        assert record.facts["cancelled"][seen].observed_at >= off.observed_at
    assert not (flew and flight.cancelled)
    assert not (flew and flight.status == "cancelled")
    flew = flew or flight.takeoff.actual
    assert not ((flew or flight.departure.actual) and flight.boarding)


@settings(max_examples=100, deadline=None)
@given(words)
def test_nothing_is_expected_that_has_happened_or_that_what_happened_rules_out(
    received: list[Report],
) -> None:
    record, _ = fold(received)
    flight = record.flight
    departure, takeoff, landing, arrival = flight.departure, flight.takeoff, flight.landing, flight.arrival
    for part in (departure, takeoff, landing, arrival):
        assert part.actual is None or part.estimated is None
    left = max((time for time in (departure.actual, takeoff.actual) if time is not None), default=None)
    for expected_time in (landing.estimated, arrival.estimated):
        assert expected_time is None or left is None or expected_time >= left
    down = min((time for time in (landing.actual, arrival.actual) if time is not None), default=None)
    for expected_time in (departure.estimated, takeoff.estimated):
        assert expected_time is None or down is None or expected_time <= down
    assert arrival.estimated is None or landing.actual is None or arrival.estimated >= landing.actual
    assert departure.estimated is None or takeoff.actual is None or departure.estimated < takeoff.actual


@settings(max_examples=100, deadline=None)
@given(words)
def test_no_word_announces_what_physics_has_overtaken(received: list[Report]) -> None:
    """Over the events: no estimate after its milestone, no boarding after it left, no cancellation after it flew."""
    record = None
    for report in received:
        before = None if record is None else record.flight
        merged = apply_report(record, KEY, report, received_at=START + timedelta(hours=9), rules=RANKS)
        record = merged.record
        after = record.flight
        happened = {part for part, _ in times(after)}
        for change in merged.changes:
            if change.kind == "estimate.changed":
                assert change.field is not None
                assert change.field.partition(".")[0] not in happened
            if change.kind == "flight.boarding":
                assert not happened
            if change.kind == "flight.cancelled" and change.to:
                assert not happened & {"landing", "arrival"}
        if before is not None:
            assert timeless(apply_changes(before, merged.changes, RANKS)) == timeless(after)


@settings(max_examples=80, deadline=None)
@given(st.data(), words)
def test_order_and_repetition_do_not_matter_to_what_physics_decides(
    data: st.DataObject, received: list[Report]
) -> None:
    shuffled = data.draw(
        st.permutations(received + data.draw(st.lists(st.sampled_from(received), max_size=5)))
    )
    assert timeless(fold(received)[0].flight) == timeless(fold(shuffled)[0].flight)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.integers(0, 300), min_size=2, max_size=2),
    st.booleans(),
    st.sampled_from(["airport", "ops", "gossip"]),
)
def test_a_time_of_the_runway_alone_never_raises_a_delay_at_the_gate_of_departure(
    minutes: list[int], estimated: bool, source: str
) -> None:
    off = at("13:55") + timedelta(minutes=minutes[0])
    runway = RunwayReport(estimated=off) if estimated else RunwayReport(actual=off)
    merged = tell(schedule(), said("14:00", source, takeoff=runway), rules=RANKS)
    assert (merged.record.flight.departure.delay_minutes or 0) <= 0
    # Nor does an estimate for the gate that is a copy of it.
    copied = tell(schedule(), said("14:00", source, takeoff=runway, etd=off), rules=RANKS)
    assert (copied.record.flight.departure.delay_minutes or 0) <= 0


@settings(max_examples=80, deadline=None)
@given(st.integers(15, 900), st.integers(-10, 120))
def test_a_flight_that_left_late_is_expected_as_late_until_somebody_says_better(late: int, taxi: int) -> None:
    out = at("13:55") + timedelta(minutes=late)
    left = [schedule(), said("14:00", out=out)]
    if taxi >= 0:
        left.append(said("14:01", off=out + timedelta(minutes=taxi)))
    flight = flight_after(*left)
    assert flight.arrival.delay_basis == "inferred"
    assert flight.arrival.delay_minutes is not None
    assert late <= flight.arrival.delay_minutes <= late + max(taxi, 0)
    assert flight.arrival.estimated is None, "nobody has said so"
    waited = expected(flight)
    assert waited is not None
    assert waited[1] >= at("15:25") + timedelta(minutes=late)
    # Before it left, it had been expected on time: that is overtaken. A better word is believed.
    overtaken = flight_after(said("12:00", eta="15:25"), *left)
    assert overtaken.arrival.delay_minutes == flight.arrival.delay_minutes or late < 60
    better = flight_after(*left, said("14:30", eta=at("15:25") + timedelta(minutes=late + max(taxi, 0) - 5)))
    assert (better.arrival.delay_minutes, better.arrival.delay_basis) == (
        late + max(taxi, 0) - 5,
        "estimated",
    )


# --- Stories ----------------------------------------------------------------------------------------------------------


def flown(source: str = "radar") -> list[Report]:
    return [
        said("14:31", source, out="14:10", off="14:28"),
        said("15:41", source, on="15:32", in_="15:40"),
    ]


@pytest.mark.parametrize("claims", ["once, before", "again, after it flew"])
@pytest.mark.parametrize("rank", [10, 50, 90])
def test_a_flight_that_flew_is_not_cancelled_and_the_other_claim_is_a_conflict(
    rank: int, claims: str
) -> None:
    rules = MergeRules(ranks={"hub": rank})
    received = [schedule(), said("12:00", "hub", cancelled=True), *flown()]
    if claims != "once, before":
        received.append(said("16:00", "hub", cancelled=True))
    merged = tell(*received, rules=rules)
    flight = merged.record.flight
    assert (flight.status, flight.cancelled, flight.arrival.delay_minutes) == ("arrived", False, 15)
    contradicted = rank > 50 or (rank == 50 and claims != "once, before")
    assert flight.conflicts == (("cancelled",) if contradicted else ())
    assert ("conflict" in flight.flags) is contradicted
    if claims != "once, before":
        assert set(kinds(merged)) <= {"data.conflict"}


def test_a_source_that_repeats_its_cancellation_does_not_cancel_and_reinstate_in_turn() -> None:
    record = tell(schedule(), *flown(), said("15:45", "hub", cancelled=True)).record
    heard = []
    for minute in range(5):
        merged = tell(said(f"16:0{minute}", "hub", cancelled=True), record=record)
        merged = tell(said(f"16:1{minute}", "radar", in_="15:40"), record=merged.record)
        record = merged.record
        heard += kinds(merged)
    assert heard == []
    assert record.flight.conflicts == ("cancelled",)


def test_only_the_source_that_saw_the_take_off_can_cancel_after_it_as_after_an_untold_return() -> None:
    took_off = [schedule(), said("14:10", "dot", out="14:00", off="14:09")]
    told = flight_after(*took_off, said("15:10", "dot", cancelled=True))
    assert (told.status, told.departure.delay_minutes) == ("cancelled", 5)
    for contradiction in (
        [said("15:10", "hub", cancelled=True)],
        [said("15:10", "dot", cancelled=True), said("14:11", "radar", off="14:10")],
        [said("15:10", "dot", cancelled=True), said("16:00", "radar", on="15:40")],
    ):
        assert not flight_after(*took_off, *contradiction).cancelled


def test_a_source_that_cancels_and_then_reports_an_earlier_take_off_has_it_fly() -> None:
    mistaken = [schedule(), said("14:20", "ops", cancelled=True)]
    for late in ([said("14:31", "ops", out="14:00", off="14:09")], [said("14:31", "ops", off="14:09")]):
        assert flight_after(*mistaken, *late).status == "airborne"
        assert flight_after(*late, *mistaken).status == "airborne"


def test_a_flight_that_left_its_gate_and_came_back_can_be_cancelled() -> None:
    flight = flight_after(
        schedule(), said("14:10", out="14:05"), said("14:40", returned_to_gate="14:35", cancelled=True)
    )
    assert (flight.status, flight.cancelled) == ("cancelled", True)


def test_an_arrival_before_the_departure_is_a_conflict_and_not_an_arrival() -> None:
    record = tell(schedule(), said("14:10", out="14:05")).record
    merged = tell(said("14:20", in_="12:30"), record=record)
    flight = merged.record.flight
    assert kinds(merged) == ["data.conflict"]
    assert (flight.status, flight.arrival.actual, flight.arrival.delay_minutes) == ("out", None, None)
    assert flight.conflicts == ("arrival.actual",)


def test_another_source_s_possible_word_holds_where_the_believed_one_is_impossible() -> None:
    flight = flight_after(
        schedule(),
        said("14:10", out="14:05", off="14:20"),
        said("15:30", "airport", in_="15:29"),
        said("15:40", "radar", in_="13:31"),
    )
    assert flight.arrival.actual == at("15:29")
    assert "arrival.actual" in flight.conflicts


def test_tomorrow_s_departure_told_of_today_s_flight_does_not_make_it_leave_again() -> None:
    record = tell(schedule(), *flown("ops")).record
    merged = tell(said("23:30", "board", out=at("14:00", day=3)), record=record)
    assert merged.record.flight.status == "arrived"
    assert merged.record.flight.departure.actual == at("14:10")


def test_an_estimate_of_a_departure_that_has_happened_is_not_news() -> None:
    record = tell(schedule(), said("13:00", etd="14:00"), said("14:15", out="14:10")).record
    assert record.flight.departure.estimated is None
    for observed, etd in (("14:16", "14:05"), ("14:17", "14:40")):
        merged = tell(said(observed, "board", etd=etd), record=record)
        assert kinds(merged) == []
        record = merged.record
    assert record.flight.departure.delay_minutes == 15


def test_an_estimate_of_arrival_sooner_than_any_flight_takes_is_overtaken_by_the_take_off() -> None:
    """Planned for 90 minutes: nothing arrives 20 minutes after its take-off."""
    flight = flight_after(schedule(), said("13:00", eta="15:40"), said("15:21", out="15:10", off="15:20"))
    assert flight.arrival.estimated is None
    assert (flight.arrival.delay_minutes, flight.arrival.delay_basis) == (75, "inferred")


def test_a_diversion_back_to_the_origin_is_an_air_return() -> None:
    took_off = [schedule(), said("14:10", out="14:00", off="14:09")]
    turning = tell(*took_off, said("14:40", diverted_to="ATL")).record
    assert (turning.flight.diverted_to, turning.flight.diverted) == (None, True)
    merged = tell(said("15:06", on="15:05"), record=turning)
    flight = merged.record.flight
    assert (flight.air_return, flight.diverted, flight.status) == (at("15:05"), False, "scheduled")
    assert "air_return" in flight.flags
    assert "flight.air_return" in kinds(merged)
    again = tell(said("16:31", out="16:20", off="16:30"), record=merged.record)
    assert (again.record.flight.status, again.record.flight.diverted) == ("airborne", False)
    down = tell(said("18:05", on="17:55", in_="18:04"), record=again.record)
    assert (down.record.flight.status, down.record.flight.arrival.delay_minutes) == ("arrived", 159)


def test_flights_stored_before_have_their_estimates_beside_what_happened_and_still_follow_their_changes() -> (
    None
):
    before = tell(schedule(), said("13:00", etd="14:00"), said("14:15", out="14:10")).record.flight
    old = msgspec.structs.replace(
        before, departure=msgspec.structs.replace(before.departure, estimated=at("14:00"))
    )
    after = tell(
        schedule(), said("13:00", etd="14:00"), said("14:15", out="14:10"), said("14:31", off="14:30")
    ).record.flight
    changes: list[Any] = [Change(kind="flight.off", field="takeoff.actual", from_=None, to=at("14:30"))]
    assert timeless(apply_changes(old, changes)) == timeless(after)


CREW = (Reason("text", "CREW", "Cancelled: crew"),)
WEATHER = (Reason("ahm730", "71", minutes=30),)


def test_a_reason_of_a_cancellation_does_not_outlive_it() -> None:
    record = tell(schedule(), said("11:00", cancelled=True, delay_reasons=CREW)).record
    assert record.flight.delay_reasons == CREW
    # Repeated without its reason, it is still cancelled for that.
    record = tell(said("11:10", cancelled=True), record=record).record
    assert record.flight.delay_reasons == CREW
    merged = tell(said("11:30", cancelled=False, etd="14:30"), record=record)
    assert merged.record.flight.delay_reasons == ()
    assert "reason.changed" in kinds(merged)
    left = tell(said("14:32", out="14:31", delay_reasons=WEATHER), record=merged.record).record.flight
    assert [reason.code for reason in left.delay_reasons] == ["71"]


@pytest.mark.parametrize("first", ["cancelled first", "reason first"])
def test_a_reason_whose_code_is_one_of_cancellations_ends_with_it_however_it_was_told(first: str) -> None:
    why = (Reason("bts", "B"),)
    told = [said("11:00", cancelled=True), said("11:05", delay_reasons=why)]
    if first == "reason first":
        told = [said("11:00", delay_reasons=why), said("11:05", cancelled=True)]
    record = tell(schedule(), *told).record
    assert [reason.code for reason in record.flight.delay_reasons] == ["B"]
    assert tell(said("11:30", cancelled=False), record=record).record.flight.delay_reasons == ()


def test_a_flight_that_flew_does_not_show_why_it_was_cancelled() -> None:
    flight = flight_after(
        schedule(),
        *flown(),
        said("16:00", "hub", cancelled=True, delay_reasons=CREW),
        said("16:01", delay_reasons=WEATHER),
    )
    assert [reason.code for reason in flight.delay_reasons] == ["71"]


def test_a_reason_taken_back_is_taken_back_of_the_cancellation_too() -> None:
    told = [schedule(), said("11:00", cancelled=True, delay_reasons=CREW)]
    for nothing in (None, ()):
        assert flight_after(*told, said("11:05", delay_reasons=nothing)).delay_reasons == ()
    record = tell(*told).record
    assert FlightRecord.from_json(record.to_json()) == record
