"""Programmes in words, held to the same cases as the browser's wording (tests/js/programmes.test.js)."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import msgspec
import pytest

from windsock.flights import Flight
from windsock.flights.programmes import Programme, ProgrammeKind
from windsock.wording.board import BoardContext, board_row
from windsock.wording.programmes import describe_programme, explain_delays, relevant_programmes
from windsock.wording.times import Direction

SHARED: dict[str, Any] = json.loads((Path(__file__).parents[2] / "js" / "programmes.json").read_text("utf-8"))
NOW = datetime.fromisoformat(SHARED["now"])
ZONE = ZoneInfo(SHARED["zone"])


@pytest.mark.parametrize("given", SHARED["cases"], ids=lambda given: given["name"])
def test_a_programme_in_words(given: dict[str, Any]) -> None:
    programme = msgspec.convert(given["programme"], Programme)
    line = describe_programme(programme, ZONE, NOW)
    assert {name: getattr(line, name) for name in given["line"]} == given["line"]
    for direction in get_args(Direction):
        assert bool(relevant_programmes([programme], direction, NOW)) == given[direction]["shown"]
        assert explain_delays([programme], direction, NOW) == given[direction]["because"]


def test_the_shared_table_has_every_kind_of_programme() -> None:
    assert {given["programme"]["kind"] for given in SHARED["cases"]} == set(get_args(ProgrammeKind))


def test_of_several_the_strongest_explains() -> None:
    delay, stop = (
        Programme(airport="JFK", kind=kind, source="faa", observed_at=NOW)
        for kind in ("arrival_delay", "ground_stop")
    )
    assert explain_delays([delay, stop], "arrivals", NOW) == "ground stop at JFK"


def test_a_late_flight_without_a_reason_is_explained_by_its_airport_unless_it_flies() -> None:
    rows = json.loads((Path(__file__).parents[2] / "js" / "wording.json").read_text("utf-8"))["cases"]
    board = {"zone": ZONE, "now": NOW, "because": "ground stop at JFK"}
    explained = set()
    for given in rows:
        flight = msgspec.convert(given["flight"], Flight)
        row = board_row(flight, BoardContext(direction=given["direction"], airport=given["airport"], **board))
        if "ground stop" in row.why:
            explained.add(row.tone)
            assert not flight.delay_reasons
            assert flight.status not in ("airborne", "landed", "arrived")
    assert explained == {"late", "overdue"}
