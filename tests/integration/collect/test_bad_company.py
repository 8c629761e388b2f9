"""One feed that goes wrong harms no other, and says so: in its row, the console, `feed list` and /readyz."""

import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests.integration.collect.provider import Answer, Provider
from tests.integration.collect.rotten import ROTTEN, Rotten
from tests.integration.collect.test_feed_duties import LATE, board
from tests.services import wait_until
from windsock.collect import health as feedhealth
from windsock.collect import http as fetching
from windsock.collect.feed_duties import FeedRunner
from windsock.collect.folder import Folder
from windsock.collect.intake import Intake
from windsock.collect.models import FeedInput, FeedState
from windsock.conf import config
from windsock.errors import ConfigError, FeedError, JournalUnavailable
from windsock.feeds import avinor
from windsock.feeds.configuration import read
from windsock.feeds.parsing import Gathering
from windsock.flights import FlightKey
from windsock.ingest import pipeline

TELEX = "MVT\nWF588/{day}.LNWDE.BGO\nAD1233/1241 EA1350 ABZ\n"


@pytest.fixture
def rotten() -> Iterator[dict[str, Rotten]]:
    servers = {name: Rotten(behaviour) for name, behaviour in ROTTEN.items()}
    yield servers
    for server in servers.values():
        server.close()


@pytest.mark.django_db(transaction=True)
def test_a_good_feed_and_a_folder_are_on_time_beside_eleven_rotten_providers(
    rotten: dict[str, Rotten], provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.answers = [Answer(body=board(LATE))]
    avinor_feed = {"format": "avinor", "airport": "BGO"}
    feeds: dict[str, Any] = {name: {**avinor_feed, "url": server.url} for name, server in rotten.items()}
    feeds |= {
        "zz-good": {**avinor_feed, "url": provider.url},
        "zz-telex": {"format": "mvt", "folder": str(tmp_path)},
    }
    supervisor = FeedRunner(read(feeds), pipeline())
    begin = time.monotonic()
    supervisor.start()
    try:
        wait_until(lambda: all(server.asked for server in rotten.values()), 30, "every provider asked")
        wait_until(lambda: delay() == 35, 30, "the good feed's report")
        good = time.monotonic() - begin
        # Now they hang, drip and send; a telex comes.
        dropped = time.monotonic()
        (tmp_path / ".new").write_text(TELEX.format(day="04"))
        (tmp_path / ".new").rename(tmp_path / "one.txt")
        wait_until(lambda: (tmp_path / "done" / "one.txt").exists(), 30, "the telex taken in")
        taken = time.monotonic() - dropped
        assert rotten["hangs"].treated == rotten["drips-head"].treated == 0, "they had given up by then"
        kept = FeedInput.objects.get(feed="zz-telex")
        assert abs(kept.received_at - timezone.now()) < timedelta(seconds=30)
        print(f"good feed after {good:.2f} s, telex after {taken:.2f} s")
        failing = {"moves", "fails", "absurd-seconds", "absurd-date", "wrong-types", "no-http", "never-ends"}
        wait_until(lambda: failing <= failing_feeds(), 60, f"all of {failing} shown as failing")
        assert not {"zz-good", "zz-telex"} & failing_feeds()
        for name in ("absurd-seconds", "absurd-date"):
            next_at = FeedState.objects.get(name=name).next_at
            assert next_at is not None
            assert next_at - timezone.now() <= timedelta(hours=25)
    finally:
        for server in rotten.values():
            server.close()
        supervisor.stop(60)
    assert [thread.name for thread in threading.enumerate() if "windsock-feed" in thread.name] == []


def failing_feeds() -> set[str]:
    return {state.name for state in FeedState.objects.all() if feedhealth.fails(state)}


def delay() -> int | None:
    found = pipeline().journal.flight(FlightKey("WF", 588, None, datetime(2026, 3, 4).date(), "BGO"))  # noqa: DTZ001
    return None if found is None else found.flight.departure.delay_minutes


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["drips-head", "drips-body", "half-closes", "hangs"])
def test_an_answer_that_never_ends_is_given_up_and_told(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "WHOLE_SECONDS", 0.5)
    server = Rotten(ROTTEN[name])
    try:
        feeds = read({"oslo": {"format": "avinor", "airport": "BGO", "url": server.url}})
        FeedRunner(feeds, pipeline()).tick()
    finally:
        server.close()
    state = FeedState.objects.get()
    assert feedhealth.fails(state)
    assert "127.0.0.1" in state.error


@pytest.mark.django_db(transaction=True)
def test_what_came_bears_the_time_at_which_it_came(provider: Provider) -> None:
    begin = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
    moments = iter(range(10_000))
    provider.answers = [Answer(body=board())]
    feeds = read({"bergen": {"format": "avinor", "airport": "BGO", "url": provider.url}})
    # A clock on which a second passes at each look: asking took some, however short it was.
    supervisor = FeedRunner(feeds, pipeline(), clock=lambda: begin + timedelta(seconds=next(moments)))
    now = begin + timedelta(seconds=next(moments))
    supervisor.tick()
    kept = FeedInput.objects.get()
    heard_at = FeedState.objects.get().heard_at
    assert heard_at is not None
    assert now < kept.received_at < heard_at


@given(st.one_of(st.text(max_size=40), st.integers().map(str), st.floats().map(str), st.datetimes().map(str)))
def test_whatever_a_provider_writes_into_retry_after_is_a_bounded_rest_or_nothing(text: str) -> None:
    rest = fetching._retry_after({"retry-after": text})
    assert rest is None or 0 <= rest <= fetching.LONGEST_REST_SECONDS


@pytest.mark.parametrize(
    ("given", "rest"),
    [
        ("120", 120.0),
        ("-5", None),
        ("9" * 400, fetching.LONGEST_REST_SECONDS),
        ("²", None),
        ("1e9", None),
        ("soon", None),
        ("", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", fetching.LONGEST_REST_SECONDS),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 99 Foo 20151 07:28:00 +9999", None),
    ],
)
def test_retry_after_is_read_as_the_standard_has_it(given: str, rest: float | None) -> None:
    assert fetching._retry_after({"retry-after": given}) == rest


# Whatever is raised --------------------------------------------------------------------------------------------------

RAISED = [
    ValueError("not a number"),
    TypeError("NoneType"),
    KeyError("departure"),
    IndexError("list index out of range"),
    AttributeError("no attribute"),
    OverflowError("date value out of range"),
    RecursionError("maximum recursion depth exceeded"),
    MemoryError(),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    AssertionError("impossible"),
    StopIteration(),
    TimeoutError("timed out"),
    ZeroDivisionError("division by zero"),
    OSError(5, "Input/output error"),
    OperationalError("database is locked"),
    FeedError("The input is not what it should be."),
    ConfigError("A setting is missing."),
    JournalUnavailable("The journal cannot be written."),
]


def raising(error: Exception) -> Any:
    def raises(*args: Any, **kwargs: Any) -> Any:
        raise error

    return raises


STAGES = {
    "parser": (Gathering, "parsed"),
    "what is asked": (avinor.Poller, "requests"),
    "next page": (avinor.Poller, "next_page"),
    "where to go on": (avinor.Poller, "cursor"),
    "intake": (Intake, "_settle"),
    "pipeline": (pipeline, "submit_prepared"),
}


# Every error in the parser and the pipeline; of the other stages each a few, so that every error is met again there.
CASES = [
    (stage, error)
    for place, stage in enumerate(STAGES)
    for number, error in enumerate(RAISED)
    if stage in ("parser", "pipeline") or number % 4 == place % 4
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("stage", "error"), CASES, ids=lambda one: one if isinstance(one, str) else type(one).__name__
)
def test_a_feed_in_which_anything_is_raised_is_shown_as_failing_with_the_error(
    stage: str,
    error: Exception,
    provider: Provider,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    where, name = STAGES[stage]
    provider.answers = [Answer(body=board(LATE))]
    bergen = {"format": "avinor", "airport": "BGO", "url": provider.url}
    settings.WINDSOCK = {"FEEDS": {"bergen": bergen}}
    now = timezone.now()
    place = where() if where is pipeline else where
    works, broken = getattr(place, name), True

    def maybe(*args: Any, **kwargs: Any) -> Any:
        if broken:
            raise error
        return works(*args, **kwargs)

    monkeypatch.setattr(place, name, maybe)
    supervisor = FeedRunner(read(config().feeds), pipeline(), clock=lambda: now)
    supervisor.tick()
    (shown,) = feedhealth.feeds()
    assert shown.state == "failing"
    ready = Client().get("/readyz").json()["feeds"]["bergen"]
    assert ready["state"] == "failing"
    said = (
        str(error)
        if isinstance(error, (FeedError, ConfigError, JournalUnavailable))
        else type(error).__name__
    )
    if isinstance(error, OperationalError):
        said = str(error)
    assert said in FeedState.objects.get().error
    assert said in ready["error"]
    # And it ends with the next answer that can be used.
    broken = False
    now += timedelta(minutes=20)
    supervisor.tick()
    (shown,) = feedhealth.feeds()
    assert shown.state != "failing"


# Folders -------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("in_the_way", ["a file called done", "a link to nowhere"])
def test_a_folder_whose_done_cannot_be_made_reads_its_file_once_and_says_so(
    in_the_way: str, tmp_path: Path
) -> None:
    done = tmp_path / "done"
    if in_the_way == "a link to nowhere":
        done.symlink_to(tmp_path / "no" / "where")
    else:
        done.write_text("in the way")
        os.utime(done, (time.time() + 3600,) * 2)  # not settled: it is no telex
    (tmp_path / "one.txt").write_text(TELEX.format(day="04"))
    os.utime(tmp_path / "one.txt", (1, 1))
    feeds = read({"telex": {"format": "mvt", "folder": str(tmp_path)}})
    supervisor = FeedRunner(feeds, pipeline())
    for _ in range(20):
        supervisor.tick()
    assert FeedInput.objects.count() == 1
    state = FeedState.objects.get()
    assert feedhealth.fails(state)
    assert "done" in state.error
    # Others are taken in meanwhile.
    (tmp_path / "two.txt").write_text(TELEX.format(day="05"))
    os.utime(tmp_path / "two.txt", (1, 1))
    supervisor.tick()
    assert FeedInput.objects.count() == 2


def test_a_file_that_is_still_written_to_while_it_is_read_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "one.txt"
    path.write_text("MVT")
    os.utime(path, (1, 1))
    folder = Folder(tmp_path)
    read_bytes: list[bytes] = []

    def take(body: bytes) -> bool:
        read_bytes.append(body)
        if len(read_bytes) == 1:
            path.write_text("MVT, and the rest")
            os.utime(path, (2, 2))
        return True

    folder.empty(folder.look(), take)
    assert path.exists()
    folder.empty(folder.look(), take)
    assert read_bytes == [b"MVT", b"MVT, and the rest"]
    assert (tmp_path / "done" / "one.txt").exists()


def test_a_file_from_a_server_whose_clock_is_ahead_is_taken_once_it_rests(tmp_path: Path) -> None:
    now = 0.0
    path = tmp_path / "one.txt"
    path.write_text("MVT")
    os.utime(path, (time.time() + 7200,) * 2)
    folder = Folder(tmp_path, tick=lambda: now)
    assert folder.look() == []
    now = 1.1
    assert folder.look() == [path]


def test_a_file_that_cannot_be_recorded_stays_and_others_go_on(tmp_path: Path) -> None:
    now = 0.0
    for name in ("one.txt", "two.txt"):
        (tmp_path / name).write_text(name)
        os.utime(tmp_path / name, (1, 1))
    tries: list[bytes] = []

    def take(body: bytes) -> bool:
        tries.append(body)
        if body == b"one.txt":
            raise JournalUnavailable("The disk is full.")
        return True

    folder = Folder(tmp_path, tick=lambda: now)
    with pytest.raises(FeedError, match="The disk is full"):
        folder.empty(folder.look(), take)
    assert tries == [b"one.txt", b"two.txt"]
    assert folder.look() == []
    now = 2.1
    assert folder.look() == [tmp_path / "one.txt"]


def test_a_file_at_which_windsock_itself_fails_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "one.txt"
    path.write_text("MVT")
    os.utime(path, (1, 1))
    folder = Folder(tmp_path)
    folder.empty(folder.look(), raising(KeyError("a fault of ours")))
    assert (tmp_path / "failed" / "one.txt").exists()
