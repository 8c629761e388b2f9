"""What becomes of a flight: its status, delay, flags and changes, told as it happens."""

import msgspec
import pytest

from tests.unit.flights.building import KEY, at, flight_after, kinds, said, schedule, tell
from windsock.flights import Reason, Report, RunwayReport, apply_report
from windsock.flights.own_sources import OVERDUE
from windsock.flights.report import ArrivalReport, DepartureReport


def watch(observed: str, minutes: int, side: str = "departure") -> Report:
    return said(observed, source=OVERDUE.name, **{f"{side}_overdue_minutes": minutes})


# The ordinary course


def test_a_flight_begins_with_its_schedule() -> None:
    merged = tell(schedule(registration="N910DE"))
    flight = merged.record.flight

    assert kinds(merged) == ["flight.added"]
    assert merged.changes[0].to["departure"] == {"scheduled": at("13:55")}
    assert (flight.status, flight.flags, flight.version) == ("scheduled", (), 1)
    assert flight.departure.first_scheduled == at("13:55")
    assert flight.departure.delay_minutes is None
    assert flight.key == KEY


def test_out_off_on_in_each_have_their_kind_and_status() -> None:
    record = tell(schedule()).record
    seen = []
    for report in (
        said("13:56", out="13:56"),
        said("14:10", off="14:10"),
        said("15:10", on="15:10"),
        said("15:20", in_="15:20"),
    ):
        merged = tell(report, record=record)
        record = merged.record
        seen.append((kinds(merged)[0], record.flight.status))

    assert seen == [
        ("flight.out", "out"),
        ("flight.off", "airborne"),
        ("flight.on", "landed"),
        ("flight.in", "arrived"),
    ]
    assert record.flight.version == 5
    assert record.flight.departure.delay_minutes == 1
    assert record.flight.arrival.delay_minutes == -5


def test_a_flight_that_comes_in_one_report_still_raises_its_delay() -> None:
    assert kinds(tell(schedule(out="14:30"))) == [
        "flight.added",
        "flight.out",
        "delay.raised",
        "delay.raised",  # and it will arrive as late as it left, until somebody says better
    ]


def test_boarding_is_a_status_until_the_flight_leaves() -> None:
    boarding = tell(schedule(), said("13:30", boarding=True))

    assert kinds(boarding) == ["flight.boarding"]
    assert boarding.record.flight.status == "boarding"
    assert tell(said("13:55", out="13:55"), record=boarding.record).record.flight.status == "out"


def test_of_a_flight_without_any_time_the_status_is_unknown() -> None:
    assert flight_after(said("06:00", destination="MCO")).status == "unknown"


# Delay


@pytest.mark.parametrize(("out", "minutes", "flags"), [
    ("13:55", 0, ()), ("14:09", 14, ()), ("14:10", 15, ("delayed",)), ("13:41", -14, ()), ("13:40", -15, ("early",)),
])  # fmt: skip
def test_fifteen_minutes_make_a_flight_late(out: str, minutes: int, flags: tuple[str, ...]) -> None:
    flight = flight_after(schedule(), said("15:00", out=out))

    assert (flight.departure.delay_minutes, flight.departure.delay_basis, flight.flags) == (
        minutes,
        "actual",
        flags,
    )


def test_delay_is_raised_changed_and_cleared() -> None:
    record = tell(schedule()).record
    seen = []
    for observed, estimate in (
        ("12:00", "14:05"),
        ("12:10", "14:30"),
        ("12:20", "14:45"),
        ("12:30", "13:58"),
        ("12:40", "13:30"),
    ):
        merged = tell(said(observed, etd=estimate), record=record)
        record = merged.record
        seen.append(kinds(merged)[0])

    assert seen == ["delay.changed", "delay.raised", "delay.changed", "delay.cleared", "early.raised"]


def test_seconds_are_cut_as_clocks_cut_them() -> None:
    late = flight_after(schedule(), said("15:00", out=at("13:56").replace(second=59)))
    early = flight_after(schedule(), said("15:00", out=at("13:54").replace(second=30)))

    assert late.departure.delay_minutes == 1
    assert early.departure.delay_minutes == -1


def test_an_actual_time_beats_every_estimate() -> None:
    flight = flight_after(schedule(), said("13:57", out="13:57"), said("14:30", etd="15:00"))

    assert (flight.departure.delay_minutes, flight.departure.delay_basis) == (2, "actual")


def test_where_only_the_runway_is_known_the_delay_says_so() -> None:
    flight = flight_after(schedule(), said("14:20", off="14:20"), said("15:40", on="15:40"))

    assert (flight.departure.delay_minutes, flight.departure.delay_basis) == (None, None)
    assert (flight.arrival.delay_minutes, flight.arrival.delay_basis) == (15, "runway")


def test_a_delay_of_the_runway_is_measured_against_the_runways_own_plan() -> None:
    plan = said(
        "06:00",
        takeoff=RunwayReport(scheduled=at("14:10")),
        landing=RunwayReport(scheduled=at("15:15")),
    )
    flight = flight_after(schedule(), plan, said("14:20", off="14:20"), said("15:40", on="15:14"))

    assert (flight.departure.delay_minutes, flight.departure.delay_basis) == (10, "runway")
    assert (flight.arrival.delay_minutes, flight.arrival.delay_basis) == (-1, "runway")


def test_an_estimated_runway_time_counts_where_nothing_better_is_known() -> None:
    flight = flight_after(schedule(), said("13:00", landing=RunwayReport(estimated=at("15:50"))))

    assert (flight.arrival.delay_minutes, flight.arrival.delay_basis) == (25, "runway")


def test_an_estimate_behind_the_take_off_is_refuted_by_it() -> None:
    flight = flight_after(schedule(), said("13:00", etd="15:00"), said("14:20", off="14:20"))

    assert (flight.departure.delay_minutes, flight.departure.delay_basis) == (25, "runway")


def test_a_flight_is_not_at_its_gate_before_it_landed() -> None:
    flight = flight_after(schedule(), said("14:00", eta="15:25"), said("15:45", on="15:45"))

    assert (flight.arrival.delay_minutes, flight.arrival.delay_basis) == (20, "runway")


def test_a_delay_in_minutes_becomes_an_estimated_time() -> None:
    flight = flight_after(schedule(), said("13:00", departure_delay_minutes=35))

    assert flight.departure.estimated == at("14:30")
    assert (flight.departure.delay_minutes, flight.departure.delay_basis) == (35, "estimated")


def test_a_delay_in_minutes_may_come_before_the_schedule() -> None:
    early_word = tell(said("05:00", departure_delay_minutes=35))

    assert (
        early_word.record.flight.departure.delay_minutes,
        early_word.record.flight.departure.estimated,
    ) == (35, None)
    assert tell(schedule(), record=early_word.record).record.flight.departure.estimated == at("14:30")


def test_minutes_and_times_of_the_estimate_are_one_word_and_the_later_holds() -> None:
    minutes_last = flight_after(
        schedule(), said("12:00", etd="14:00"), said("13:00", departure_delay_minutes=35)
    )
    time_last = flight_after(
        schedule(), said("12:00", departure_delay_minutes=35), said("13:00", etd="14:00")
    )

    assert minutes_last.departure.delay_minutes == 35
    assert time_last.departure.delay_minutes == 5


def test_a_delay_of_zero_minutes_is_a_delay_of_zero_and_not_nothing() -> None:
    assert flight_after(schedule(), said("13:00", departure_delay_minutes=0)).departure.delay_minutes == 0


# The schedule


def test_a_flight_moved_earlier_is_news_although_it_is_on_time() -> None:
    merged = tell(schedule(), said("07:00", std="01:55", sta="03:25"))
    flight = merged.record.flight

    assert kinds(merged)[:2] == ["schedule.retimed", "early.raised"]
    assert flight.flags == ("early", "retimed")
    assert flight.departure.delay_minutes is None
    assert flight.departure.delay_from_first_minutes == -720
    assert flight.departure.first_scheduled == at("13:55")
    assert flight.key == KEY


def test_delay_stands_against_the_schedule_as_now_and_as_first_published() -> None:
    flight = flight_after(schedule(), said("07:00", std="15:00"), said("15:10", out="15:10"))

    assert flight.departure.delay_minutes == 10
    assert flight.departure.delay_from_first_minutes == 75


def test_the_first_schedule_is_the_earliest_published_even_if_heard_later() -> None:
    flight = flight_after(said("07:00", std="15:00"), schedule())

    assert flight.departure.first_scheduled == at("13:55")
    assert flight.departure.scheduled == at("15:00")


def test_a_flight_retimed_past_midnight_keeps_its_date_and_id() -> None:
    flight = flight_after(schedule(), said("07:00", std=at("10:00", day=3)))

    assert flight.id == "DL1865.2015-01-02.ATL"
    assert flight.date == KEY.date


# Overdue


def test_a_flight_of_which_nobody_spoke_is_overdue_by_at_least_the_time_that_passed() -> None:
    merged = tell(schedule(), watch("14:15", 20))
    departure = merged.record.flight.departure

    assert kinds(merged) == ["overdue.raised", "delay.raised"]
    assert (departure.delay_minutes, departure.delay_basis, departure.overdue_minutes) == (20, "inferred", 20)
    assert merged.record.flight.flags == ("delayed", "overdue")
    assert merged.record.flight.status == "scheduled"


def test_overdue_grows_and_in_the_end_the_data_is_stale() -> None:
    first = tell(schedule(), watch("14:15", 20))
    second = tell(watch("14:30", 35), record=first.record)
    last = tell(watch("20:00", 365), record=second.record)

    assert kinds(second) == ["overdue.raised", "delay.changed"]
    assert kinds(last) == ["data.stale", "delay.changed"]
    assert last.record.flight.flags == ("delayed", "overdue", "stale")


@pytest.mark.parametrize(
    "word",
    [
        {"out": "13:57"},
        {"off": "14:10"},
        {"in_": "15:20"},
        {"etd": "14:00"},
        {"std": "16:00"},
        {"cancelled": True},
    ],
)
def test_real_word_ends_overdue_at_once(word: dict[str, object]) -> None:
    flight = flight_after(schedule(), watch("14:15", 20), said("14:20", **word))

    assert "overdue" not in flight.flags
    assert flight.departure.delay_basis != "inferred"
    assert flight.departure.overdue_minutes is None


def test_an_estimate_that_has_passed_unheard_does_not_hold_overdue_back() -> None:
    flight = flight_after(schedule(), said("13:00", etd="14:05"), watch("14:30", 35))

    assert (flight.departure.delay_minutes, flight.departure.delay_basis) == (35, "inferred")


def test_an_estimate_still_to_come_is_no_ground_for_overdue() -> None:
    flight = flight_after(schedule(), said("13:00", etd="15:00"), watch("14:30", 35))

    assert (flight.departure.delay_minutes, flight.departure.delay_basis) == (65, "estimated")


def test_a_flight_that_left_can_be_overdue_at_its_destination() -> None:
    flight = flight_after(schedule(), said("13:55", out="13:55"), watch("15:45", 20, "arrival"))

    assert (flight.arrival.delay_minutes, flight.arrival.delay_basis) == (20, "inferred")


def test_a_flight_that_has_not_left_is_overdue_at_its_origin_alone() -> None:
    flight = flight_after(schedule(), watch("15:45", 110), watch("15:45", 20, "arrival"))

    assert flight.departure.overdue_minutes == 110
    assert flight.arrival.overdue_minutes is None


# Coming back, going elsewhere, not going


def test_back_at_the_gate_a_flight_waits_again_and_its_delay_goes_on() -> None:
    merged = tell(schedule(), said("14:00", out="14:00"), said("14:30", returned_to_gate="14:30"))
    flight = merged.record.flight

    assert kinds(merged)[0] == "flight.returned_to_gate"
    assert (flight.status, flight.departure.actual) == ("scheduled", None)
    assert flight.flags == ("delayed", "returned_to_gate")
    assert (flight.departure.delay_minutes, flight.departure.delay_basis) == (35, "inferred")


def test_after_a_return_the_second_departure_counts() -> None:
    returned = tell(schedule(), said("14:00", out="14:00"), said("14:30", returned_to_gate="14:30")).record
    merged = tell(said("15:00", out="15:00"), record=returned)

    assert kinds(merged)[0] == "flight.out"
    assert (merged.record.flight.status, merged.record.flight.departure.delay_minutes) == ("out", 65)
    assert "returned_to_gate" not in merged.record.flight.flags


def test_a_source_that_repeats_the_first_departure_does_not_hide_the_second() -> None:
    flight = flight_after(
        schedule(), said("14:00", out="14:00"), said("14:30", returned_to_gate="14:30"), said("15:00", out="15:00"),
        said("15:05", source="airport", out="14:00"),
    )  # fmt: skip

    assert flight.departure.actual == at("15:00")


def test_boarding_again_after_a_return_must_be_said_again() -> None:
    back = tell(
        schedule(),
        said("13:30", boarding=True),
        said("14:00", out="14:00"),
        said("14:30", returned_to_gate="14:30"),
    ).record

    assert back.flight.status == "scheduled"
    assert tell(said("14:40", boarding=True), record=back).record.flight.status == "boarding"


def test_after_an_air_return_the_landing_at_the_origin_is_no_arrival() -> None:
    merged = tell(
        schedule(), said("13:55", out="13:55"), said("14:05", off="14:05"),
        said("14:40", air_return="14:40", on="14:40"), said("14:50", in_="14:50"),
    )  # fmt: skip
    flight = merged.record.flight

    assert (flight.status, flight.flags) == ("scheduled", ("air_return", "delayed"))
    assert (flight.takeoff.actual, flight.landing.actual, flight.arrival.actual) == (None, None, None)
    again = tell(said("16:00", off="16:00"), said("17:00", on="17:00"), record=merged.record).record.flight
    assert again.status == "landed"


def test_an_air_return_has_its_kind() -> None:
    merged = tell(
        schedule(), said("13:55", out="13:55"), said("14:05", off="14:05"), said("14:40", air_return="14:40")
    )

    assert set(kinds(merged)) == {"flight.air_return", "delay.raised"}
    assert merged.changes[0].field == "air_return"


def test_cancelled_then_reinstated() -> None:
    cancelled = tell(schedule(), said("10:00", etd="14:30"), said("11:00", cancelled=True))
    reinstated = tell(said("12:00", cancelled=False), record=cancelled.record)

    assert kinds(cancelled) == ["flight.cancelled", "delay.cleared"]
    assert (cancelled.record.flight.status, cancelled.record.flight.departure.delay_minutes) == (
        "cancelled",
        None,
    )
    assert kinds(reinstated) == ["flight.reinstated", "delay.raised"]
    assert reinstated.record.flight.status == "scheduled"


def test_a_flight_cancelled_after_it_left_its_gate_keeps_what_it_did() -> None:
    flight = flight_after(schedule(), said("15:30", out="15:30"), said("16:30", cancelled=True))

    assert flight.status == "cancelled"
    assert (flight.departure.actual, flight.departure.delay_minutes) == (at("15:30"), 95)


def test_a_flight_seen_flying_after_its_cancellation_is_not_cancelled() -> None:
    merged = tell(schedule(), said("11:00", cancelled=True), said("14:20", off="14:20"))

    assert "flight.reinstated" in kinds(merged)
    assert merged.record.flight.status == "airborne"


def test_a_diversion_names_its_airport_and_clears_the_arrival() -> None:
    merged = tell(schedule(), said("14:20", off="14:20", eta="15:50"), said("15:00", diverted_to="BHM"))
    flight = merged.record.flight

    assert kinds(merged) == ["flight.diverted", "delay.cleared"]
    assert (flight.status, flight.diverted, flight.diverted_to, flight.destination) == (
        "diverted",
        True,
        "BHM",
        "MCO",
    )
    assert flight.arrival.delay_minutes is None
    assert flight.id == str(KEY)


def test_a_diversion_to_who_knows_where_is_a_diversion() -> None:
    merged = tell(schedule(), said("15:00", diverted=True))

    assert kinds(merged) == ["flight.diverted"]
    assert (merged.record.flight.status, merged.record.flight.diverted_to) == ("diverted", None)


def test_a_diversion_can_be_taken_back() -> None:
    diverted = tell(schedule(), said("14:20", off="14:20"), said("15:00", diverted_to="BHM")).record
    for word in (said("15:05", diverted_to=None), said("15:05", diverted=False)):
        flight = tell(word, record=diverted).record.flight
        assert (flight.status, flight.diverted, flight.diverted_to) == ("airborne", False, None)


def test_a_diverted_flight_and_its_recovery_name_each_other() -> None:
    flight = flight_after(
        schedule(), said("15:00", diverted_to="BHM"), said("16:00", recovered_by="DL1865.2015-01-02.BHM")
    )

    assert flight.recovered_by == "DL1865.2015-01-02.BHM"


# Places, aircraft, reasons


@pytest.mark.parametrize(("word", "kind"), [
    ({"gate": "B12"}, "gate.changed"),
    ({"departure": DepartureReport(terminal="S")}, "terminal.changed"),
    ({"departure": DepartureReport(stand="501")}, "stand.changed"),
    ({"arrival": ArrivalReport(belt="7")}, "belt.changed"),
    ({"arrival": ArrivalReport(gate="70")}, "gate.changed"),
    ({"registration": "N910DE"}, "aircraft.changed"),
    ({"aircraft_type": "MD88"}, "aircraft.changed"),
    ({"delay_reasons": (Reason("ahm730", "93"),)}, "reason.changed"),
    ({"destination": "TPA"}, "flight.corrected"),
    ({"codeshares": ("AF3635",)}, "flight.corrected"),
    ({"eta": "15:26"}, "delay.changed"),
])  # fmt: skip
def test_each_kind_of_word_has_its_kind_of_change(word: dict[str, object], kind: str) -> None:
    assert kinds(tell(schedule(), said("07:00", **word)))[0] == kind


def test_a_reason_keeps_its_code_and_gets_our_words() -> None:
    flight = flight_after(schedule(), said("07:00", delay_reasons=(Reason("ahm730", "93C", minutes=34),)))

    assert flight.delay_reasons == (Reason("ahm730", "93C", "late inbound aircraft", 34),)


def test_a_milestone_told_anew_is_a_correction() -> None:
    assert (
        kinds(tell(schedule(), said("14:00", out="13:57"), said("14:05", out="13:58")))[0]
        == "flight.corrected"
    )


def test_a_report_without_observed_at_counts_from_its_receipt() -> None:
    report = msgspec.structs.replace(said("06:00", std="13:55"), observed_at=msgspec.UNSET)
    merged = apply_report(None, KEY, report, received_at=at("06:30"))

    assert merged.record.facts["departure.scheduled"]["airline"].observed_at == at("06:30")


# A source that fell silent


def silence(observed: str, of: str | None = "airline") -> Report:
    return said(observed, "windsock.feeds", silent_source=of)


def test_a_flight_whose_source_fell_silent_is_stale_and_this_is_told_once() -> None:
    first = tell(schedule(), silence("09:00"))
    again = tell(silence("09:00"), record=first.record)

    assert kinds(first) == ["data.stale"]
    assert first.changes[0].field == "silent_source"
    assert first.record.flight.silent_source == "airline"
    assert first.record.flight.flags == ("stale",)
    assert again.changes == ()


@pytest.mark.parametrize("source", ["airline", "airport"])
def test_whoever_speaks_of_the_flight_again_makes_it_fresh_even_with_the_same_word(source: str) -> None:
    silent = tell(schedule(), silence("09:00"))
    merged = tell(said("09:10", source, std="13:55"), record=silent.record)

    assert kinds(merged) == ["flight.corrected"]
    assert merged.record.flight.silent_source is None
    assert merged.record.flight.flags == ()


def test_a_word_from_before_the_silence_makes_nothing_fresh() -> None:
    silent = tell(schedule(), silence("09:00"))

    assert tell(said("08:50", gate="B1"), record=silent.record).record.flight.flags == ("stale",)


def test_our_own_watch_over_the_time_is_nobody_speaking() -> None:
    silent = tell(schedule(), silence("09:00"))

    assert tell(watch("14:15", 20), record=silent.record).record.flight.silent_source == "airline"


def test_a_silence_that_is_over_can_begin_again() -> None:
    silent = tell(schedule(), silence("09:00"))
    over = tell(silence("10:00", None), record=silent.record)
    again = tell(silence("10:00"), record=over.record)

    assert kinds(over) == ["flight.corrected"]
    assert kinds(again) == ["data.stale"]


@pytest.mark.parametrize("word", [{"cancelled": True}, {"on": "15:20"}, {"in_": "15:25"}])
def test_of_a_flight_that_is_over_no_word_is_missed(word: dict[str, object]) -> None:
    merged = tell(schedule(), said("08:00", **word), silence("09:00"))

    assert merged.changes == ()
    assert "stale" not in merged.record.flight.flags
