"""Flights that may come about: reports at random about one flight, and a clock at random."""

import random
from datetime import datetime, timedelta
from typing import Any

from tests.unit.flights.building import KEY, at
from windsock.flights import (
    ArrivalReport,
    DepartureReport,
    Flight,
    FlightRecord,
    Reason,
    Report,
    RunwayReport,
    apply_report,
)

SOURCES = ("airline", "airport", "gossip")
PLACES = ("MCO", "TPA", "JFK", "ATL")


def random_moments(count: int, seed: int = 7) -> list[tuple[Flight, datetime]]:
    """Return that many flights, each with a moment at which it is looked at; always the same."""
    chance = random.Random(seed)
    return [random_moment(chance) for _ in range(count)]


def random_moment(chance: random.Random) -> tuple[Flight, datetime]:
    """Return a flight made of some reports at random, and a moment in the hours around it."""
    record: FlightRecord | None = None
    for _ in range(chance.randint(1, 6)):
        observed = at("06:00") + timedelta(minutes=chance.randint(0, 900))
        report = _report(chance, observed)
        record = apply_report(record, KEY, report, received_at=observed).record
    assert record is not None
    return record.flight, at("06:00") + timedelta(
        seconds=chance.randint(0, (16 if chance.random() < 0.9 else 60) * 3600)
    )


def _report(chance: random.Random, observed: datetime) -> Report:
    if chance.random() < 0.15:
        return Report(
            flight="DL1865",
            date=KEY.date,
            origin="ATL",
            source="windsock.overdue",
            observed_at=observed,
            **chance.choice(
                [
                    {"departure_overdue_minutes": chance.randint(0, 300)},
                    {"arrival_overdue_minutes": chance.randint(0, 300)},
                ]
            ),
        )
    said: dict[str, Any] = {}
    if chance.random() < 0.7:
        said["destination"] = chance.choice(PLACES)
    if chance.random() < 0.8:
        said["departure"] = DepartureReport(**_times(chance, 13 * 60 + 55))
    if chance.random() < 0.7:
        said["arrival"] = ArrivalReport(**_times(chance, 15 * 60 + 25), belt=chance.choice([None, "4"]))
    if chance.random() < 0.2:
        said["takeoff"] = RunwayReport(**_runway(chance, 14 * 60 + 5))
    if chance.random() < 0.2:
        said["landing"] = RunwayReport(**_runway(chance, 15 * 60 + 15))
    for name, odds, value in (
        ("cancelled", 0.08, True),
        ("diverted_to", 0.08, chance.choice(PLACES)),
        ("boarding", 0.15, True),
        ("stated_status", 0.15, chance.choice(["out", "airborne", "landed", "arrived"])),
        ("departure_delay_minutes", 0.15, chance.randint(-30, 200)),
        ("arrival_delay_minutes", 0.15, chance.randint(-30, 200)),
        ("delay_reasons", 0.3, (Reason("ahm730", "93", "late inbound aircraft"),)),
        ("returned_to_gate", 0.05, observed),
        ("air_return", 0.05, observed),
        ("codeshares", 0.2, ("UA9000",)),
    ):
        if chance.random() < odds:
            said[name] = value
    return Report(
        flight="DL1865",
        date=KEY.date,
        origin="ATL",
        source=chance.choice(SOURCES),
        observed_at=observed,
        **said,
    )


def _times(chance: random.Random, plan: int) -> dict[str, Any]:
    times: dict[str, Any] = {}
    if chance.random() < 0.7:
        times["scheduled"] = _minute(plan + chance.choice([0, 0, 0, 30, -600]))
    if chance.random() < 0.5:
        times["estimated"] = _minute(plan + chance.randint(-40, 200), chance.choice([0, 0, 37]))
    if chance.random() < 0.3:
        times["actual"] = _minute(plan + chance.randint(-20, 240))
    if chance.random() < 0.3:
        times["gate"] = chance.choice(["B12", "7"])
    if chance.random() < 0.3:
        times["terminal"] = "S"
    return times


def _runway(chance: random.Random, plan: int) -> dict[str, Any]:
    name = chance.choice(["estimated", "actual"])
    return {name: _minute(plan + chance.randint(-20, 200))}


def _minute(minutes: int, seconds: int = 0) -> datetime:
    return at("00:00") + timedelta(minutes=minutes, seconds=seconds)
