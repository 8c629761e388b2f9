"""Polled feeds against a local server that plays the provider: nothing lost or doubled, the etiquette kept."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.integration.collect.provider import Answer, Provider
from windsock.collect import health as feedhealth
from windsock.collect.feed_duties import FeedRunner
from windsock.collect.intake import settle
from windsock.collect.models import FeedInput, FeedState, ParkedReport
from windsock.feeds.configuration import read
from windsock.flights import FlightKey
from windsock.ingest import pipeline, stop
from windsock.ingest.current import record

pytestmark = pytest.mark.django_db(transaction=True)

BEGIN = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def board(status: str = "", updated: str = "2026-03-04T11:58:00Z") -> bytes:
    return (
        '<?xml version="1.0" encoding="ISO-8859-1"?><airport name="BGO">'
        f'<flights lastUpdate="{updated}"><flight uniqueID="1"><airline>WF</airline><flight_id>WF588</flight_id>'
        "<dom_int>I</dom_int><schedule_time>2026-03-04T12:30:00Z</schedule_time><arr_dep>D</arr_dep>"
        f"<airport>ABZ</airport>{status}</flight></flights></airport>"
    ).encode("iso-8859-1")


LATE = '<status code="E" time="2026-03-04T13:05:00Z"/>'


class World:
    """A supervisor of one Avinor feed, its clock set by hand."""

    def __init__(self, url: str | None, **more: object) -> None:
        self.now = BEGIN
        given: dict[str, object] = {"format": "avinor", "airport": "BGO", **more}
        if url is not None:
            given["url"] = url
        self.supervisor = FeedRunner(read({"bergen": given}), pipeline(), clock=lambda: self.now)

    def after(self, minutes: float) -> FeedState:
        self.now += timedelta(minutes=minutes)
        self.supervisor.tick()
        return FeedState.objects.get(name="bergen")


def delay() -> int | None:
    key = FlightKey("WF", 588, None, BEGIN.date(), "BGO")
    found = pipeline().journal.flight(key)
    return None if found is None else found.flight.departure.delay_minutes


def test_what_a_provider_says_reaches_the_journal_and_it_is_asked_on_from_there(provider: Provider) -> None:
    provider.answers = [Answer(body=board()), Answer(body=board(LATE, "2026-03-04T12:04:00Z"))]
    world = World(provider.url)
    assert world.after(0).cursor == "2026-03-04T11:58:00Z"
    world.after(4)
    assert delay() == 35
    assert [query.get("lastUpdate") for query, _ in provider.asked] == [None, ["2026-03-04T11:58:00Z"]]
    assert provider.asked[0][0]["airport"] == ["BGO"]
    assert "windsock/" in provider.asked[0][1]["user-agent"]


def test_the_provider_is_asked_every_three_minutes_however_short_the_interval_configured(
    provider: Provider,
) -> None:
    provider.answers = [Answer(body=board())]
    world = World(provider.url, interval_seconds=5)
    for _ in range(60):
        world.after(0.25)
    assert 4 <= len(provider.asked) <= 6


def test_an_answer_that_has_not_changed_is_not_read_again(provider: Provider) -> None:
    provider.answers = [Answer(body=board(), headers={"ETag": '"one"'}), Answer(304)]
    world = World(provider.url)
    world.after(0)
    state = world.after(4)
    assert provider.asked[1][1]["if-none-match"] == '"one"'
    assert (state.error, state.heard_at, FeedInput.objects.count()) == ("", world.now, 1)
    world.after(4)
    assert provider.asked[2][1]["if-none-match"] == '"one"'


def test_who_says_too_many_requests_is_left_alone_as_long_as_it_asks(provider: Provider) -> None:
    provider.answers = [Answer(429, headers={"Retry-After": "1200"}), Answer(body=board(LATE))]
    world = World(provider.url)
    state = world.after(0)
    assert "429" in state.error
    for _ in range(19):
        world.after(1)
    assert len(provider.asked) == 1
    world.after(4)
    assert delay() == 35
    assert FeedState.objects.get(name="bergen").error == ""


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(Answer(500), id="an error of the server's"),
        pytest.param(Answer(body=board(LATE)[:200]), id="half a document"),
        pytest.param(Answer(body=board(LATE), cut=True), id="a body that is cut off"),
        pytest.param(Answer(body=b"<html><body>Maintenance</body></html>"), id="a page instead of data"),
        pytest.param(Answer(body=b'{"flights": []}'), id="another format"),
    ],
)
def test_after_a_bad_answer_it_goes_on_from_where_it_was(provider: Provider, wrong: Answer) -> None:
    provider.answers = [Answer(body=board()), wrong, Answer(body=board(LATE, "2026-03-04T12:09:00Z"))]
    world = World(provider.url)
    world.after(0)
    state = world.after(4)
    assert state.failures == 1
    assert state.error != ""
    assert state.cursor == "2026-03-04T11:58:00Z"
    state = world.after(4)
    assert (state.failures, state.error) == (0, "")
    assert delay() == 35
    assert provider.asked[2][0]["lastUpdate"] == ["2026-03-04T11:58:00Z"]


def test_failures_in_a_row_make_it_rest_longer(provider: Provider) -> None:
    provider.answers = [Answer(503)]
    world = World(provider.url)
    for _ in range(120):
        world.after(0.5)
    assert 5 <= len(provider.asked) <= 9  # in an hour: 3, 3, 3, 5, then 15 minutes


def test_the_budget_of_a_day_is_kept_and_renewed_at_midnight(provider: Provider) -> None:
    provider.answers = [Answer(body=board())]
    world = World(provider.url, requests_per_day=3)
    for _ in range(60):
        world.after(4)
    assert len(provider.asked) == 3
    world.now = BEGIN.replace(hour=0, minute=40) + timedelta(days=1)
    world.after(0)
    assert len(provider.asked) == 4


def test_of_two_nodes_one_asks_and_the_other_takes_over_when_it_dies(provider: Provider) -> None:
    provider.answers = [Answer(body=board())]
    first, second = World(provider.url), World(provider.url)
    for _ in range(8):
        first.after(1)
        second.after(1)
    asked = len(provider.asked)
    assert 2 <= asked <= 3
    for _ in range(8):
        second.after(1)
    assert len(provider.asked) >= asked + 2


def test_a_paused_feed_rests(provider: Provider) -> None:
    provider.answers = [Answer(body=board())]
    FeedState.objects.create(name="bergen", paused=True)
    world = World(provider.url)
    world.after(0)
    assert provider.asked == []
    FeedState.objects.update(paused=False)
    world.after(1)
    assert len(provider.asked) == 1


def test_a_silent_source_is_stale_until_it_speaks_again(provider: Provider) -> None:
    provider.answers = [Answer(body=board()), Answer(500)]
    world = World(provider.url, stale_minutes=20)
    world.after(0)
    for _ in range(30):
        state = world.after(1)
    assert state.stale_since is not None
    provider.answers = [Answer(body=board(LATE))]
    for _ in range(20):
        state = world.after(1)
    assert state.stale_since is None


def test_a_watched_flight_that_is_refused_is_passed_over_and_counted(
    provider: Provider, tmp_path: Path
) -> None:
    provider.answers = [Answer(400), Answer(body=b"[]")]
    (tmp_path / "key").write_text("k")
    now = BEGIN
    feed = {
        "format": "aerodatabox",
        "flights": ["DL1", "DL2"],
        "url": provider.url,
        "secret_file": str(tmp_path / "key"),
    }
    supervisor = FeedRunner(read({"watch": feed}), pipeline(), clock=lambda: now)
    places = []
    for _ in range(2):
        supervisor.tick()
        state = FeedState.objects.get(name="watch")
        places.append((state.cursor, state.requests, state.failures))
        now += timedelta(minutes=2)
    assert places == [("1", 1, 1), ("", 2, 0)]


def test_a_feed_whose_key_is_not_there_fails_alone_and_says_so(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.answers = [Answer(body=board(LATE))]
    now = BEGIN
    good = {"format": "avinor", "airport": "BGO", "url": provider.url}
    feeds = {"keyless": {**good, "secret_env": "NO_SUCH_VARIABLE"}, "bergen": good}
    supervisor = FeedRunner(read(feeds), pipeline(), clock=lambda: now)
    supervisor.tick()
    assert delay() == 35
    failing = FeedState.objects.get(name="keyless")
    assert "NO_SUCH_VARIABLE" in failing.error
    assert feedhealth.fails(failing)
    # The operator gives it, where the feed can see it.
    monkeypatch.setenv("NO_SUCH_VARIABLE", "k")
    now += timedelta(minutes=2)
    supervisor.tick()
    assert not feedhealth.fails(FeedState.objects.get(name="keyless"))


def test_files_in_a_folder_are_taken_in_and_put_away(tmp_path: Path) -> None:
    import os

    good, bad = tmp_path / "one.txt", tmp_path / "two.txt"
    good.write_text("MVT\nWF588/04.LNWDE.BGO\nAD1233/1241 EA1350 ABZ\n")
    bad.write_bytes(bytes(range(256)))
    for path in (good, bad):
        os.utime(path, (1, 1))
    (tmp_path / "being-written.txt").write_text("MVT\n")
    now = BEGIN + timedelta(hours=2)
    feeds = read({"telex": {"format": "mvt", "folder": str(tmp_path)}})
    FeedRunner(feeds, pipeline(), clock=lambda: now).tick()
    assert (tmp_path / "done" / "one.txt").exists()
    assert (tmp_path / "being-written.txt").exists()
    assert not bad.exists()
    found = pipeline().journal.flight(FlightKey("WF", 588, None, BEGIN.date(), "BGO"))
    assert found is not None
    assert found.flight.status == "airborne"


def test_a_report_whose_flight_is_not_known_waits_for_an_operator() -> None:
    from windsock.collect.intake import Intake

    feeds = read({"telex": {"format": "mvt"}})
    settings = feeds["telex"]
    intake = Intake("telex", settings.format.parser("telex", {}), pipeline(), clock=lambda: BEGIN)
    taken = intake.take(b"MVT\nWF588/04.LNWDE.ABZ\nAA1150/1155\n")
    assert (taken.recorded, taken.parked) == (0, 1)
    parked = ParkedReport.objects.get()
    assert parked.code == "unknown_flight"
    # The schedule comes later, and an operator says which flight was meant.
    record(
        [
            {
                "flight": "WF588",
                "date": "2026-03-04",
                "origin": "BGO",
                "departure": {"scheduled": "2026-03-04T10:30Z"},
            }
        ],
        source="schedule",
        received_at=BEGIN,
    )
    settle(parked, "WF588.2026-03-04.BGO", by=None, record=record)
    found = pipeline().journal.flight(FlightKey("WF", 588, None, BEGIN.date(), "BGO"))
    assert found is not None
    assert found.flight.status == "arrived"
    assert not ParkedReport.objects.get().waits


def test_while_the_journal_takes_nothing_the_provider_is_not_asked_more_often(provider: Provider) -> None:
    provider.answers = [Answer(body=board(LATE))]
    world = World(provider.url)
    pipeline().stop()  # whoever is handed a report is told to come back
    for _ in range(40):
        world.after(1 / 15)
    assert len(provider.asked) == 1
    assert delay() is None
    stop()
    after_restart = World(provider.url)
    after_restart.now = world.now
    after_restart.after(2)
    assert delay() == 35
    assert len(provider.asked) == 2
