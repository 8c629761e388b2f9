"""The group `flight-delay` is whole: each writer, server and layer, consumers of any speed, any interruption."""

import asyncio
import json
import logging
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer
from websockets.sync.client import ClientConnection

from tests.dial import dial
from tests.integration.live.servers import Project, Server, sqlite, until
from windsock.journal.database import DatabaseJournal
from windsock.journal.models import CursorRow
from windsock.live.group import duties as live_duties
from windsock.live.group import ringer as ringer_module
from windsock.live.group.ringer import GROUP, Ringer, Rung

IN_MEMORY = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
RECORD = "from windsock.ingest import record, stop; record({reports!r}, source='elsewhere'); stop()"


def reports(first: int, count: int) -> list[dict[str, Any]]:
    return [
        {"flight": f"DL{number}", "date": "2015-01-02", "origin": "ATL", "departure": {"gate": "B1"}}
        for number in range(first, first + count)
    ]


FIRST_TRY = 9001
"""Flights from this number on only try whether the group is rung."""


def heard(client: ClientConnection, count: int, within: float = 90) -> list[str]:
    """The next `count` flights that the consumer passes on, without those that only tried."""
    found: list[str] = []
    while len(found) < count:
        flight = json.loads(client.recv(timeout=within))["flight"]
        if flight["number"] < FIRST_TRY:
            found.append(flight["designator"])
    return found


def tutorial(server: Server) -> ClientConnection:
    # Without a bound: all consumers are sent everything while one after another is read here.
    return dial(f"ws://127.0.0.1:{server.port}/ws/tutorial/", max_queue=None)


def is_rung(server: Server, token: str, consumers: list[ClientConnection]) -> None:
    """Return when every consumer has heard something: the ringer has begun."""
    waiting = list(consumers)
    for attempt in range(200):
        _post(server, token, reports(FIRST_TRY + attempt, 1))
        try:
            while waiting:
                waiting[0].recv(timeout=0.2)
                del waiting[0]
        except TimeoutError:
            continue
        return
    raise AssertionError("the group was never rung")


SERVERS = {
    "uvicorn": {"kind": "uvicorn", "application": "tests.group_app:application", "lifespan": "on"},
    "uvicorn, routed as the seed": {"kind": "uvicorn", "application": "tests.group_app:seed"},
    "Daphne": {"kind": "daphne", "application": "tests.group_app:application"},
    "Daphne, routed as the seed": {"kind": "daphne", "application": "tests.group_app:seed"},
}


@pytest.fixture(scope="module", params=["memory", "Redis"])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A host project on one of the layers."""
    folder = tmp_path_factory.mktemp("project")
    layers: dict[str, Any] = IN_MEMORY
    if request.param == "Redis":
        url = request.getfixturevalue("redis_url")
        layers = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer",
                              "CONFIG": {"hosts": [url], "prefix": folder.name}}}  # fmt: skip
    project = Project(folder, sqlite(folder / "journal.sqlite3"), layers)
    project.shares_its_layer = request.param == "Redis"  # type: ignore[attr-defined]
    project.secret = project.token()  # type: ignore[attr-defined]
    project.flights = iter(range(1, FIRST_TRY, 10))  # type: ignore[attr-defined]
    return project


def runner(project: Project) -> Any:
    return project.process("runner", sys.executable, "-m", "django", "windsock_run", "--duty", "group")


@pytest.mark.parametrize("server", SERVERS)
def test_a_consumer_gets_what_every_writer_writes(project: Project, server: str) -> None:
    token, first = project.secret, next(project.flights)  # type: ignore[attr-defined]
    with ExitStack() as running:
        if project.shares_its_layer and server != "uvicorn":  # type: ignore[attr-defined]
            running.enter_context(runner(project))
        here = running.enter_context(project.server(**SERVERS[server]))
        _page(here)  # the first request: where nobody sends `lifespan`, live delivery starts with it
        consumers = [running.enter_context(tutorial(here)) for _ in range(2)]
        is_rung(here, token, consumers)

        project.python(RECORD.format(reports=reports(first, 3)))  # another process, such as Celery's
        _post(here, token, reports(first + 3, 3))  # REST, in the server's own process
        with here.connect(token=token) as publisher:  # the socket
            publisher.send(json.dumps({"type": "report", "id": "1", "report": reports(first + 6, 1)[0]}))
            until(publisher, "recorded")
        expected = [f"DL{number}" for number in range(first, first + 7)]
        assert [heard(consumer, 7) for consumer in consumers] == [expected, expected]


def test_three_hundred_changes_reach_five_consumers(project: Project) -> None:
    token = project.secret  # type: ignore[attr-defined]
    with ExitStack() as running:
        if project.shares_its_layer:  # type: ignore[attr-defined]
            running.enter_context(runner(project))
        here = running.enter_context(project.server("daphne", "tests.group_app:application"))
        consumers = [running.enter_context(tutorial(here)) for _ in range(5)]
        is_rung(here, token, consumers)
        _post(here, token, reports(501, 300))
        expected = [f"DL{number}" for number in range(501, 801)]
        for consumer in consumers:
            assert heard(consumer, 300) == expected


def _page(server: Server) -> None:
    from urllib.request import urlopen

    with urlopen(f"http://127.0.0.1:{server.port}/healthz", timeout=90) as answer:
        assert answer.status == 200


def _post(server: Server, token: str, body: list[dict[str, Any]]) -> None:
    from urllib.request import Request, urlopen

    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    url = f"http://127.0.0.1:{server.port}/api/v1/reports"
    with urlopen(Request(url, json.dumps(body).encode(), headers), timeout=90) as answer:
        assert answer.status == 200


# --- One ringer, on a layer in memory ---------------------------------------------------------------------------------


def rung(first: int, count: int) -> list[Rung]:
    body = b'{"type":"event","position":"e:%d","flight":{"id":"x"}}'
    return [Rung(offset, body % offset) for offset in range(first, first + count)]


async def take(layer: InMemoryChannelLayer, channel: str, count: int, pause: float = 0.0) -> list[str]:
    got = []
    for _ in range(count):
        message = await asyncio.wait_for(layer.receive(channel), 90)
        got.append(message["data"]["position"])
        if pause:
            await asyncio.sleep(pause)
    return got


async def test_consumers_of_any_speed_get_every_event_in_order() -> None:
    layer = InMemoryChannelLayer()
    channels = [await layer.new_channel() for _ in range(4)]
    for channel in channels:
        await layer.group_add(GROUP, channel)
    ringer = Ringer(layer, "e:0")
    readers = [
        asyncio.create_task(take(layer, channel, 400, pause))
        for channel, pause in zip(channels, (0.0, 0.0001, 0.001, 0.002), strict=True)
    ]
    await ringer.ring("e", rung(1, 400))
    expected = [f"e:{offset}" for offset in range(1, 401)]
    for got in await asyncio.gather(*readers):
        assert got == expected
    assert ringer.missed == 0


async def test_each_message_says_what_was_rung_before_it() -> None:
    layer = InMemoryChannelLayer()
    channel = await layer.new_channel()
    await layer.group_add(GROUP, channel)
    await Ringer(layer, "e:4").ring("e", [*rung(5, 1), *rung(9, 1)])
    first, second = await layer.receive(channel), await layer.receive(channel)
    assert first["windsock"] == {"after": "e:4"}
    assert second["windsock"] == {"after": "e:5"}, "so that a consumer sees that it missed nothing in between"
    assert set(first) == {"type", "data", "windsock"}


async def test_a_consumer_that_takes_nothing_holds_up_the_others_once_and_is_told_of_by_position(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ringer_module, "STUCK_SECONDS", 1.0)
    layer = InMemoryChannelLayer()
    good, bad = await layer.new_channel(), await layer.new_channel()
    for channel in (good, bad):
        await layer.group_add(GROUP, channel)
    ringer = Ringer(layer, "e:0")
    reader = asyncio.create_task(take(layer, good, 1_000))
    began = time.monotonic()
    with caplog.at_level(logging.WARNING):
        await ringer.ring("e", rung(1, 1_000))
    assert await reader == [f"e:{offset}" for offset in range(1, 1_001)]
    assert time.monotonic() - began < 8, "one wait, not one for each window"

    held = layer.channels[bad].qsize()
    assert ringer.missed >= 1_000 - held > 0
    assert ringer.stuck[bad].last == "e:1000"
    assert bad in caplog.text

    await take(layer, bad, held)
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        await ringer.ring("e", rung(1_001, 1))
    assert "it missed" in caplog.text
    assert "to e:1000" in caplog.text
    assert await take(layer, bad, 1) == ["e:1001"]


# --- The duty, across interruptions -----------------------------------------------------------------------------------


class SharedLayer(InMemoryChannelLayer):
    """What a shared layer is to the duty: every message sent, and now and then a failure."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []
        self.fail_after: int | None = None

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        if self.fail_after is not None:
            if not self.fail_after:
                raise ConnectionError("Redis is gone")
            self.fail_after -= 1
        self.told.append(message["data"]["position"])


@pytest.fixture
def layer(monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> SharedLayer:
    layer = SharedLayer()
    monkeypatch.setattr(live_duties, "get_channel_layer", lambda alias: layer)
    return layer


def record(first: int, count: int) -> None:
    from windsock.ingest import record

    record(reports(first, count), source="test")


def offsets(layer: SharedLayer) -> list[int]:
    return [int(position.rpartition(":")[2]) for position in layer.told]


def test_the_duty_begins_at_the_head_and_rings_each_event_once(layer: SharedLayer) -> None:
    record(1, 5)
    work = live_duties.GroupWork()
    work.run()
    assert layer.told == [], "what was before it began is nobody's news"
    record(6, 450)
    for _ in range(5):
        work.run()
    assert offsets(layer) == list(range(6, 456))


def test_another_process_rings_on_from_where_the_first_was_stored(layer: SharedLayer) -> None:
    first = live_duties.GroupWork()
    first.run()
    record(1, 3)
    first.run()
    record(4, 3)
    live_duties.GroupWork().run()
    assert offsets(layer) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("after", [0, 1, 7])
def test_after_a_failure_nothing_is_left_out(layer: SharedLayer, after: int) -> None:
    work = live_duties.GroupWork()
    work.run()
    record(1, 10)
    layer.fail_after = after
    with pytest.raises(ConnectionError):
        work.run()
    layer.fail_after = None
    work.run()
    assert sorted(set(offsets(layer))) == list(range(1, 11))
    assert offsets(layer)[-10:] == list(range(1, 11)), "at least once, in order"


def test_a_replaced_journal_is_rung_from_its_head(layer: SharedLayer) -> None:
    work = live_duties.GroupWork()
    work.run()
    record(1, 2)
    work.run()
    DatabaseJournal("default").renew()
    work.run()
    record(3, 1)
    work.run()
    assert len(layer.told) == 3


def test_what_was_pruned_before_it_was_rung_is_said(
    layer: SharedLayer, caplog: pytest.LogCaptureFixture
) -> None:
    work = live_duties.GroupWork()
    work.run()
    record(1, 5)
    journal = DatabaseJournal("default")
    far = datetime(2100, 1, 1, tzinfo=UTC)
    journal.prune(events_before=far, reports_before=far, flights_before=far)
    epoch = journal.head().epoch
    CursorRow.objects.filter(name=live_duties.CURSOR).update(offset=0)
    record(6, 1)
    with caplog.at_level(logging.ERROR):
        work.run()
    assert f"group.flight-delay skipped events it had not read, from {epoch}:0 to {epoch}:5" in caplog.text
    work.run()
    assert offsets(layer)[-1] == journal.head().offset
