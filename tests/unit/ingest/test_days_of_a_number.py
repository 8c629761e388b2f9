"""A number that flies each day: whatever the delay, zone and feed, each report lands on the flight that it means."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.feed_messages import zulu
from windsock.collect.intake import submissions_of
from windsock.errors import InvalidReport
from windsock.feeds import (
    aeroapi,
    aerodatabox,
    aidx,
    aviationstack,
    avinor,
    finavia,
    flightstats,
    generic,
    hongkong,
    mvt,
    schiphol,
    swedavia,
)
from windsock.feeds.generic.mappingfile import read_mapping
from windsock.feeds.parsing import Parsed
from windsock.feeds.registry import FORMATS
from windsock.flights import MergeRules, airports, parse_report
from windsock.flights.block_times import under_way
from windsock.ingest.batch import Submission, write_batch
from windsock.ingest.provisional import days_at
from windsock.ingest.results import Recorded, Rejected, Result
from windsock.journal.memory import MemoryJournal

ORIGINS = ("PPG", "HNL", "LAX", "LIM", "JFK", "LHR", "BRU", "DXB", "BKK", "NRT", "SYD", "AKL")
"""From 11 hours behind UTC to 13 ahead, as the clocks are in November."""
DAYS = (date(2026, 11, 27), date(2026, 11, 28))
BEFORE = datetime(2026, 11, 26, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Leg:
    """One day's flight, and how late it is on one day."""

    origin: str
    destination: str
    std: datetime
    delay: timedelta

    @property
    def sta(self) -> datetime:
        long = under_way(self.origin, self.destination)
        assert long is not None
        return self.std + timedelta(minutes=long // MINUTE + 1)

    @property
    def out(self) -> datetime:
        return self.std + self.delay

    @property
    def in_(self) -> datetime:
        return self.sta + self.delay

    @property
    def id(self) -> str:
        return f"XX744.{self.local(self.std, self.origin):%Y-%m-%d}.{self.origin}"

    @property
    def keeps_its_days(self) -> bool:
        return self.out.date() == self.std.date() and (
            self.local(self.out, self.origin).date() == self.local(self.std, self.origin).date()
        )

    def local(self, time: datetime, code: str) -> datetime:
        place = airports.airport(code)
        assert place is not None
        return time.astimezone(place.tz)

    def planned(self) -> dict[str, Any]:
        return {
            "flight": "XX744", "date": self.id.split(".")[1], "origin": self.origin,
            "destination": self.destination, "source": "plan",
            "departure": {"scheduled": zulu(self.std)}, "arrival": {"scheduled": zulu(self.sta)},
        }  # fmt: skip


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _telex(leg: Leg, sent: datetime, station: str, said: str) -> bytes:
    flight = f"XX744/{leg.std:%d}.OOSSX.{station}"
    return f"QU HDQOOXX\n.{station}OOXX {sent:%d%H%M}\nMVT\n{flight}\n{said}\n".encode()


def telex_of_a_departure(leg: Leg, now: datetime) -> Parsed:
    off = leg.out + 8 * MINUTE
    said = f"AD{leg.out:%d%H%M}/{off:%d%H%M} EA{leg.in_:%d%H%M} {leg.destination}"
    return mvt.parse(_telex(leg, now, leg.origin, said), received_at=now)


def telex_of_an_estimate(leg: Leg, now: datetime) -> Parsed:
    return mvt.parse(_telex(leg, now, leg.origin, f"ED{leg.out:%d%H%M}"), received_at=now)


def telex_of_an_arrival(leg: Leg, now: datetime) -> Parsed:
    said = f"AA{leg.in_ - 5 * MINUTE:%d%H%M}/{leg.in_:%d%H%M}"
    return mvt.parse(_telex(leg, now, leg.destination, said), received_at=now)


def notice(leg: Leg, now: datetime, *, planned: bool = False, arrival: bool = False) -> Parsed:
    times = [("ONB", "ACT", leg.in_)] if arrival else [("OFB", "ACT", leg.out)]
    if planned:
        times.append(("OFB", "SCT", leg.std))
    told = "".join(
        f'<OperationTime OperationQualifier="{q}" TimeType="{k}">{zulu(t)}</OperationTime>'
        for q, k, t in times
    )
    data = (
        '<IATA_AIDX_FlightLegNotifRQ xmlns="http://www.iata.org/IATA/2007/00" Version="21.3" '
        f'TimeStamp="{zulu(now)}"><FlightLeg><LegIdentifier><Airline CodeContext="3">XX</Airline>'
        f"<FlightNumber>744</FlightNumber><DepartureAirport>{leg.origin}</DepartureAirport>"
        f"<ArrivalAirport>{leg.destination}</ArrivalAirport><OriginDate>{leg.std:%Y-%m-%d}</OriginDate>"
        f"</LegIdentifier><LegData>{told}</LegData></FlightLeg></IATA_AIDX_FlightLegNotifRQ>"
    )
    return aidx.parse(data.encode(), received_at=now)


def norwegian(leg: Leg, now: datetime, *, arrival: bool) -> Parsed:
    here, there = (leg.destination, leg.origin) if arrival else (leg.origin, leg.destination)
    kind, plan, time = ("A", leg.sta, leg.in_) if arrival else ("D", leg.std, leg.out)
    data = (
        f'<airport name="{here}"><flights lastUpdate="{zulu(now)}"><flight uniqueID="1"><airline>XX</airline>'
        f"<flight_id>XX744</flight_id><dom_int>I</dom_int><schedule_time>{zulu(plan)}</schedule_time>"
        f'<arr_dep>{kind}</arr_dep><airport>{there}</airport><status code="E" time="{zulu(time)}"/>'
        "</flight></flights></airport>"
    )
    return avinor.parse(data.encode(), received_at=now)


def finnish(leg: Leg, now: datetime, *, arrival: bool) -> Parsed:
    here, there = (leg.destination, leg.origin) if arrival else (leg.origin, leg.destination)
    plan, time = (leg.sta, leg.in_) if arrival else (leg.std, leg.out)
    side = "arr" if arrival else "dep"
    data = (
        f"<flights><{side}><header><timestamp>{zulu(now)}</timestamp></header><body><flight><h_apt>{here}</h_apt>"
        f"<fltnr>XX744</fltnr><sdt>{zulu(plan)}</sdt><route_1>{there}</route_1><prm>EXP</prm>"
        f"<est_d>{zulu(time)}</est_d></flight></body></{side}></flights>"
    )
    return finavia.parse(data.encode(), received_at=now)


def of_hong_kong(leg: Leg, now: datetime, *, arrival: bool) -> Parsed:
    plan = (leg.sta if arrival else leg.std).astimezone(ZoneInfo("Asia/Hong_Kong"))
    flight = {
        "time": f"{plan:%H:%M}",
        "flight": [{"no": "XX 744", "airline": "XXX"}],
        "status": "",
        "statusCode": None,
    }
    flight |= {"origin": [leg.origin]} if arrival else {"destination": [leg.destination]}
    day = [{"date": f"{plan:%Y-%m-%d}", "arrival": arrival, "cargo": False, "list": [flight]}]
    return hongkong.parse(_json(day), received_at=now)


def of_amsterdam(leg: Leg, now: datetime, *, arrival: bool) -> Parsed:
    plan, time = (leg.sta, leg.in_) if arrival else (leg.std, leg.out)
    local = plan.astimezone(ZoneInfo("Europe/Amsterdam"))
    expected = "estimatedLandingTime" if arrival else "publicEstimatedOffBlockTime"
    flight = {
        "id": "1", "flightName": "XX744", "mainFlight": "XX744", "flightDirection": "A" if arrival else "D",
        "scheduleDateTime": local.isoformat(), "lastUpdatedAt": now.isoformat(), expected: time.isoformat(),
        "route": {"destinations": [leg.origin if arrival else leg.destination]},
        "publicFlightState": {"flightStates": ["SCH"]},
    }  # fmt: skip
    return schiphol.parse(_json({"flights": [flight], "schemaVersion": "4"}), received_at=now)


def swedish(leg: Leg, now: datetime, *, arrival: bool) -> Parsed:
    side, plan, time = ("arrival", leg.sta, leg.in_) if arrival else ("departure", leg.std, leg.out)
    flight = {
        "flightId": "XX744", f"{side}Time": {"scheduledUtc": zulu(plan), "estimatedUtc": zulu(time)},
        "locationAndStatus": {"terminal": "5", "flightLegStatus": "SCH"}, "codeShareData": [],
        "flightLegIdentifier": {
            "callsign": "XXX1JK", "flightId": "XX744", "flightDepartureDateUtc": f"{leg.std:%Y-%m-%d}T00:00:00Z",
            "departureAirportIata": leg.origin, "arrivalAirportIata": leg.destination,
        },
    }  # fmt: skip
    return swedavia.parse(_json({"flights": [flight], "numberOfFlights": 1}), received_at=now)


def of_flightaware(leg: Leg, now: datetime) -> Parsed:
    flight = {
        "ident": "XX744", "ident_icao": None, "ident_iata": "XX744", "fa_flight_id": "1", "codeshares": [],
        "origin": {"code_iata": leg.origin}, "destination": {"code_iata": leg.destination},
        "scheduled_out": zulu(leg.std), "actual_out": zulu(leg.out), "scheduled_in": zulu(leg.sta),
    }  # fmt: skip
    return aeroapi.parse(_json({"flights": [flight], "links": None, "num_pages": 1}), received_at=now)


def of_aerodatabox(leg: Leg, now: datetime) -> Parsed:
    def side(code: str, plan: datetime, time: datetime) -> dict[str, Any]:
        return {
            "airport": {"iata": code}, "scheduledTime": {"utc": f"{plan:%Y-%m-%d %H:%MZ}"},
            "revisedTime": {"utc": f"{time:%Y-%m-%d %H:%MZ}"}, "quality": ["Basic"],
        }  # fmt: skip

    flight = {
        "number": "XX 744", "status": "Expected", "codeshareStatus": "IsOperator",
        "lastUpdatedUtc": f"{now:%Y-%m-%d %H:%MZ}", "departure": side(leg.origin, leg.std, leg.out),
        "arrival": side(leg.destination, leg.sta, leg.in_),
    }  # fmt: skip
    return aerodatabox.parse(_json([flight]), received_at=now)


def of_aviationstack(leg: Leg, now: datetime) -> Parsed:
    def side(code: str, plan: datetime, time: datetime) -> dict[str, Any]:
        # Its times are those of the airport's clock, whatever their offset says.
        plan, time = leg.local(plan, code), leg.local(time, code)
        return {
            "iata": code, "scheduled": f"{plan:%Y-%m-%dT%H:%M:00+00:00}",
            "estimated": f"{time:%Y-%m-%dT%H:%M:00+00:00}",
        }  # fmt: skip

    flight = {
        "flight_date": leg.id.split(".")[1], "flight_status": "scheduled", "airline": {"iata": "XX"},
        "flight": {"number": "744", "iata": "XX744", "icao": None, "codeshared": None},
        "departure": side(leg.origin, leg.std, leg.out), "arrival": side(leg.destination, leg.sta, leg.in_),
    }  # fmt: skip
    return aviationstack.parse(_json({"data": [flight]}), received_at=now)


def of_flightstats(leg: Leg, now: datetime) -> Parsed:
    def both(time: datetime, code: str) -> dict[str, str]:
        local = leg.local(time, code)
        return {"dateLocal": f"{local:%Y-%m-%dT%H:%M:00.000}", "dateUtc": f"{time:%Y-%m-%dT%H:%M:00.000Z}"}

    flight = {
        "flightId": 1, "carrierFsCode": "XX", "flightNumber": "744", "departureAirportFsCode": leg.origin,
        "arrivalAirportFsCode": leg.destination, "departureDate": both(leg.std, leg.origin), "status": "S",
        "operationalTimes": {
            "scheduledGateDeparture": both(leg.std, leg.origin),
            "estimatedGateDeparture": both(leg.out, leg.origin),
        },
    }  # fmt: skip
    return flightstats.parse(_json({"flightStatuses": [flight]}), received_at=now)


MAPPING = read_mapping(
    'format = "json"\n[flight]\ndesignator = "f"\n[columns]\no = "origin"\nd = "destination"\n'
    'day = "utc_day"\natd = "departure.actual"\n'
)


def generic_by_utc_day(leg: Leg, now: datetime) -> Parsed:
    row = {
        "f": "XX744",
        "o": leg.origin,
        "d": leg.destination,
        "day": f"{leg.std:%Y-%m-%d}",
        "atd": zulu(leg.out),
    }
    return generic.parse(_json([row]), received_at=now, source="generic", mapping=MAPPING)


Told = Callable[[Leg, datetime], Parsed]
EXACT, NEARLY, NONE = "the very flight", "a flight of its own", "no flight"
# What each message adds where nobody knows the flight: a board that gives a plan (or a way to work it out) says exactly
# which; an operating day in UTC without a plan leaves the local date open by one; an arrival without origin adds none.
TELLING: dict[str, tuple[Told, str | None, str | None, str]] = {
    "mvt departure": (telex_of_a_departure, None, None, NEARLY),
    "mvt estimate": (telex_of_an_estimate, None, None, NEARLY),
    "mvt arrival": (telex_of_an_arrival, None, None, NONE),
    "aidx": (notice, None, None, NEARLY),
    "aidx planned": (partial(notice, planned=True), None, None, EXACT),
    "aidx arrival": (partial(notice, arrival=True), None, None, NEARLY),
    "avinor arrival": (partial(norwegian, arrival=True), None, "OSL", EXACT),
    "avinor departure": (partial(norwegian, arrival=False), "OSL", None, EXACT),
    "finavia arrival": (partial(finnish, arrival=True), None, "HEL", EXACT),
    "finavia departure": (partial(finnish, arrival=False), "HEL", None, EXACT),
    "hongkong arrival": (partial(of_hong_kong, arrival=True), None, "HKG", EXACT),
    "hongkong departure": (partial(of_hong_kong, arrival=False), "HKG", None, EXACT),
    "schiphol arrival": (partial(of_amsterdam, arrival=True), None, "AMS", EXACT),
    "schiphol departure": (partial(of_amsterdam, arrival=False), "AMS", None, EXACT),
    "swedavia arrival": (partial(swedish, arrival=True), None, "ARN", EXACT),
    "swedavia departure": (partial(swedish, arrival=False), "ARN", None, EXACT),
    "aeroapi": (of_flightaware, None, None, EXACT),
    "aerodatabox": (of_aerodatabox, None, None, EXACT),
    "aviationstack": (of_aviationstack, None, None, EXACT),
    "flightstats": (of_flightstats, None, None, EXACT),
    "generic": (generic_by_utc_day, None, None, NEARLY),
}  # fmt: skip


def test_every_format_is_here_that_tells_of_flights_on_their_day() -> None:
    # Schedules name days and not movements; the FAA tells of airports.
    assert {name.split()[0] for name in TELLING} == FORMATS.keys() - {"ssim", "ssm", "faa"}


def _two(tells: str, origin: str, minute: int, delays: tuple[int, int]) -> list[Leg]:
    _, start, end, _ = TELLING[tells]
    origin, end = start or origin, end or ("HKG" if start else "AMS")
    return [
        Leg(
            origin,
            end,
            datetime(day.year, day.month, day.day, tzinfo=UTC) + minute * MINUTE,
            timedelta(minutes=delay),
        )
        for day, delay in zip(DAYS, delays, strict=True)
    ]


def _put(journal: MemoryJournal, given: list[Submission], now: datetime) -> list[Result]:
    return write_batch(journal, given, now=now, rules=MergeRules()).results


def _told(journal: MemoryJournal, tells: str, legs: list[Leg]) -> list[str | None]:
    """The flights that were meant by the message about each leg, told in the order in which they come."""
    told, *_ = TELLING[tells]
    found: dict[int, str | None] = {}
    arriving = "arrival" in tells
    for index, leg in sorted(enumerate(legs), key=lambda one: one[1].in_ if arriving else one[1].out):
        now = (leg.in_ if arriving else leg.out) + 10 * MINUTE
        parsed = told(leg, now)
        assert parsed.faults == ()
        (result,) = _put(journal, submissions_of(parsed.statements), now)
        if isinstance(result, Recorded):
            found[index] = result.flight_id
        else:
            assert isinstance(result, Rejected)
            assert result.code == "unknown_flight", result
            found[index] = None
    return [found[index] for index in range(len(legs))]


minutes_of_a_day = st.integers(0, 287).map(lambda n: n * 5)
delays = st.integers(-6, 360).map(lambda n: n * 5)


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(ORIGINS), minutes_of_a_day, delays, delays)
@example("BRU", 21 * 60 + 30, 160, 0)  # out at ten past midnight
@example("LIM", 65, 5, 5)  # five past eight in the evening before, by its own clock
@example("LAX", 7 * 60 + 55, 20, 1500)  # 23:55 by its own clock
@example("SYD", 20 * 60 + 10, 0, 0)
@pytest.mark.parametrize("tells", TELLING)
def test_a_report_lands_on_its_own_flight_of_two_known_ones(
    tells: str, origin: str, minute: int, first: int, second: int
) -> None:
    legs = _two(tells, origin, minute, (first, second))
    journal = MemoryJournal()
    _put(journal, [Submission(i, leg.planned()) for i, leg in enumerate(legs)], BEFORE)
    assert _told(journal, tells, legs) == [leg.id for leg in legs]
    assert len(journal.snapshot()[1]) == 2


def _plan_of_the_days_around(leg: Leg) -> list[Leg]:
    return [replace(leg, std=leg.std + timedelta(days=n), delay=timedelta(0)) for n in range(-3, 5)]


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(ORIGINS), minutes_of_a_day, delays, delays, st.randoms(use_true_random=False))
@example("LAX", 7 * 60 + 55, 0, 0, None)
@example("SYD", 20 * 60 + 10, 0, 0, None)
@example("BKK", 17 * 60 + 20, 0, 0, None)
@example("BRU", 21 * 60 + 30, 160, 160, None)
@example("LAX", 7 * 60 + 55, 35, 35, None)  # out at half past midnight, by the clock of the same UTC day
@example("LAX", 7 * 60 + 55, 1500, 0, None)
@example("BRU", 815, 575, 900, None)  # out after its own midnight on the same UTC day
@example("SYD", 4 * 60, 700, 0, None)
@example("BRU", 0, 1405, 1020, None)
@example(
    "AKL", 12 * 60, 800, 800, None
)  # planned for one in the night, by its own clock, and out a UTC day later
@pytest.mark.parametrize("tells", TELLING)
def test_a_report_of_a_flight_nobody_knows_adds_one_of_its_own(
    tells: str, origin: str, minute: int, first: int, second: int, random: Random | None
) -> None:
    expected = TELLING[tells][3]
    legs = _two(tells, origin, minute, (first, second))
    ids = [leg.id for leg in legs]
    journal = MemoryJournal()
    added = _told(journal, tells, legs)
    if expected == NONE:
        assert added == [None, None]
        return
    # Each has a flight of its own, whose date is one of those that its UTC day may be at the origin.
    assert None not in added
    assert len(set(added)) == 2
    for leg, id in zip(legs, added, strict=True):
        assert id in {f"XX744.{day}.{leg.origin}" for day in days_at(leg.origin, leg.std.date())}
    if expected == EXACT or (tells != "aidx arrival" and all(leg.keeps_its_days for leg in legs)):
        assert added == ids
    assert _told(journal, tells, legs) == added
    assert len(journal.snapshot()[1]) == 2
    # Their plans, which state the date, go to the same flights, in whatever order.
    for index in (0, 1) if random is None else random.sample((0, 1), 2):
        (result,) = _put(journal, [Submission(0, legs[index].planned())], BEFORE)
        assert isinstance(result, Recorded)
        assert result.flight_id == added[index]
    assert _told(journal, tells, legs) == added
    assert len(journal.snapshot()[1]) == 2
    # Where a date was wrong, the plans of the days around put it right: every flight is where it belongs.
    around = _plan_of_the_days_around(legs[0])
    for leg in around if random is None else random.sample(around, len(around)):
        (result,) = _put(journal, [Submission(0, leg.planned())], BEFORE)
        assert isinstance(result, Recorded), result
    assert _told(journal, tells, legs) == ids
    flights = {record.flight.id: record.flight for record in journal.snapshot()[1]}
    assert {id: flight.departure.scheduled for id, flight in flights.items()} == {
        leg.id: leg.std for leg in around
    }
    assert all(id == str(record.key) for id, record in ((r.flight.id, r) for r in journal.snapshot()[1]))


@pytest.mark.parametrize("tells", [name for name, (_, _, _, adds) in TELLING.items() if adds == NEARLY])
def test_a_stated_day_is_not_overruled_by_an_actual_time_days_later(tells: str) -> None:
    (leg, _) = _two(tells, "BRU", 600, (5 * 1440, 0))
    if "arrival" in tells or tells == "mvt estimate":
        leg = Leg(leg.origin, leg.destination, leg.std, timedelta(days=1))
    assert _told(MemoryJournal(), tells, [leg]) == ["XX744.2026-11-27.BRU"]


def test_a_telex_of_a_day_two_weeks_from_its_sending_adds_nothing() -> None:
    now = datetime(2026, 11, 27, 12, tzinfo=UTC)
    text = b".BRUKKXX 271150\nMVT\nXX744/13.OOSSX.BRU\nAD1130/1140 EA1300 MUC\n"
    given = submissions_of(mvt.parse(text, received_at=now).statements)
    journal = MemoryJournal()
    (result,) = _put(journal, given, now)
    assert (
        isinstance(result, Rejected) and result.code == "unknown_flight"
    )  # parked, for an operator to settle
    assert "13 days before the report was sent" in result.message
    known = {"flight": "XX744", "date": "2026-11-13", "origin": "BRU", "departure": {"gate": "A1"}}
    _put(journal, [Submission(0, known)], now)
    (result,) = _put(journal, given, now)
    assert isinstance(result, Recorded) and result.flight_id == "XX744.2026-11-13.BRU"


def test_a_date_three_days_from_its_own_scheduled_departure_is_refused() -> None:
    for day, holds in (
        ("2026-11-25", False),
        ("2026-11-26", True),
        ("2026-11-30", True),
        ("2026-12-01", False),
    ):
        said = {
            "flight": "XX744",
            "date": day,
            "origin": "BRU",
            "departure": {"scheduled": "2026-11-28T09:00Z"},
        }
        if holds:
            parse_report(said, source="plan", now=BEFORE)
        else:
            with pytest.raises(InvalidReport, match="3 days"):
                parse_report(said, source="plan", now=BEFORE)
