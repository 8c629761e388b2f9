"""What is told of programmes of airports when one list follows another."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from windsock.flights.programmes import (
    KINDS,
    Programme,
    ProgrammeChange,
    ProgrammeList,
    Standing,
    differences,
    is_news,
    retold,
)

NOW = datetime(2026, 7, 6, 2, 16, tzinfo=UTC)
STOP = Programme(
    airport="EWR",
    kind="ground_stop",
    reason="thunderstorms",
    ends_at=NOW + timedelta(hours=2),
    source="faa",
    observed_at=NOW,
)


def but(programme: Programme, **fields: Any) -> Programme:
    return msgspec.structs.replace(programme, **fields)


def test_the_first_list_starts_everything_on_it() -> None:
    assert differences([], [STOP]) == (ProgrammeChange(kind="programme.started", programme=STOP),)


def test_what_is_no_longer_listed_has_ended() -> None:
    assert differences([STOP], []) == (ProgrammeChange(kind="programme.ended", programme=STOP),)


def test_seen_again_is_no_change() -> None:
    assert differences([STOP], [but(STOP, observed_at=NOW + timedelta(minutes=1))]) == ()


def test_a_change_names_the_fields_and_how_it_was() -> None:
    longer = but(
        STOP, ends_at=NOW + timedelta(hours=3), reason="wind", observed_at=NOW + timedelta(minutes=5)
    )
    (change,) = differences([STOP], [longer])
    assert change == ProgrammeChange(
        kind="programme.changed", programme=longer, before=STOP, fields=("reason", "ends_at")
    )
    assert change.airport == "EWR"


def test_a_ground_stop_that_becomes_a_ground_delay_ends_and_the_other_starts() -> None:
    delay = but(STOP, kind="ground_delay", average_minutes=40)
    assert [(c.kind, c.programme.kind) for c in differences([STOP], [delay])] == [
        ("programme.started", "ground_delay"),
        ("programme.ended", "ground_stop"),
    ]


def test_two_sources_speak_for_themselves() -> None:
    other = but(STOP, source="tower")
    assert differences([STOP, other], [STOP]) == (ProgrammeChange(kind="programme.ended", programme=other),)


def test_of_two_closures_the_one_that_began_then_is_the_one_that_changed() -> None:
    first = but(STOP, kind="closure", begins_at=NOW, only_for="general aviation")
    second = but(STOP, kind="closure", begins_at=NOW + timedelta(days=1))
    later = but(second, ends_at=NOW + timedelta(days=2))
    (change,) = differences([first, second], [later, first])
    assert (change.kind, change.before, change.programme) == ("programme.changed", second, later)


def test_told_twice_counts_once() -> None:
    assert len(differences([], [STOP, STOP])) == 1


def test_it_goes_over_the_wire_and_back() -> None:
    (change,) = differences([STOP], [but(STOP, trend="increasing")])
    assert msgspec.json.decode(msgspec.json.encode(change), type=ProgrammeChange) == change


programmes = st.builds(
    Programme,
    airport=st.sampled_from(["EWR", "JFK"]),
    kind=st.sampled_from(KINDS),
    source=st.just("faa"),
    observed_at=st.just(NOW),
    reason=st.sampled_from([None, "wind"]),
    begins_at=st.sampled_from([None, NOW, NOW + timedelta(hours=1)]),
    average_minutes=st.sampled_from([None, 30]),
)


@given(st.lists(programmes), st.lists(programmes))
def test_the_changes_lead_from_one_list_to_the_other(before: list[Programme], after: list[Programme]) -> None:
    now = set(before)
    for change in differences(before, after):
        if change.kind == "programme.ended":
            now.remove(change.programme)
        elif change.before is not None:
            now.remove(change.before)
        if change.kind != "programme.ended":
            now.add(change.programme)
    assert now == set(after)


@given(st.lists(programmes), st.lists(programmes))
def test_the_order_of_the_lists_is_nothing(before: list[Programme], after: list[Programme]) -> None:
    assert differences(before, after) == differences(before[::-1], after[::-1])
    assert differences(before, before[::-1]) == ()


# --- Standings --------------------------------------------------------------------------------------------------------


def listed(*programmes: Programme, source: str = "faa") -> ProgrammeList:
    return ProgrammeList(source=source, observed_at=NOW, programmes=programmes)


def test_a_first_list_gives_each_airport_a_standing_of_version_one() -> None:
    sfo = but(STOP, airport="SFO", kind="arrival_delay")
    changes = retold({}, listed(STOP, sfo, STOP), NOW)
    assert [change.standing for change in changes] == [
        Standing(airport="EWR", version=1, updated_at=NOW, programmes=(STOP,)),
        Standing(airport="SFO", version=1, updated_at=NOW, programmes=(sfo,)),
    ]


def test_what_another_source_says_of_the_airport_stays() -> None:
    tower = but(STOP, source="tower", kind="closure")
    held = {"EWR": Standing(airport="EWR", version=3, updated_at=NOW, programmes=(STOP, tower))}
    (change,) = retold(held, listed(), NOW)
    assert (change.standing.version, change.standing.programmes) == (4, (tower,))
    assert [one.kind for one in change.changes] == ["programme.ended"]


def test_the_same_list_again_changes_no_standing() -> None:
    held = {change.standing.airport: change.standing for change in retold({}, listed(STOP), NOW)}
    assert retold(held, listed(but(STOP, observed_at=NOW + timedelta(minutes=1))), NOW) == ()


@given(st.lists(st.lists(st.sampled_from(KINDS), max_size=4), min_size=1, max_size=6))
def test_after_any_lists_the_standing_is_that_of_the_last_one(lists: list[list[str]]) -> None:
    held: dict[str, Standing] = {}
    for kinds in lists:
        given_now = [but(STOP, kind=kind) for kind in kinds]
        held |= {change.standing.airport: change.standing for change in retold(held, listed(*given_now), NOW)}
    told = [one.kind for one in held["EWR"].programmes] if held else []
    assert told == sorted(set(lists[-1]), key=KINDS.index)


# --- Which list counts ------------------------------------------------------------------------------------------------

MINUTES = st.integers(0, 2)
LISTS = st.tuples(MINUTES, st.lists(st.sampled_from(KINDS), unique=True, max_size=3))


def told_in_turn(lists: list[tuple[int, list[str]]]) -> tuple[Programme, ...]:
    """What stands after these lists, observed so many minutes after NOW, came in this order."""
    held: dict[str, Standing] = {}
    known: datetime | None = None
    for minute, kinds in lists:
        at = NOW + timedelta(minutes=minute)
        programmes = tuple(but(STOP, kind=kind, observed_at=at) for kind in kinds)
        given_now = ProgrammeList(source="faa", observed_at=at, programmes=programmes)
        if is_news(held, known, given_now):
            known = at
            held |= {change.standing.airport: change.standing for change in retold(held, given_now, at)}
    return held["EWR"].programmes if held else ()


@given(st.lists(LISTS, max_size=5), st.randoms(use_true_random=False))
def test_any_order_and_repetition_of_lists_ends_the_same(
    lists: list[tuple[int, list[str]]], chance: Any
) -> None:
    shuffled = lists + lists[: len(lists) // 2]
    chance.shuffle(shuffled)
    kinds = [[one.kind for one in told_in_turn(some)] for some in (lists, shuffled)]
    assert kinds[0] == kinds[1]


def test_an_older_list_that_comes_late_says_nothing() -> None:
    older = ProgrammeList(source="faa", observed_at=NOW, programmes=(STOP,))
    assert not is_news({}, NOW + timedelta(seconds=1), older)
    assert is_news({}, None, older)
