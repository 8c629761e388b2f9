"""Milestones that are stated without a time: what counts, and how times that come later take their place."""

from datetime import timedelta

import pytest

from tests.unit.flights.building import at, flight_after, kinds, said, schedule, tell
from windsock.cli.lines import remark
from windsock.errors import InvalidReport
from windsock.flights import MergeRules, parse_report


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_time_takes_the_place_of_the_statement_whichever_comes_first(order: tuple[int, int]) -> None:
    reports = [said("15:30", "board", stated_status="landed"), said("15:40", on="15:21")]
    flight = flight_after(schedule(), *(reports[index] for index in order))

    assert (flight.status, flight.stated_status, flight.landing.actual) == ("landed", None, at("15:21"))


def test_that_it_landed_is_told_once_and_its_time_by_a_correction() -> None:
    record = tell(schedule()).record
    stated = tell(said("15:30", "board", stated_status="landed"), record=record)
    timed = tell(said("15:40", on="15:21"), record=stated.record)
    parked = tell(said("15:50", in_="15:33"), record=timed.record)

    assert kinds(stated) == ["flight.on"]
    assert ("flight.corrected", "landing.actual") in [(c.kind, c.field) for c in timed.changes]
    assert "flight.on" not in kinds(timed)
    assert "flight.in" in kinds(parked)


def test_the_furthest_word_counts_and_who_knows_less_denies_nothing() -> None:
    flight = flight_after(
        schedule(),
        said("15:30", "destination", stated_status="landed"),
        said("15:45", "slow", stated_status="airborne"),
        said("15:50", "origin", stated_status="out"),
    )
    assert flight.status == "landed"


def test_a_source_takes_its_own_word_back() -> None:
    flight = flight_after(
        schedule(),
        said("13:50", "board", stated_status="out"),
        said("13:55", "board", stated_status=None),
    )
    assert (flight.status, flight.stated_status) == ("scheduled", None)


@pytest.mark.parametrize(
    ("rank", "minute", "status"), [(90, 50, "out"), (90, 20, "landed"), (50, 50, "landed")]
)
def test_only_a_later_word_of_higher_rank_denies(rank: int, minute: int, status: str) -> None:
    rules = MergeRules(ranks={"operator": rank})
    flight = flight_after(
        schedule(),
        said("15:30", "board", stated_status="landed"),
        said(at("15:00") + timedelta(minutes=minute), "operator", stated_status="out"),
        rules=rules,
    )
    assert flight.status == status


def test_a_return_to_the_gate_overtakes_what_was_stated_before_it() -> None:
    back = [schedule(), said("14:10", "board", stated_status="out"), said("14:30", returned_to_gate="14:25")]
    assert flight_after(*back).status == "scheduled"
    assert "returned_to_gate" in flight_after(*back).flags
    again = flight_after(*back, said("15:10", "board", stated_status="out"))
    assert (again.status, again.flags) == ("out", ())


def test_a_landing_that_is_stated_after_an_air_return_is_the_one_back_at_the_origin() -> None:
    back = [
        schedule(),
        said("14:10", out="14:00", off="14:10"),
        said("14:40", air_return="14:35"),
        said("14:45", "board", stated_status="landed"),
    ]
    assert flight_after(*back).status == "scheduled"
    again = flight_after(*back, said("16:00", off="15:50"), said("17:30", "board", stated_status="landed"))
    assert again.status == "landed"


def test_a_cancelled_flight_that_is_stated_to_fly_is_not_cancelled() -> None:
    cancelled = [schedule(), said("13:00", "board", cancelled=True)]
    assert flight_after(*cancelled, said("14:30", "board", stated_status="out")).status == "cancelled"
    assert flight_after(*cancelled, said("14:30", "board", stated_status="airborne")).status == "airborne"


@pytest.mark.parametrize(
    ("stated", "departing", "arriving"),
    [
        ("out", "Departed · time not known", "Left Atlanta · arrival not confirmed yet"),
        ("airborne", "Departed · time not known", "In flight · arrival not confirmed yet"),
        ("landed", "Departed · time not known", "Landed · time not known"),
        ("arrived", "Departed · time not known", "Arrived · time not known"),
    ],
)
def test_the_terminal_says_that_the_time_is_not_known(stated: str, departing: str, arriving: str) -> None:
    flight = flight_after(schedule(), said("15:30", "board", stated_status=stated))

    assert remark(flight, "departures", at("15:31")) == departing
    assert remark(flight, "arrivals", at("15:31")) == arriving


def test_another_word_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(InvalidReport, match="not a milestone") as refused:
        parse_report({"flight": "DL1865", "stated_status": "departed"}, source="x", now=at("12:00"))
    assert refused.value.code == "unknown_status"
    assert "out, airborne, landed, arrived" in (refused.value.expected or "")
