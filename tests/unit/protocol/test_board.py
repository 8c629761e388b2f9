"""The local board: newest states only, and only what a topic claims."""

from msgspec.structs import replace

from tests.unit.client.service import flight
from windsock.protocol.backoff import BackOff
from windsock.protocol.board import Board

ALL = frozenset({"all"})
DL2, DL3, DL5, B6 = (flight(name) for name in ("dl1865-v2", "dl1865-v3", "dl1865-v5", "b6711-v2"))


def test_an_older_state_never_takes_the_place_of_a_newer_one() -> None:
    board = Board()
    assert board.put(DL3, 3, ALL)
    assert not board.put(DL2, 9, ALL)
    assert not board.put(DL3, 9, ALL)
    assert board[DL3.id] == DL3


def test_a_flight_that_no_topic_claims_leaves_and_is_not_told_again() -> None:
    board, topics = Board(), frozenset({"registration:N910DE"})
    board.put(DL2, 2, topics)
    assert board.put(replace(DL3, registration="N1"), 3, topics)
    assert not board
    assert not board.put(DL2, 2, topics)
    assert not board


def test_a_snapshot_takes_away_what_it_does_not_have_but_nothing_newer_and_nothing_of_other_topics() -> None:
    board, topics = Board(), frozenset({"departures:ATL", "departures:JFK"})
    board.put(DL2, 20, topics)
    board.put(B6, 2, topics)
    board.load([], 10, frozenset({"departures:ATL"}), topics)
    assert set(board) == {DL2.id, B6.id}
    board.load([], 20, frozenset({"departures:ATL"}), topics)
    assert set(board) == {B6.id}


def test_departures_and_arrivals_come_in_order_of_their_best_time() -> None:
    board = Board()
    for each in (
        B6,
        DL5,
        replace(DL2, id="later", departure=replace(DL2.departure, estimated=None, scheduled=None)),
    ):
        board.put(each, 1, ALL)

    assert [f.id for f in board.departures("ATL")] == [DL5.id, "later"]
    assert [f.id for f in board.arrivals("JAX")] == [DL5.id]
    assert [f.id for f in board.arrivals("ATL")] == [B6.id]


def test_full_jitter_lies_between_what_was_asked_for_and_a_ceiling_that_doubles_up_to_thirty() -> None:
    lowest, highest = BackOff(random=lambda: 0.0), BackOff(random=lambda: 1.0)

    assert [lowest.delay(n) for n in (0, 5, 50)] == [0.0, 0.0, 0.0]
    assert [highest.delay(n) for n in (0, 1, 2, 5, 6, 500)] == [0.5, 1.0, 2.0, 16.0, 30.0, 30.0]
    assert lowest.delay(0, at_least=7.0) == 7.0
