"""The board's search box finds a row by what people type."""

from types import SimpleNamespace
from typing import Any

import pytest

from windsock.pages.board.search import matching

ROW: Any = SimpleNamespace(
    flight="LH 400", also="UA 8840, AC 9100", place="New York", code="JFK", airline="Lufthansa"
)


@pytest.mark.parametrize(
    "typed",
    [
        "LH400",
        "lh 400",
        "LH  400",
        "lh0400",
        "DLH400",
        "LH-400",
        "ua8840",
        "UA 8840",
        "New Y",
        "jfk",
        "luft",
        "",
        " ",
    ],
)
def test_a_row_is_found_by_any_spelling_of_its_names(typed: str) -> None:
    assert matching(ROW, typed)


@pytest.mark.parametrize("typed", ["LH401", "LH 4000", "XQ400", "Boston"])
def test_a_row_of_another_name_is_not(typed: str) -> None:
    assert not matching(ROW, typed)
