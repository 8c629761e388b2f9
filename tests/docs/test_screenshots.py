"""The pictures show what they are named after: every flight of the table exists, in the state it stands for."""

from itertools import product

import pytest

from tools.screenshots import LANGUAGES, SCHEMES, SIZES, shots
from windsock.cli.day import load
from windsock.replay.days import DAYS
from windsock.wording.language import known


@pytest.mark.parametrize("name", DAYS)
def test_each_kind_of_page_and_flight_has_one_picture(name: str) -> None:
    day = load(name, staged=True)
    assert day.staging is not None
    found = shots(day, DAYS[name].worst)
    assert len({shot.name for shot in found}) == len(found)
    assert len({shot.path for shot in found}) == len(found), "two names for one page"
    rows = {f"/flights/{row.key}/": row for row in (*day.rows, *day.staging.rows)}
    flights = {shot.name: rows[shot.path] for shot in found if shot.name.startswith("flight-")}
    now = day.at(DAYS[name].worst)
    late = flights["flight-late"]
    assert late.out is not None
    assert now < late.out
    assert late.out > late.scheduled_out
    assert flights["flight-cancelled"].cancelled
    assert flights["flight-diverted"].diverted


def test_every_language_of_the_pictures_is_spoken() -> None:
    assert all(known(code) for code in LANGUAGES)
    assert len(list(product(SIZES, SCHEMES, LANGUAGES))) == 8
