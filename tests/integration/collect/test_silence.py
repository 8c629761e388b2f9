"""What is told of the flights of a feed that falls silent, by the real supervisor over the real journal."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.collect.test_feed_duties import LATE, Answer, Provider, World, board
from windsock.collect.feed_duties import FeedRunner
from windsock.collect.intake import Intake
from windsock.collect.models import FeedInput, FeedState
from windsock.feeds.configuration import read
from windsock.flights import Flight, FlightKey
from windsock.ingest import pipeline
from windsock.ingest.current import record
from windsock.ingest.results import Recorded

pytestmark = pytest.mark.django_db(transaction=True)

KEY = FlightKey("WF", 588, None, datetime(2026, 3, 4, tzinfo=UTC).date(), "BGO")


@pytest.fixture
def provider() -> Iterator[Provider]:
    found = Provider()
    yield found
    found.close()


@pytest.fixture
def world(provider: Provider) -> World:
    """A feed that told of one flight, and whose provider answers no more."""
    provider.answers = [Answer(body=board()), Answer(500)]
    world = World(provider.url, stale_minutes=20)
    world.after(0)
    return world


def flight() -> Flight:
    found = pipeline().journal.flight(KEY)
    assert found is not None
    return found.flight


def told() -> list[tuple[str, str | None]]:
    """Kind and field of every change of the flight so far, but for those it began with."""
    events = pipeline().journal.history(KEY)[1:]
    return [(change.kind, change.field) for event in events for change in event.changes()]


def pass_minutes(world: World, minutes: int) -> None:
    for _ in range(minutes):
        world.after(1)


def someone_else(world: World, **said: object) -> None:
    about = {"flight": "WF588", "date": "2026-03-04", "origin": "BGO", "source": "airline"}
    (result,) = record([{**about, **said}], received_at=world.now)
    assert isinstance(result, Recorded)


def test_the_flights_of_a_silent_feed_are_stale_until_it_speaks_again(
    world: World, provider: Provider
) -> None:
    pass_minutes(world, 19)
    assert flight().flags == ()
    pass_minutes(world, 10)
    assert flight().silent_source == "bergen"
    assert "stale" in flight().flags
    assert told() == [("data.stale", "silent_source")]
    provider.answers = [Answer(body=board(LATE, "2026-03-04T12:40:00Z"))]
    pass_minutes(world, 20)
    assert flight().silent_source is None
    assert "stale" not in flight().flags
    assert told().count(("flight.corrected", "silent_source")) == 1


def test_a_feed_that_has_nothing_new_to_say_of_the_flight_makes_it_fresh_all_the_same(
    world: World, provider: Provider
) -> None:
    pass_minutes(world, 29)
    provider.answers = [Answer(304)]
    pass_minutes(world, 20)
    assert told() == [("data.stale", "silent_source"), ("flight.corrected", "silent_source")]


def test_another_source_that_spoke_meanwhile_keeps_the_flight_fresh(world: World) -> None:
    pass_minutes(world, 10)
    someone_else(world, registration="LN-WDE")
    pass_minutes(world, 30)
    assert flight().silent_source is None


def test_another_source_that_speaks_later_makes_the_flight_fresh(world: World) -> None:
    pass_minutes(world, 29)
    someone_else(world, departure={"scheduled": "2026-03-04T12:30:00Z"})
    assert told() == [("data.stale", "silent_source"), ("flight.corrected", "silent_source")]


@pytest.mark.parametrize("over", [{"cancelled": True}, {"arrival": {"actual": "2026-03-04T12:00:00Z"}}])
def test_of_a_flight_that_is_over_nothing_is_told(world: World, over: dict[str, object]) -> None:
    someone_else(world, **over)
    before = pipeline().journal.head().offset
    pass_minutes(world, 30)
    assert pipeline().journal.head().offset == before


def test_a_process_that_starts_during_the_silence_tells_nothing_again(
    world: World, provider: Provider
) -> None:
    pass_minutes(world, 29)
    before = pipeline().journal.head().offset
    later = World(provider.url, stale_minutes=20)
    later.now = world.now + timedelta(minutes=5)
    pass_minutes(later, 10)
    assert pipeline().journal.head().offset == before


def test_what_was_told_twice_as_a_process_died_between_changes_nothing(world: World) -> None:
    pass_minutes(world, 29)
    before = pipeline().journal.head().offset
    FeedState.objects.update(stale_since=None)  # it died before it could note that it has told
    assert world.after(1).stale_since is not None
    assert pipeline().journal.head().offset == before


def test_a_feed_that_falls_silent_again_is_told_again(world: World, provider: Provider) -> None:
    pass_minutes(world, 29)
    provider.answers = [Answer(304), Answer(500)]
    pass_minutes(world, 60)
    assert [kind for kind, _ in told()] == ["data.stale", "flight.corrected", "data.stale"]


def test_a_flight_that_is_days_ahead_is_not_spoken_of(world: World, provider: Provider) -> None:
    (result,) = record(
        [
            {
                "flight": "WF588",
                "date": "2026-03-08",
                "origin": "BGO",
                "departure": {"scheduled": "2026-03-08T12:30:00Z"},
            }
        ],
        source="bergen",
        received_at=world.now,
    )
    assert isinstance(result, Recorded)
    pass_minutes(world, 30)
    ahead = pipeline().journal.flight(
        FlightKey("WF", 588, None, datetime(2026, 3, 8, tzinfo=UTC).date(), "BGO")
    )
    assert ahead is not None
    assert ahead.flight.silent_source is None


def test_an_old_input_that_is_read_again_makes_no_feed_silent(world: World, provider: Provider) -> None:
    provider.answers = [Answer(304)]
    pass_minutes(world, 29)
    bergen = read({"bergen": {"format": "avinor", "airport": "BGO"}})["bergen"]
    intake = Intake("bergen", bergen.format.parser("bergen", bergen.options), pipeline())
    intake.replay(FeedInput.objects.order_by("id")[0])
    assert world.after(0).heard_at is not None
    assert world.after(0.1).stale_since is None


def test_a_clock_that_was_a_week_ahead_hides_no_silence_once_it_is_put_right(
    world: World, provider: Provider
) -> None:
    FeedState.objects.update(
        heard_at=world.now + timedelta(days=7), reported_at=world.now + timedelta(days=7)
    )
    pass_minutes(world, 22)
    assert world.after(0).stale_since is not None


MVT = b"MVT\nWF588/04.LNWDE.BGO\nAD1233/1241 EA1350 ABZ\n"


def test_a_feed_that_is_pushed_is_watched_where_its_settings_say_so_and_garbage_is_no_word() -> None:
    now = datetime(2026, 3, 4, 12, 45, tzinfo=UTC)
    feeds = read({"telex": {"format": "mvt", "stale_minutes": 30}})
    supervisor = FeedRunner(feeds, pipeline(), clock=lambda: now)
    telex = Intake("telex", feeds["telex"].format.parser("telex", {}), pipeline(), clock=lambda: now)
    telex.take(MVT)
    for minutes, body in ((20, bytes(range(256))), (11, None)):
        now += timedelta(minutes=minutes)
        if body is not None:
            assert telex.take(body).error
        supervisor.tick()
    assert flight().silent_source == "telex"
    telex.take(b"MVT\nWF588/04.LNWDE.BGO\nED1300\nMVT")
    now += timedelta(minutes=1)
    supervisor.tick()
    assert FeedState.objects.get().stale_since is None
    assert flight().silent_source is None


def test_a_pushed_feed_that_was_heard_by_a_clock_ahead_is_as_old_as_its_next_input() -> None:
    now = datetime(2026, 3, 11, 12, 45, tzinfo=UTC)
    parser = read({"telex": {"format": "mvt"}})["telex"].format.parser("telex", {})
    telex = Intake("telex", parser, pipeline(), clock=lambda: now)
    telex.take(MVT)
    now -= timedelta(days=7)
    telex.take(MVT)
    state = FeedState.objects.get()
    assert (state.heard_at, state.reported_at) == (now, now)


def test_who_allows_for_longer_silence_has_the_flights_fresh_and_stale_again_in_the_end(
    world: World, provider: Provider
) -> None:
    pass_minutes(world, 29)
    provider.answers = [Answer(500)]
    longer = World(provider.url, stale_minutes=60)
    longer.now = world.now + timedelta(minutes=5)
    pass_minutes(longer, 5)
    assert flight().silent_source is None
    pass_minutes(longer, 40)
    assert [kind for kind, _ in told()] == ["data.stale", "flight.corrected", "data.stale"]
    provider.answers = [Answer(304)]
    pass_minutes(longer, 20)
    assert flight().silent_source is None


def test_a_pushed_feed_of_the_generic_format_is_not_called_silent_unless_its_settings_say_so() -> None:
    now = datetime(2026, 3, 4, 12, 45, tzinfo=UTC)
    mapping = (
        'format = "json"\nrecords = "rows"\n[flight]\ndesignator = "no"\n'
        '[columns]\nfrom = "origin"\nout = "departure.actual"\nday = "date"\n'
    )
    feeds = read({"ops": {"format": "generic", "mapping": mapping}})
    supervisor = FeedRunner(feeds, pipeline(), clock=lambda: now)
    parser = feeds["ops"].format.parser("ops", feeds["ops"].options)
    rows = b'{"rows":[{"no":"WF588","from":"BGO","day":"2026-03-04","out":"2026-03-04T12:33:00Z"}]}'
    assert Intake("ops", parser, pipeline(), clock=lambda: now).take(rows).recorded == 1
    now += timedelta(hours=3)
    supervisor.tick()

    assert flight().silent_source is None
    assert not FeedState.objects.exclude(stale_since=None).exists()
