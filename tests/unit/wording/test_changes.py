"""Changes as sentences, held to the shared table that the browser's announcements are held to as well."""

import json
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from windsock.flights import Change, Kind, Reason
from windsock.wording.changes import WEIGHT, ChangeContext, describe_change, describe_changes, describe_value

TABLE: dict[str, Any] = json.loads((Path(__file__).parents[2] / "js" / "wording.json").read_text("utf-8"))
NEW_YORK = ZoneInfo("America/New_York")
CONTEXT = ChangeContext(
    departure=NEW_YORK,
    arrival=ZoneInfo("America/Chicago"),
    cities={"JFK": "New York", "ORD": "Chicago", "MKE": "Milwaukee"},
)


def change(kind: Any, field: str | None = None, before: Any = None, after: Any = None) -> Change:
    return Change(kind=kind, field=field, from_=before, to=after)


@pytest.mark.parametrize("given", TABLE["changes"], ids=lambda given: given["change"]["kind"])
def test_a_change_reads_as_in_the_shared_table(given: dict[str, Any]) -> None:
    wire = given["change"]
    context = ChangeContext(departure=NEW_YORK, arrival=NEW_YORK, cities=TABLE["names"]["airports"])
    assert (
        describe_change(change(wire["kind"], wire["field"], wire["from"], wire["to"]), context)
        == given["sentence"]
    )


def test_the_shared_table_and_the_order_of_weight_have_every_kind_of_change() -> None:
    assert sorted(given["change"]["kind"] for given in TABLE["changes"]) == sorted(get_args(Kind))
    assert sorted(WEIGHT) == sorted(get_args(Kind))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (change("flight.added"), "First report"),
        (change("flight.out", "departure.actual", None, "2015-01-02T14:29:00Z"), "Left the gate 09:29"),
        (change("flight.on", "landing.actual", None, "2015-01-02T16:40:00Z"), "Landed 10:40"),
        (change("flight.out", "stated_status", None, "out"), "Departed, time not known"),
        (change("flight.in", "stated_status", "landed", "arrived"), "At the gate, time not known"),
        (change("flight.corrected", "stated_status", "out", None), "No longer reported as departed"),
        (change("flight.returned_to_gate", "stated_status", "out", None), "Returned to the gate"),
        (
            change("flight.corrected", "departure.actual", None, "2015-01-02T14:29:00Z"),
            "Left the gate 09:29",
        ),
        (
            change("flight.corrected", "departure.actual", "2015-01-02T14:30:00Z", "2015-01-02T14:29:00Z"),
            "Actual departure: 09:30 → 09:29",
        ),
        (
            change("checkin.changed", "departure.checkin_desk", "A1", "A2-A9"),
            "Check-in desk A1 → A2-A9",
        ),
        (
            change("flight.merged", "former_ids", [], ["AF3635.2015-01-02.ATL"]),
            "Merged with AF 3635, which was listed separately",
        ),
        (
            change("baggage.changed", "arrival.first_bag", None, "2015-01-02T17:05:00Z"),
            "First bag 11:05",
        ),
        (change("delay.raised", "departure.delay_minutes", None, 35), "Departure 35 min late"),
        (
            change("delay.changed", "arrival.delay_minutes", 35, 70),
            "Arrival 1 h 10 min late (was 35 min late)",
        ),
        (change("early.raised", "arrival.delay_minutes", None, -12), "Arrival 12 min early"),
        (change("delay.cleared", "departure.delay_minutes", 20, 4), "No longer late"),
        (
            change("overdue.raised", "departure.overdue_minutes", None, 45),
            "Departure overdue: at least 45 min late (inferred)",
        ),
        (change("data.stale", "departure.overdue_minutes", 350, 365), "No updates for a long time"),
        (change("data.stale", "silent_source", None, "bergen"), "bergen has stopped reporting"),
        (
            change("flight.corrected", "silent_source", "bergen", None),
            "bergen is reporting again",
        ),
        (change("gate.changed", "departure.gate", "B12", "B14"), "Gate B12 → B14"),
        (change("gate.changed", "departure.gate", None, "B12"), "Gate B12"),
        (change("gate.changed", "departure.gate", "B12", None), "Gate withdrawn"),
        (change("flight.diverted", "diverted_to", None, "MKE"), "Diverted to Milwaukee"),
        (
            change("schedule.retimed", "departure.scheduled", "2015-01-02T14:00:00Z", "2015-01-02T13:30:00Z"),
            "Scheduled departure: 09:00 → 08:30",
        ),
        (
            change(
                "reason.changed",
                "delay_reasons",
                [],
                [{"scheme": "ahm730", "code": "93", "text": "late inbound"}],
            ),
            "Reason: late inbound",
        ),
        (change("gate.changed", "arrival.gate", None, "A4"), "Arrival gate A4"),
        (
            change("estimate.changed", "departure.estimated", "2015-01-02T14:29:00Z", None),
            "Expected departure withdrawn",
        ),
        (
            change("reason.changed", "delay_reasons", [{"scheme": "iata", "code": "93"}], None),
            "Reason withdrawn",
        ),
        (
            change(
                "reason.changed",
                "delay_reasons",
                (),
                (Reason(scheme="ahm730", code="93", text="late inbound"),),
            ),
            "Reason: late inbound",
        ),
        (change("flight.corrected", "boarding", True, False), "Not boarding yet"),
        (change("flight.corrected", "departure.overdue_minutes", 45, None), "Departure no longer overdue"),
        (change("flight.corrected", "diverted_to", "MKE", None), "No longer diverted"),
        (
            change("flight.corrected", "returned_to_gate", "2015-01-02T14:29:00Z", None),
            "Return to the gate withdrawn",
        ),
        (change("flight.corrected", "conflicts", ["departure.gate"], []), "Sources agree again"),
        (change("a.later.kind", "something.new", None, 3), "Something new: 3"),
    ],
)
def test_a_change_reads(given: Change, sentence: str) -> None:
    assert describe_change(given, CONTEXT) == sentence


def test_the_weightiest_change_comes_first_and_an_inferred_delay_once() -> None:
    changes = [
        change("gate.changed", "departure.gate", None, "B12"),
        change("delay.raised", "departure.delay_minutes", None, 45),
        change("overdue.raised", "departure.overdue_minutes", None, 45),
    ]

    assert [sentence.text for sentence in describe_changes(changes, CONTEXT)] == [
        "Departure overdue: at least 45 min late (inferred)",
        "Gate B12",
    ]


def test_a_time_at_an_airport_without_a_known_clock_is_in_utc_and_says_so() -> None:
    assert describe_value("arrival.actual", "2015-01-02T14:29:00Z", ChangeContext()) == "14:29Z"
