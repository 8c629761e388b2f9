"""News that waits for its reader is bounded, and keeps each flight's newest state."""

from msgspec.structs import replace

from tests.unit.client.service import NOW, flight
from windsock.client.backlog import Backlog
from windsock.protocol.client_outputs import Happened, Noticed
from windsock.protocol.messages import Event

DL, B6 = flight("dl1865-v1"), flight("b6711-v1")


def happened(base: object, version: int) -> Happened:
    return Happened(
        Event(position=f"e:{version}", flight=replace(base, version=version), changes=[], recorded_at=NOW)  # type: ignore[type-var]
    )


def test_what_comes_first_is_read_first() -> None:
    backlog = Backlog()
    news = [happened(DL, 1), Noticed("hello"), happened(DL, 2)]
    for each in news:
        backlog.put(each)

    assert backlog.take() == news
    assert backlog.take() == []
    assert backlog.skipped == 0


def test_beyond_the_limit_only_the_newest_state_of_each_flight_stays_and_nothing_else_is_dropped() -> None:
    backlog = Backlog(limit=4)
    backlog.put(Noticed("hello"))
    for version in range(1, 11):
        backlog.put(happened(DL, version))
        backlog.put(happened(B6, version))

    taken = backlog.take()
    newest = {news.event.flight.id: news.event.flight.version for news in taken if isinstance(news, Happened)}
    assert newest == {DL.id: 10, B6.id: 10}
    assert taken[0] == Noticed("hello")
    assert len(taken) + backlog.skipped == 21
    assert len(taken) <= 6


def test_more_flights_than_the_limit_are_all_kept() -> None:
    backlog = Backlog(limit=4)
    for number in range(100):
        backlog.put(happened(replace(DL, id=str(number)), 1))

    assert len(backlog) == 100
    assert backlog.skipped == 0
    assert len(backlog.take(limit=30)) == 30
