"""How reports become belief: every source's latest word per field is kept, the best of them is believed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from windsock.flights.changes import Change
from windsock.flights.identity import FlightKey
from windsock.flights.report import Report
from windsock.flights.state import Flight


class MergeRules(msgspec.Struct, frozen=True, kw_only=True):
    """How much each source is believed (higher wins, 50 if not named), and what counts as late (D15/A15)."""

    ranks: Mapping[str, int] = {}
    late_minutes: int = 15
    stale_minutes: int = 360


class Fact(msgspec.Struct, frozen=True, array_like=True):
    """What one source last said of one field. `value` None erases."""

    value: Any
    observed_at: datetime
    received_at: datetime


class FlightRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A flight with the word of every source behind it."""

    key: FlightKey
    facts: dict[str, dict[str, Fact]]
    flight: Flight

    def to_json(self) -> bytes:
        """The whole record, compact; `from_json` gives an equal one."""
        raise NotImplementedError

    @classmethod
    def from_json(cls, data: bytes | str) -> "FlightRecord":
        """The record that `to_json` wrote."""
        raise NotImplementedError

    def provenance(self) -> dict[str, Any]:
        """Per field: whose word is believed and why, and every source's word. Ready for JSON."""
        raise NotImplementedError


class Merged(msgspec.Struct, frozen=True):
    """What became of a report: the record after it, what changed, and whether any source's word did."""

    record: FlightRecord
    changes: tuple[Change, ...]
    facts_changed: bool


def apply_report(
    record: FlightRecord | None, key: FlightKey, report: Report, *, received_at: datetime, rules: MergeRules
) -> Merged:
    """The record after `report`. Any order and any repetition of the same reports gives the same state."""
    raise NotImplementedError
