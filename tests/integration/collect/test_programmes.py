"""The FAA's programmes from its address to the journal: each change once, in its place, and given up in silence."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.collect.test_feed_duties import Answer, Provider
from windsock.collect.feed_duties import FeedRunner
from windsock.collect.intake import Intake, IntakeResult
from windsock.collect.models import FeedInput, FeedState
from windsock.collect.upkeep import Upkeep
from windsock.conf import config
from windsock.feeds.configuration import read
from windsock.ingest import pipeline, record
from windsock.journal.base import Event
from windsock.protocol.positions import Position

pytestmark = pytest.mark.django_db(transaction=True)

BEGIN = datetime(2026, 7, 6, 2, 16, tzinfo=UTC)
STOP = (
    "<Delay_type><Name>Ground Stop Programs</Name><Ground_Stop_List><Program><ARPT>JFK</ARPT>"
    "<Reason>thunderstorms</Reason><End_Time>11:30 pm EDT</End_Time></Program></Ground_Stop_List></Delay_type>"
)


def document(at: datetime, *sections: str) -> bytes:
    told = f"{at:%a %b} {at.day} {at:%H:%M:%S %Y} GMT"
    root = "AIRPORT_STATUS_INFORMATION"
    return f"<{root}><Update_Time>{told}</Update_Time>{''.join(sections)}</{root}>".encode()


def kinds() -> list[str]:
    """What stands at JFK now."""
    _, standings = pipeline().journal.standings()
    return [programme.kind for standing in standings for programme in standing.programmes]


class World:
    """A supervisor of the FAA's feed, its clock set by hand."""

    def __init__(self, url: str) -> None:
        self.now = BEGIN
        self.feeds = read({"faa": {"format": "faa", "url": url}})
        self.supervisor = FeedRunner(self.feeds, pipeline(), clock=lambda: self.now)

    def after(self, minutes: float) -> FeedState:
        self.now += timedelta(minutes=minutes)
        self.supervisor.tick()
        return FeedState.objects.get(name="faa")


@pytest.fixture
def provider() -> Iterator[Provider]:
    found = Provider()
    yield found
    found.close()


def take(data: bytes, at: datetime = BEGIN) -> IntakeResult:
    feed = read({"faa": {"format": "faa"}})["faa"]
    return Intake("faa", feed.format.parser("faa", {}), pipeline()).take(data, received_at=at)


def test_a_ground_stop_comes_and_goes_as_two_events(provider: Provider) -> None:
    later = BEGIN + timedelta(minutes=1.5)
    provider.answers = [
        Answer(body=document(BEGIN, STOP)),
        Answer(body=document(BEGIN, STOP)),
        Answer(body=document(later)),
    ]
    world = World(provider.url)
    state = world.after(0)
    assert (state.error, state.reported_at, kinds()) == ("", BEGIN, ["ground_stop"])
    world.after(1.2)
    assert kinds() == ["ground_stop"]
    world.after(1.2)
    assert kinds() == []
    journal = pipeline().journal
    events = journal.after(Position(journal.head().epoch, 0))
    assert [(event.offset, event.version, event.topics) for event in events] == [
        (1, 1, ("programmes:JFK",)),
        (2, 2, ("programmes:JFK",)),
    ]
    assert [(one.recorded, one.changed) for one in FeedInput.objects.order_by("id")] == [
        (1, 1),
        (1, 0),
        (0, 1),
    ]


def test_the_processs_own_listeners_are_told_at_once() -> None:
    heard: list[Event] = []
    end = pipeline().listen(lambda epoch, events: heard.extend(events))
    taken = take(document(BEGIN, STOP))
    end()
    assert [event.flight_id for event in heard] == ["programmes:JFK"]
    assert [change.kind for change in taken.programme_changes] == ["programme.started"]


def test_an_old_input_that_is_read_again_undoes_nothing() -> None:
    take(document(BEGIN, STOP))
    old = FeedInput.objects.get()
    take(document(BEGIN + timedelta(minutes=1)), at=BEGIN + timedelta(minutes=1))
    feed = read({"faa": {"format": "faa"}})["faa"]
    Intake("faa", feed.format.parser("faa", {}), pipeline()).replay(old)
    assert kinds() == []


def test_what_cannot_be_read_ends_nothing(provider: Provider) -> None:
    provider.answers = [Answer(body=document(BEGIN, STOP)), Answer(body=b"<html/>")]
    world = World(provider.url)
    world.after(0)
    state = world.after(1.2)
    assert state.failures == 1
    assert kinds() == ["ground_stop"]


def upkeep(at: datetime) -> None:
    """What every process does each half minute."""
    Upkeep(pipeline().journal, record, config(), clock=lambda: at).tick()


def test_after_two_hours_of_silence_programmes_are_given_up_whatever_became_of_their_feed() -> None:
    take(document(BEGIN, STOP))
    upkeep(BEGIN + timedelta(minutes=119))
    assert kinds() == ["ground_stop"]
    upkeep(BEGIN + timedelta(minutes=120))
    assert kinds() == []
    upkeep(BEGIN + timedelta(minutes=121))
    assert pipeline().journal.head().offset == 2
    later = BEGIN + timedelta(minutes=122)
    take(document(later, STOP), at=later)
    assert kinds() == ["ground_stop"]


def test_a_list_that_says_the_same_again_keeps_its_programmes_from_being_given_up() -> None:
    for minute in (0, 100):
        at = BEGIN + timedelta(minutes=minute)
        take(document(at, STOP), at=at)
    upkeep(BEGIN + timedelta(minutes=130))
    assert kinds() == ["ground_stop"]
