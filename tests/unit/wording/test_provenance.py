"""How far sources agree, and why one of them is believed: in words for pages, and as the API's sentence."""

import pytest

from tests.unit.flights.building import said, schedule, tell
from windsock.flights.grounds import Ground, Grounds
from windsock.wording.provenance import agreement, grounds_words


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["A"], "only airport"),
        (["A", "A"], "2 sources agree"),
        (["A", "A", "A"], "3 sources agree"),
        (["A", "A", "B"], "2 sources agree, 1 disagrees"),
        (["A", "B", "C"], "1 source says so, 2 disagree"),
    ],
)
def test_agreement_counts_the_sources(values: list[str], words: str) -> None:
    assert agreement("airport", values) == words


def test_every_ground_has_words_for_pages_and_a_sentence_for_programs() -> None:
    kinds: list[Ground] = ["only", "rank", "configured", "later", "earlier", "name"]
    made = [Grounds(ground=kind, rank=50, over=40) for kind in kinds]
    assert len({grounds_words(each) for each in made}) == len({str(each) for each in made}) == len(kinds)


def test_the_record_gives_the_same_grounds_as_data_and_as_a_sentence() -> None:
    record = tell(schedule(), said("12:00", "airport", gate="A3"), said("12:10", "gossip", gate="A7")).record
    grounds = record.grounds()
    assert {path: str(each) for path, each in grounds.items()} == {
        path: told["why"] for path, told in record.provenance().items()
    }
    assert grounds["departure.gate"].ground == "later"
