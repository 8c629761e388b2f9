"""A flight that left its gate on time and took its time to taxi is not late, whichever feed tells of its runway."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.feeds import test_aeroapi as api
from tests.unit.feeds import test_aerodatabox as box
from tests.unit.feeds import test_aidx
from tests.unit.feeds import test_aviationstack as stack
from tests.unit.feeds import test_flightstats as stats
from tests.unit.feeds.generic import test_generic as generic
from windsock.feeds.parsing import Parsed
from windsock.flights import FlightKey
from windsock.flights.merge import apply_report

PLAN = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
NOW = PLAN + timedelta(hours=1)


def iso(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"


def aeroapi(off: datetime, actual: bool) -> Parsed:
    nothing = dict.fromkeys(
        ("estimated_out", "actual_out", "actual_off", "actual_on", "estimated_in", "estimated_on")
    )
    told = {f"{'actual' if actual else 'estimated'}_off": iso(off)}
    planned = {
        "scheduled_out": iso(PLAN),
        "scheduled_off": iso(PLAN + timedelta(minutes=25)),
        "departure_delay": 0,
    }
    record = api.flight(**{**nothing, **planned, "estimated_off": None, "scheduled_in": iso(NOW), **told})
    return api.read(api.poll(record), NOW)


def aerodatabox(off: datetime, actual: bool) -> Parsed:
    spelt = {"utc": f"{off:%Y-%m-%d %H:%MZ}"}
    departure = box.flight()["departure"] | {
        "scheduledTime": {"utc": f"{PLAN:%Y-%m-%d %H:%MZ}"}, "revisedTime": spelt, "runwayTime": spelt,
        "quality": ["Live"] if actual else ["Basic"],
    }  # fmt: skip
    body = [box.flight(departure=departure, lastUpdatedUtc=f"{NOW:%Y-%m-%d %H:%MZ}")]
    return box.parse(json.dumps(body).encode(), received_at=NOW)


def aviationstack(off: datetime, actual: bool) -> Parsed:
    # Its times are local, although they end in +00:00; Lisbon's clocks in winter are UTC's.
    runway = iso(off).replace("Z", "+00:00")
    both = (
        {"actual": runway, "actual_runway": runway}
        if actual
        else {"estimated": runway, "estimated_runway": runway}
    )
    departure = stack.side("LIS", "LPPT", "Europe/Lisbon", scheduled=iso(PLAN).replace("Z", "+00:00"), **both)
    return stack.parse(json.dumps(stack.body(stack.flight(departure=departure))).encode(), received_at=NOW)


def flightstats(off: datetime, actual: bool) -> Parsed:
    def spelt(time: datetime) -> dict[str, str]:
        return {"dateUtc": iso(time)}

    kind = "actual" if actual else "estimated"
    times = {"scheduledGateDeparture": spelt(PLAN), f"{kind}RunwayDeparture": spelt(off)}
    record = stats.flight(operationalTimes=times, delays={}, departureDate=spelt(PLAN))
    return stats.parse(json.dumps(stats.poll(record)).encode(), received_at=NOW)


def aidx(off: datetime, actual: bool) -> Parsed:
    said = test_aidx.time("OFB", "SCT", iso(PLAN)) + test_aidx.time(
        "TKO", "ACT" if actual else "EST", iso(off)
    )
    return test_aidx.parse(test_aidx.message(test_aidx.leg(said), attributes=""), received_at=NOW)


def by_mapping(off: datetime, actual: bool) -> Parsed:
    by = generic.mapping(columns=f't = "takeoff.{"actual" if actual else "estimated"}"')
    record = {"f": "XQ112", "o": "ZRH", "d": "LHR", "std": iso(PLAN), "t": iso(off)}
    return generic.parse(json.dumps(record).encode(), received_at=NOW, source="board", mapping=by)


FEEDS: tuple[Callable[[datetime, bool], Parsed], ...] = (
    aeroapi, aerodatabox, aviationstack, flightstats, aidx, by_mapping,
)  # fmt: skip


@pytest.mark.parametrize("actual", [False, True])
@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.__name__)
def test_twenty_five_minutes_to_taxi_raise_no_delay(
    feed: Callable[[datetime, bool], Parsed], actual: bool
) -> None:
    parsed = feed(PLAN + timedelta(minutes=25), actual)
    assert parsed.faults == ()
    (report,) = parsed.reports
    told: Any = report
    assert (told.takeoff.actual if actual else told.takeoff.estimated) == PLAN + timedelta(minutes=25)

    merged = apply_report(
        None, FlightKey.of(report.designator, PLAN.date(), told.origin), report, received_at=NOW
    )
    departure = merged.record.flight.departure
    assert departure.scheduled == PLAN
    assert not departure.delay_minutes
    assert departure.estimated is None
