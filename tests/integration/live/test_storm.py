"""A reconnect storm is served from memory: no question to the database, each answer encoded once per set of topics."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from channels.layers import channel_layers
from django.db.backends.base.base import BaseDatabaseWrapper

from tests.unit.live.world import FakeOutlet
from windsock.access.rights import Identity
from windsock.ingest import arecord
from windsock.ingest import stop as stop_ingest
from windsock.live.service import LiveService
from windsock.protocol import codec, messages
from windsock.protocol.positions import Position

pytestmark = [pytest.mark.django_db(transaction=True)]

CLIENTS = 2_000
TOPICS = (("all",), ("departures:ATL",), ("arrivals:MCO", "carrier:DL"), ("route:ATL-MCO",))


@pytest.fixture
async def service(transactional_db: None) -> AsyncIterator[LiveService]:
    channel_layers.backends.clear()
    service = await LiveService.running()
    await asyncio.wait_for(service.tail.loaded(), 60)
    yield service
    await service.stop()
    await asyncio.to_thread(stop_ingest)


@pytest.fixture
def questions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Everything that is asked of the database by threads that answer clients; the followers' looks are no part."""
    asked: list[str] = []
    cursor = BaseDatabaseWrapper.cursor

    def counted(self: Any) -> Any:
        if not threading.current_thread().name.startswith(("windsock-tail", "windsock-rights")):
            asked.append(threading.current_thread().name)
        return cursor(self)

    monkeypatch.setattr(BaseDatabaseWrapper, "cursor", counted)
    return asked


def report(number: int, gate: str) -> dict[str, Any]:
    return {"flight": f"DL{number}", "date": "2015-01-02", "origin": "ATL", "destination": "MCO",
            "departure": {"scheduled": "2015-01-02T13:55:00Z", "gate": gate}}  # fmt: skip


async def come(service: LiveService, number: int, after: Position | None) -> tuple[Any, FakeOutlet]:
    outlet = FakeOutlet()
    identity = Identity(user_id=number, name=f"user-{number}")
    conversation = await service.attach(outlet, identity)
    outlet.session = conversation.session
    asked = messages.Subscribe(
        topics=list(TOPICS[number % len(TOPICS)]),
        id="1",
        after=str(after) if after is not None else msgspec.UNSET,
    )
    conversation.receive(codec.encode(asked).decode())
    return conversation, outlet


async def test_two_thousand_thrown_off_at_once_resume_without_a_question_to_the_database(
    service: LiveService, questions: list[str]
) -> None:
    await arecord([report(number, "A1") for number in range(1, 51)], source="test")
    crowd = [await come(service, number, None) for number in range(CLIENTS)]
    position = service.hub.position
    for conversation, _ in crowd:
        service.detach(conversation)
    assert service.hub.session_count == len(service.rights) == 0
    await arecord([report(number, "B2") for number in range(1, 51)], source="test")
    questions.clear()

    began = service.loop.time()
    crowd = [await come(service, number, position) for number in range(CLIENTS)]
    took = service.loop.time() - began

    assert questions == []
    assert service.hub.stats.resumes == CLIENTS
    assert service.hub.stats.far_resumes == 0
    for _, outlet in crowd:
        kinds = [json.loads(frame)["type"] for frame in outlet.frames[:2]]
        assert kinds == ["welcome", "resumed"]
        assert json.loads(outlet.frames[1])["count"] == 50
        assert len(outlet.frames) == 52
    assert len({id(frame) for _, outlet in crowd for frame in outlet.frames[2:]}) == 50, "encoded anew"
    assert took < 30, f"{took:.2f} s"
    for conversation, _ in crowd:
        service.detach(conversation)


async def test_two_thousand_newcomers_share_one_snapshot_per_set_of_topics(
    service: LiveService, questions: list[str]
) -> None:
    await arecord([report(number, "A1") for number in range(1, 51)], source="test")
    questions.clear()
    before = service.hub.stats.snapshots
    crowd = [await come(service, number, None) for number in range(CLIENTS)]
    assert questions == []
    assert service.hub.stats.snapshots - before == CLIENTS
    texts = {frame for _, outlet in crowd for frame in outlet.frames if b'"snapshot"' in frame[:30]}
    assert len(texts) == len(TOPICS)
    for conversation, _ in crowd:
        service.detach(conversation)


async def test_nothing_of_a_storm_stays(service: LiveService) -> None:
    crowd = [await come(service, number, None) for number in range(100)]
    assert len(service.rights) == 100
    for conversation, _ in crowd:
        service.detach(conversation)
    assert service.hub.session_count == len(service.rights) == 0
    assert not service.hub._connection_limits._per_user
