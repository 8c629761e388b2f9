"""Changes as sentences."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from windsock.pages.telling import Teller

TELLER = Teller(
    {"departure": ZoneInfo("America/New_York"), "arrival": ZoneInfo("America/Chicago")},
    {"JFK": "New York", "ORD": "Chicago", "MKE": "Milwaukee"},
)


def change(kind: str, field: str | None = None, before: Any = None, after: Any = None) -> dict[str, Any]:
    return {"kind": kind, "field": field, "from": before, "to": after}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (change("flight.added"), "First heard of"),
        (change("flight.out", "departure.actual", None, "2015-01-02T14:29:00Z"), "Left the gate 09:29"),
        (change("flight.on", "landing.actual", None, "2015-01-02T16:40:00Z"), "Landed 10:40"),
        (change("flight.out", "stated_status", None, "out"), "Departed, time not known"),
        (change("flight.in", "stated_status", "landed", "arrived"), "At the gate, time not known"),
        (change("flight.corrected", "stated_status", "out", None), "Not known to have left after all"),
        (change("flight.returned_to_gate", "stated_status", "out", None), "Returned to the gate"),
        (
            change("flight.corrected", "departure.actual", None, "2015-01-02T14:29:00Z"),
            "Left the gate 09:29",
        ),
        (
            change("flight.corrected", "departure.actual", "2015-01-02T14:30:00Z", "2015-01-02T14:29:00Z"),
            "Departure actual 09:29, before 09:30",
        ),
        (
            change("checkin.changed", "departure.checkin_desk", "A1", "A2-A9"),
            "Check-in desk A2-A9, before A1",
        ),
        (
            change("flight.merged", "former_ids", [], ["AF3635.2015-01-02.ATL"]),
            "One flight with AF3635, which was listed separately",
        ),
        (
            change("baggage.changed", "arrival.first_bag", None, "2015-01-02T17:05:00Z"),
            "Arrival first bag 11:05",
        ),
        (change("delay.raised", "departure.delay_minutes", None, 35), "Leaves 35 min late"),
        (
            change("delay.changed", "arrival.delay_minutes", 35, 70),
            "Arrives 1 h 10 min late, after 35 min late",
        ),
        (change("early.raised", "arrival.delay_minutes", None, -12), "Arrives 12 min early"),
        (change("delay.cleared", "departure.delay_minutes", 20, 4), "No longer late"),
        (
            change("overdue.raised", "departure.overdue_minutes", None, 45),
            "Departure overdue: at least 45 min late (inferred)",
        ),
        (change("data.stale", "departure.overdue_minutes", 350, 365), "No word for a long time"),
        (change("data.stale", "silent_source", None, "bergen"), "No word from bergen any more"),
        (
            change("flight.corrected", "silent_source", "bergen", None),
            "Word again, after the silence of bergen",
        ),
        (change("gate.changed", "departure.gate", "B12", "B14"), "Gate B14, before B12"),
        (change("gate.changed", "departure.gate", None, "B12"), "Gate B12"),
        (change("gate.changed", "departure.gate", "B12", None), "No gate any more"),
        (change("flight.diverted", "diverted_to", None, "MKE"), "Diverted to Milwaukee"),
        (
            change("schedule.retimed", "departure.scheduled", "2015-01-02T14:00:00Z", "2015-01-02T13:30:00Z"),
            "Departure scheduled 08:30, before 09:00",
        ),
        (
            change(
                "reason.changed",
                "delay_reasons",
                [],
                [{"scheme": "ahm730", "code": "93", "text": "late inbound"}],
            ),
            "Reason: late inbound (ahm730 93)",
        ),
        (change("a.later.kind", "something.new", None, 3), "Something new 3"),
    ],
)
def test_a_change_is_told_in_a_sentence(given: dict[str, Any], sentence: str) -> None:
    assert TELLER.sentence(given) == sentence


def test_the_weightiest_change_is_told_first_and_an_inferred_delay_once() -> None:
    changes = [
        change("gate.changed", "departure.gate", None, "B12"),
        change("delay.raised", "departure.delay_minutes", None, 45),
        change("overdue.raised", "departure.overdue_minutes", None, 45),
    ]

    assert [sentence for _, sentence in TELLER.sentences(changes)] == [
        "Departure overdue: at least 45 min late (inferred)",
        "Gate B12",
    ]
