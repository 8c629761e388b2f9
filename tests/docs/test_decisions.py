"""Every decision has the same parts, short enough to be read, and says when to revisit it."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "adr"
DECISIONS = sorted(FOLDER.glob("0*.md"))
PARTS = ("**Context.**", "**Decision.**", "**Consequences.**", "**Revisit when**")

MAX_WORDS = 600
"""A page. Most are half of that; a longer one is two decisions."""


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_has_its_parts_in_order(page: Path) -> None:
    text = page.read_text()
    assert re.match(rf"# {int(page.name[:4])}\. [^\n]+\n\n\*(Accepted|Superseded by), ?", text), (
        "title or status"
    )
    places = [text.find(part) for part in PARTS]
    assert -1 not in places, f"missing: {PARTS[places.index(-1)]}"
    assert places == sorted(places)
    assert len(text.split()) <= MAX_WORDS


def test_the_numbers_have_no_gap_and_no_double() -> None:
    numbers = [int(page.name[:4]) for page in DECISIONS]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
