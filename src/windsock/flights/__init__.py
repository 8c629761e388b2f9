"""What is known of a flight, pure and typed: identity, reports, merging, changes, delay, status."""

from windsock.flights import airlines, airports, delay_codes
from windsock.flights.changes import Change, apply_changes, diff
from windsock.flights.facts import Fact
from windsock.flights.fields import Kind
from windsock.flights.identity import Designator, FlightKey
from windsock.flights.merge import Merged, absorb, apply_report
from windsock.flights.record import FlightRecord
from windsock.flights.report import ArrivalReport, DepartureReport, Reason, Report, RunwayReport
from windsock.flights.rules import MergeRules
from windsock.flights.state import Arrival, Carrier, Departure, Flight, Runway, Status
from windsock.flights.stored_changes import changes_from_json
from windsock.flights.validation import parse_report

__all__ = [
    "Arrival",
    "ArrivalReport",
    "Carrier",
    "Change",
    "Departure",
    "DepartureReport",
    "Designator",
    "Fact",
    "Flight",
    "FlightKey",
    "FlightRecord",
    "Kind",
    "MergeRules",
    "Merged",
    "Reason",
    "Report",
    "Runway",
    "RunwayReport",
    "Status",
    "absorb",
    "airlines",
    "airports",
    "apply_changes",
    "apply_report",
    "changes_from_json",
    "delay_codes",
    "diff",
    "parse_report",
]
