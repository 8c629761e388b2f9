"""Which flight a feed means: by designator, callsign, UTC day, route, aircraft and times; never guessed."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest

from windsock.errors import AmbiguousFlight, UnknownFlight
from windsock.flights import (
    Designator,
    FlightKey,
    FlightRecord,
    MergeRules,
    Report,
    apply_report,
    parse_report,
)
from windsock.ingest.resolution import Hints, Match, Names, names_of, own_key, resolve

NOW = datetime(2026, 11, 25, 20, tzinfo=UTC)


def report(**said: object) -> Report:
    return parse_report(said, source="telex", now=NOW)


def flight(**said: object) -> FlightRecord:
    told = report(**said)
    key = own_key(told)
    assert key is not None
    return apply_report(None, key, told, received_at=NOW, rules=MergeRules()).record


def meant(told: Report, records: Sequence[FlightRecord], hints: Hints | None) -> Match:
    own = own_key(told, hints)
    keys: dict[tuple[Designator, date], list[FlightKey]] = {}
    for record in records:
        key = record.key
        keys.setdefault((key.designator, key.date), []).append(key)
        for codeshare in record.flight.codeshares:
            keys.setdefault((Designator.parse(codeshare, key.date), key.date), []).append(key)
    wanted = set(names_of(told, NOW, hints))
    names = Names(
        [record.key for record in records if record.key == own],
        {name: found for name, found in keys.items() if name in wanted},
    )
    return resolve(told, NOW, names, own, hints, {record.key: record for record in records})


def leg(origin: str, destination: str, departs: str, arrives: str, day: str = "2026-11-25") -> FlightRecord:
    return flight(
        flight="QF1",
        date=day,
        origin=origin,
        destination=destination,
        departure={"scheduled": departs},
        arrival={"scheduled": arrives},
    )


SYDNEY = leg("SYD", "SIN", "2026-11-25T05:00Z", "2026-11-25T13:00Z")
SINGAPORE = leg("SIN", "LHR", "2026-11-25T15:00Z", "2026-11-26T05:00Z")


def test_an_arrival_telex_means_the_leg_that_ends_at_its_station() -> None:
    told = report(flight="QF1", destination="SIN", landing={"actual": "2026-11-25T12:50Z"})
    assert meant(told, [SYDNEY, SINGAPORE], Hints(utc_day=date(2026, 11, 25))) == Match(
        SYDNEY.key, "designator + destination"
    )


def test_a_report_by_hand_is_asked_which_leg_is_meant() -> None:
    told = report(flight="QF1", destination="SIN", landing={"actual": "2026-11-25T12:50Z"})
    with pytest.raises(AmbiguousFlight):
        meant(told, [SYDNEY, SINGAPORE], None)


def test_the_utc_day_finds_the_flight_whose_own_calendar_is_a_day_behind() -> None:
    evening = flight(
        flight="DL85",
        date="2026-11-24",
        origin="LAX",
        departure={"scheduled": "2026-11-25T06:30Z"},
    )
    next_one = flight(
        flight="DL85",
        date="2026-11-25",
        origin="LAX",
        departure={"scheduled": "2026-11-26T06:30Z"},
    )
    told = report(flight="DL85", origin="LAX", departure={"actual": "2026-11-25T06:41Z"})
    found = meant(told, [evening, next_one], Hints(utc_day=date(2026, 11, 25)))
    assert found.key == evening.key


def test_the_callsign_names_the_flight_where_the_number_does_not() -> None:
    known = flight(
        flight="BA117", date="2026-11-25", origin="LHR", departure={"scheduled": "2026-11-25T08:25Z"}
    )
    told = report(flight="BA9999", date="2026-11-25", departure={"actual": "2026-11-25T08:30Z"})
    found = meant(told, [known], Hints(callsign="BAW117"))
    assert found == Match(known.key, "codeshare or callsign")


def test_two_legs_alike_are_told_apart_by_the_aircraft_and_else_by_the_time() -> None:
    first = flight(
        flight="WF100",
        date="2026-11-25",
        origin="BGO",
        registration="LN-WDE",
        departure={"scheduled": "2026-11-25T06:00Z"},
    )
    second = flight(
        flight="WF100",
        date="2026-11-25",
        origin="TOS",
        registration="LN-WDF",
        departure={"scheduled": "2026-11-25T18:00Z"},
    )
    hints = Hints(utc_day=date(2026, 11, 25))
    by_tail = report(flight="WF100", registration="LNWDF")
    assert meant(by_tail, [first, second], hints) == Match(second.key, "designator + registration")
    by_time = report(flight="WF100", takeoff={"actual": "2026-11-25T06:20Z"})
    assert meant(by_time, [first, second], hints) == Match(first.key, "designator + nearest in time")


def test_what_fits_two_flights_is_refused_with_both() -> None:
    told = report(flight="QF1", registration="VH-OQA")
    with pytest.raises(AmbiguousFlight) as refused:
        meant(told, [SYDNEY, SINGAPORE], Hints(utc_day=date(2026, 11, 25)))
    assert set(refused.value.candidates) == {str(SYDNEY.key), str(SINGAPORE.key)}


def test_a_departure_nobody_scheduled_is_added_on_its_own_calendar() -> None:
    told = report(flight="HA12", origin="HNL", departure={"actual": "2026-11-25T09:50Z"})
    found = meant(told, [], Hints(utc_day=date(2026, 11, 25)))
    assert found == Match(FlightKey("HA", 12, None, date(2026, 11, 24), "HNL"), "origin and times")


def test_an_arrival_of_a_flight_nobody_knows_is_unknown() -> None:
    told = report(flight="QF7", destination="DFW", landing={"actual": "2026-11-25T12:50Z"})
    with pytest.raises(UnknownFlight):
        meant(told, [], Hints(utc_day=date(2026, 11, 25)))


def test_an_arrival_elsewhere_by_another_aircraft_is_not_taken_for_the_only_flight_of_that_number() -> None:
    known = flight(
        flight="UA6",
        date="2026-11-25",
        origin="SFO",
        destination="JFK",
        registration="N505UA",
        departure={"scheduled": "2026-11-25T16:00Z"},
    )
    hints = Hints(utc_day=date(2026, 11, 25))
    other = report(
        flight="UA6", destination="BWI", registration="N596UA", arrival={"actual": "2026-11-25T19:55Z"}
    )
    with pytest.raises(AmbiguousFlight):
        meant(other, [known], hints)
    diverted = report(
        flight="UA6", destination="BWI", registration="N505UA", arrival={"actual": "2026-11-25T19:55Z"}
    )
    assert meant(diverted, [known], hints).key == known.key


def test_a_flight_that_left_the_evening_before_by_its_own_calendar_is_found_without_departure_times() -> None:
    evening = flight(
        flight="CX880",
        date="2026-11-24",
        origin="LAX",
        destination="HKG",
        departure={"scheduled": "2026-11-25T07:55Z"},
    )
    next_one = flight(
        flight="CX880",
        date="2026-11-25",
        origin="LAX",
        destination="HKG",
        departure={"scheduled": "2026-11-26T07:55Z"},
    )
    told = report(flight="CX880", origin="LAX", destination="HKG", landing={"estimated": "2026-11-25T21:10Z"})
    assert meant(told, [evening, next_one], Hints(utc_day=date(2026, 11, 25))).key == evening.key
