"""Prints how many microseconds one report costs: reading it, merging it, encoding the event, storing the record.

Run: python bench/flights_merge.py [FLIGHTS]

One flight's day is told in eight reports: schedule, gate, estimate, OUT, OFF, landing estimate, ON, IN,
each as JSON and as a struct. Processor time. Aim: merging and encoding below 60 µs, so that one shared core keeps
5,000 reports a second with the database beside it.
"""

import json
import sys
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from windsock.flights import Change, Flight, FlightKey, FlightRecord, MergeRules, apply_report, parse_report

RULES = MergeRules(ranks={"airline": 80, "airport": 60})
START = datetime(2015, 1, 2, 13, 55, tzinfo=UTC)


def z(minutes: int) -> str:
    return (START + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


def day(number: int) -> list[dict[str, Any]]:
    who = {"flight": f"DL{number}", "date": "2015-01-02", "origin": "ATL", "destination": "MCO"}
    return [
        {
            **who,
            "source": "airline",
            "observed_at": z(-300),
            "registration": "N910DE",
            "departure": {"scheduled": z(0), "terminal": "S"},
            "arrival": {"scheduled": z(90)},
        },
        {**who, "source": "airport", "observed_at": z(-100), "departure": {"scheduled": z(0), "gate": "B12"}},
        {**who, "source": "airline", "observed_at": z(-20), "departure_delay_minutes": 34},
        {
            **who,
            "source": "airline",
            "observed_at": z(34),
            "departure": {"actual": z(34)},
            "delay_reasons": [{"scheme": "ahm730", "code": "93", "minutes": 34}],
        },
        {**who, "source": "airline", "observed_at": z(52), "takeoff": {"actual": z(52)}},
        {**who, "source": "airport", "observed_at": z(60), "landing": {"estimated": z(110)}},
        {**who, "source": "airport", "observed_at": z(111), "landing": {"actual": z(111)}},
        {**who, "source": "airline", "observed_at": z(120), "arrival": {"actual": z(118)}},
    ]


class Body(msgspec.Struct):
    """The event as the journal stores it."""

    flight: Flight
    changes: tuple[Change, ...]
    recorded_at: datetime


def round_of(flights: int) -> tuple[dict[str, float], int, int]:
    """Seconds per step over all reports of so many flights, and the mean sizes of event and record."""
    raw = [json.dumps(report).encode() for n in range(1, flights + 1) for report in day(n)]
    now = START + timedelta(days=1)
    keys = [FlightKey("DL", n, None, date(2015, 1, 2), "ATL") for n in range(1, flights + 1)]
    spent: dict[str, float] = {}
    at = time.process_time()

    def clocked(name: str) -> None:
        nonlocal at
        spent[name] = (time.process_time() - at) / len(raw) * 1e6
        at = time.process_time()

    reports = [parse_report(json.loads(line), source=None, now=now) for line in raw]
    clocked("json and parse_report")
    records: dict[FlightKey, FlightRecord] = {}
    merged = []
    for index, report in enumerate(reports):
        key = keys[index // 8]
        result = apply_report(records.get(key), key, report, received_at=now, rules=RULES)
        records[key] = result.record
        merged.append(result)
    clocked("apply_report and diff")
    encoder = msgspec.json.Encoder()
    bodies = [encoder.encode(Body(m.record.flight, m.changes, now)) for m in merged]
    clocked("encode the event")
    stored = [m.record.to_json() for m in merged]
    clocked("record to JSON")
    for line in stored:
        FlightRecord.from_json(line)
    clocked("record from JSON")
    return spent, sum(map(len, bodies)) // len(bodies), sum(map(len, stored)) // len(stored)


def main(flights: int) -> None:
    round_of(1)  # the tables are read once
    # The best of several rounds: on a machine shared with others the rest is their noise.
    rounds = [round_of(flights) for _ in range(9)]
    for name in rounds[0][0]:
        print(f"{name:<24}{min(spent[name] for spent, _, _ in rounds):8.1f} µs/report")
    _, event, record = rounds[0]
    print(f"event {event:,} bytes, record {record:,} bytes on average")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
