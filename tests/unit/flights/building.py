"""Reports and flights as these tests need them: DL1865 of 2 January 2015, Atlanta to Orlando, 13:55 to 15:25 UTC."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from windsock.flights import (
    ArrivalReport,
    DepartureReport,
    Flight,
    FlightKey,
    FlightRecord,
    Merged,
    MergeRules,
    Report,
    RunwayReport,
    apply_report,
)

KEY = FlightKey.parse("DL1865.2015-01-02.ATL")
DEFAULT_RULES = MergeRules()


def at(clock: str, day: int = 2) -> datetime:
    """The UTC time "hh:mm" of the flight's day (or another of that January)."""
    hour, minute = clock.split(":")
    return datetime(2015, 1, day, int(hour), int(minute), tzinfo=UTC)


def said(observed: str | datetime, source: str = "airline", **fields: Any) -> Report:
    """A report; `out`, `off`, `on`, `in_`, `std`, `sta`, `etd`, `eta`, `gate` are short for the nested fields."""
    times = {
        name: at(value) if isinstance(value, str) else value
        for name in ("out", "off", "on", "in_", "std", "sta", "etd", "eta")
        if (value := fields.pop(name, msgspec.UNSET)) is not msgspec.UNSET
    }
    departure = {
        new: times[old]
        for old, new in (("std", "scheduled"), ("etd", "estimated"), ("out", "actual"))
        if old in times
    }
    if "gate" in fields:
        departure["gate"] = fields.pop("gate")
    arrival = {
        new: times[old]
        for old, new in (("sta", "scheduled"), ("eta", "estimated"), ("in_", "actual"))
        if old in times
    }
    if departure:
        fields["departure"] = DepartureReport(**departure)
    if arrival:
        fields["arrival"] = ArrivalReport(**arrival)
    if "off" in times:
        fields["takeoff"] = RunwayReport(actual=times["off"])
    if "on" in times:
        fields["landing"] = RunwayReport(actual=times["on"])
    for name in ("returned_to_gate", "air_return"):
        if isinstance(fields.get(name), str):
            fields[name] = at(fields[name])
    return Report(
        flight="DL1865",
        date=KEY.date,
        origin="ATL",
        source=source,
        observed_at=at(observed) if isinstance(observed, str) else observed,
        **fields,
    )


def schedule(**fields: Any) -> Report:
    """What the airline said in the morning."""
    return said("06:00", std="13:55", sta="15:25", destination="MCO", **fields)


def tell(*reports: Report, record: FlightRecord | None = None, rules: MergeRules = DEFAULT_RULES) -> Merged:
    """What the last of these reports did; each was received a second after it was observed."""
    merged = None
    for report in reports:
        assert isinstance(report.observed_at, datetime)
        merged = apply_report(
            record, KEY, report, received_at=report.observed_at + timedelta(seconds=1), rules=rules
        )
        record = merged.record
    assert merged is not None
    return merged


def flight_after(*reports: Report, rules: MergeRules = DEFAULT_RULES) -> Flight:
    """The flight that these reports make."""
    return tell(*reports, rules=rules).record.flight


def timeless(flight: Flight) -> Flight:
    """The flight without version and stamps, which count events rather than tell of the flight."""
    return msgspec.structs.replace(flight, version=0, updated_at=None, reported_at=None)


def kinds(merged: Merged) -> list[str]:
    """The kinds of the changes, in order."""
    return [change.kind for change in merged.changes]
