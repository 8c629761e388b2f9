"""Whose word is believed, and what is kept of the others'."""

import json
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from tests.unit.flights.building import KEY, at, flight_after, kinds, said, schedule, tell
from windsock.flights import (
    Change,
    DepartureReport,
    FlightRecord,
    MergeRules,
    Report,
    apply_changes,
    apply_report,
)
from windsock.flights.own_sources import OWN_SOURCES, OwnSource
from windsock.wording.presenter import NamedViewpoint, present

RANKED = MergeRules(ranks={"airline": 80, "gossip": 20})


def test_what_a_report_is_silent_about_stays() -> None:
    flight = flight_after(schedule(gate="B12"), said("07:00", registration="N910DE"))

    assert flight.departure.gate == "B12"


def test_null_erases() -> None:
    merged = tell(schedule(gate="B12"), said("07:00", gate=None))

    assert merged.record.flight.departure.gate is None
    assert merged.changes == (Change(kind="gate.changed", field="departure.gate", from_="B12", to=None),)


def test_a_source_can_only_erase_as_far_as_it_is_believed() -> None:
    flight = flight_after(schedule(gate="B12"), said("07:00", source="gossip", gate=None), rules=RANKED)

    assert flight.departure.gate == "B12"


def test_the_higher_rank_is_believed_even_if_it_spoke_first() -> None:
    merged = tell(said("06:00", gate="B12"), said("07:00", source="gossip", gate="C3"), rules=RANKED)

    assert merged.record.flight.departure.gate == "B12"
    assert merged.changes == ()
    assert merged.facts_changed
    assert merged.record.flight.version == 1


def test_among_equals_the_later_observation_is_believed() -> None:
    for reports in (
        (said("06:00", gate="B12"), said("07:00", source="airport", gate="C3")),
        (said("07:00", source="airport", gate="C3"), said("06:00", gate="B12")),
    ):
        assert flight_after(*reports).departure.gate == "C3"


def test_an_old_report_that_arrives_late_changes_nothing_newer() -> None:
    merged = tell(schedule(), said("08:00", gate="C3"), said("07:00", gate="B12"))

    assert merged.record.flight.departure.gate == "C3"
    assert merged.changes == ()
    assert not merged.facts_changed


def test_an_old_report_still_tells_what_nobody_said_since() -> None:
    flight = flight_after(
        schedule(), said("08:00", gate="C3"), said("07:00", gate="B12", registration="N910DE")
    )

    assert (flight.departure.gate, flight.registration) == ("C3", "N910DE")


def test_the_same_report_twice_changes_nothing() -> None:
    report = schedule(gate="B12")
    once = tell(report)
    twice = apply_report(once.record, KEY, report, received_at=at("09:00"))

    assert twice.record is once.record
    assert (twice.changes, twice.facts_changed) == ((), False)


def test_the_record_given_is_left_as_it_was() -> None:
    before = tell(schedule()).record
    kept = before.to_json()
    tell(said("07:00", gate="B12"), record=before)

    assert before.to_json() == kept


def test_version_and_time_of_the_last_change_follow_the_changes() -> None:
    merged = tell(schedule(), said("07:00", gate="B12"))

    assert merged.record.flight.version == 2
    assert merged.record.flight.updated_at == at("07:00") + timedelta(seconds=1)
    assert merged.record.flight.reported_at == at("07:00") + timedelta(seconds=1)


# Contradictions


def test_equal_sources_that_disagree_on_what_happened_are_in_conflict() -> None:
    merged = tell(schedule(), said("14:00", out="13:57"), said("14:20", source="airport", out="14:15"))

    assert "data.conflict" in kinds(merged)
    assert merged.record.flight.conflicts == ("departure.actual",)
    assert "conflict" in merged.record.flight.flags
    settled = tell(said("14:30", out="14:14"), record=merged.record)
    assert settled.record.flight.conflicts == ()


@pytest.mark.parametrize(
    "second",
    [
        said("14:20", source="airport", out="14:05"),  # rounding
        said("14:20", source="gossip", out="14:40"),  # outranked
        said("14:20", source="airport", gate="C3"),  # a gate that changed
        said("14:20", source="airport", std="15:00"),  # a schedule that changed
    ],
)
def test_rounding_rank_and_newer_plans_are_no_conflict(second: Report) -> None:
    rules = MergeRules(ranks={"gossip": 20})

    assert flight_after(schedule(gate="B12"), said("14:00", out="13:57"), second, rules=rules).conflicts == ()


def test_a_first_and_a_second_departure_are_no_conflict() -> None:
    flight = flight_after(
        schedule(), said("14:00", out="14:00"), said("14:30", returned_to_gate="14:30"),
        said("15:00", source="airport", out="15:00"),
    )  # fmt: skip

    assert flight.conflicts == ()


# Keeping and explaining


def test_a_record_is_kept_compactly_and_comes_back_whole() -> None:
    record = tell(
        schedule(gate="B12"),
        said("07:00", std="14:00"),
        said("07:10", source="airport", gate=None),
        said("14:30", out="14:29"),
    ).record
    stored = record.to_json()

    assert FlightRecord.from_json(stored) == record
    assert stored.count(b"first_scheduled") == 3  # two of the flight, one fact of its own since the retiming
    assert len(stored) < 2200


def test_the_stored_flight_is_the_wire_form() -> None:
    record = tell(schedule()).record

    assert json.loads(record.to_json())["flight"] == json.loads(msgspec.json.encode(record.flight))


def test_provenance_says_whose_word_is_believed_and_why() -> None:
    gossip = said("07:00", source="gossip", gate="C3")
    agreeing = said("07:00", source="airport", std="13:55")
    record = tell(said("06:00", gate="B12", std="13:55"), gossip, agreeing, rules=RANKED).record
    told = record.provenance(RANKED)

    assert told["departure.gate"]["believed"] == "airline"
    assert told["departure.gate"]["why"] == "higher rank (80 over 20)"
    assert told["departure.gate"]["assertions"][0] == {
        "source": "airline",
        "rank": 80,
        "value": "B12",
        "observed_at": "2015-01-02T06:00:00Z",
        "received_at": "2015-01-02T06:00:01Z",
    }
    later = tell(said("07:00", source="airport", gate="C3"), record=tell(schedule(gate="B12")).record).record
    assert later.provenance()["departure.gate"]["why"] == "same rank (50), observed later"
    assert later.provenance()["destination"]["why"] == "the only source"
    json.dumps(told)


def test_changes_cannot_be_applied_to_a_flight_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="start from the event that added it"):
        apply_changes(None, (Change(kind="gate.changed", field="departure.gate", to="B12"),))


def test_a_change_is_spelled_from_and_to_on_the_wire() -> None:
    change = tell(schedule(), said("14:29", out="14:29")).changes[0]

    assert json.loads(msgspec.json.encode(change)) == {
        "kind": "flight.out",
        "field": "departure.actual",
        "from": None,
        "to": "2015-01-02T14:29:00Z",
    }


def test_a_flight_on_the_wire_has_everything_the_protocol_shows() -> None:
    flight = flight_after(
        schedule(registration="N910DE", gate="B12"), said("14:47", out="14:29", off="14:47")
    )
    wire = json.loads(msgspec.json.encode(flight))

    assert wire["id"] == "DL1865.2015-01-02.ATL"
    assert wire["designator"] == "DL1865"
    assert wire["carrier"] == {"iata": "DL", "icao": "DAL"}
    assert (wire["number"], wire["suffix"], wire["date"]) == (1865, None, "2015-01-02")
    assert (wire["status"], wire["flags"]) == ("airborne", ["delayed"])
    assert wire["departure"]["actual"] == "2015-01-02T14:29:00Z"
    assert wire["departure"]["delay_minutes"] == 34
    assert wire["takeoff"] == {"scheduled": None, "estimated": None, "actual": "2015-01-02T14:47:00Z"}
    assert wire["arrival"]["belt"] is None
    assert wire["delay_reasons"] == []
    assert (wire["version"], wire["updated_at"]) == (2, "2015-01-02T14:47:01Z")


FEEDS = MergeRules(order={"airport": 0, "vendor": 1})


def test_of_two_feeds_that_repeat_themselves_the_first_named_holds_while_it_speaks() -> None:
    told = tell(
        said("06:00", source="airport", gate="B12"),
        said("06:02", source="vendor", gate="C3"),
        said("06:04", source="airport", gate="B12"),
        said("06:06", source="vendor", gate="C3"),
        rules=FEEDS,
    )
    assert told.record.flight.departure.gate == "B12"
    assert told.record.flight.version == 1
    why = told.record.provenance(FEEDS)["departure.gate"]["why"]
    assert why == "same rank (50); this feed is configured first and still reports"


def test_a_feed_that_has_fallen_silent_no_longer_holds() -> None:
    told = (said("06:00", source="airport", gate="B12"), said("06:16", source="vendor", gate="C3"))
    assert flight_after(*told, rules=FEEDS).departure.gate == "C3"


def test_who_is_no_feed_is_believed_for_being_later_also_beside_feeds() -> None:
    told = (
        said("06:00", source="airport", gate="B12"),
        said("06:02", source="vendor", gate="C3"),
        said("06:03", source="desk", gate="D4"),
    )
    assert flight_after(*told, rules=FEEDS).departure.gate == "D4"


def test_a_feed_of_a_higher_rank_is_believed_wherever_it_is_named() -> None:
    rules = MergeRules(ranks={"vendor": 60}, order=FEEDS.order)
    told = (said("06:02", source="vendor", gate="C3"), said("06:04", source="airport", gate="B12"))
    assert flight_after(*told, rules=rules).departure.gate == "C3"


@pytest.mark.parametrize("own", OWN_SOURCES.values(), ids=lambda own: own.name)
def test_what_windsock_reports_itself_is_an_event_but_not_a_report(own: OwnSource) -> None:
    told: dict[str, Any] = {
        "departure_overdue_minutes": 30,
        "silent_source": "airline",
        "departure.estimated": DepartureReport(estimated=at("14:40")),
    }
    path = next(path for path in told if path in own.fields)
    inferred = Report(
        flight="DL1865",
        date=KEY.date,
        origin="ATL",
        source=own.name,
        observed_at=at("14:25"),
        **{path.partition(".")[0]: told[path]},
    )
    before = tell(schedule()).record.flight

    after = tell(schedule(), inferred).record.flight

    assert after.version == before.version + 1
    assert after.updated_at is not None and before.updated_at is not None
    assert after.updated_at > before.updated_at
    assert after.reported_at == before.reported_at


def test_a_flight_stored_before_reports_had_a_stamp_is_read() -> None:
    record = tell(schedule()).record
    stored = json.loads(record.to_json())
    del stored["flight"]["reported_at"]

    old = FlightRecord.from_json(json.dumps(stored))

    assert old.flight == msgspec.structs.replace(record.flight, reported_at=None)
    view = NamedViewpoint(direction="departures", zone=ZoneInfo("UTC"), now=at("07:00"))
    assert present(old.flight, view).updated == record.flight.updated_at
    overdue = msgspec.structs.replace(old.flight, flags=("overdue",))
    assert present(overdue, view).updated is None, "the last event may have been an inference"
