"""The contract that started Windsock: what a tutorial's flight-delay consumer promised, kept by the real thing."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.auth import AuthMiddlewareStack
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import channel_layers, get_channel_layer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.contrib.sessions.backends.db import SessionStore
from django.urls import path

from tests.communicator import Communicator
from windsock.ingest import stop as stop_ingest
from windsock.live.admission import overload
from windsock.live.service import LiveService
from windsock.routing import websocket_urlpatterns

pytestmark = [pytest.mark.django_db(transaction=True)]

SUBPROTOCOL = "windsock.v1.json"
REPORT = {
    "flight": "DL1865",
    "date": "2015-01-02",
    "origin": "ATL",
    "destination": "MCO",
    "departure": {"scheduled": "2015-01-02T13:55:00Z", "estimated": "2015-01-02T14:30:00Z"},
}


class TutorialConsumer(AsyncWebsocketConsumer):
    """As the tutorial writes it."""

    async def connect(self) -> None:
        await self.channel_layer.group_add("flight-delay", self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard("flight-delay", self.channel_name)

    async def flight_delay(self, event: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps(event["data"]))


application = ProtocolTypeRouter(
    {
        "websocket": AuthMiddlewareStack(
            URLRouter([*websocket_urlpatterns, path("ws/tutorial/", TutorialConsumer.as_asgi())])
        )
    }
)


def signed_in(name: str, *, publish: bool = False) -> list[tuple[bytes, bytes]]:
    """A new user's handshake headers, as their browser sends them."""
    user = get_user_model().objects.create_user(name, password="x")
    if publish:
        user.user_permissions.add(Permission.objects.get(codename="publish"))
    session = SessionStore()
    session["_auth_user_id"] = str(user.pk)
    session["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
    session["_auth_user_hash"] = user.get_session_auth_hash()
    session.save()
    return [
        (b"cookie", f"sessionid={session.session_key}".encode()),
        (b"host", b"testserver"),
        (b"origin", b"http://testserver"),
    ]


def browser(headers: list[tuple[bytes, bytes]], *, plain: bool = False) -> Communicator:
    """A connection with our subprotocol, or a plain one."""
    subprotocols = None if plain else [SUBPROTOCOL]
    return Communicator(application, "/ws/flight-delay/", headers=headers, subprotocols=subprotocols)


async def told(client: Communicator, kind: str, within: float = 60) -> dict[str, Any]:
    """The next message of this type."""
    while True:
        message = await client.receive_json_from(timeout=within)
        if message["type"] == kind:
            return message


@pytest.fixture
async def service(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LiveService]:
    """The live service of this test's loop, stopped at its end."""
    monkeypatch.setattr(overload, "LATE_SECONDS", 60.0)  # nobody is refused because this machine is slow
    channel_layers.backends.clear()
    service = await LiveService.running()
    await asyncio.wait_for(service.tail.loaded(), 60)
    yield service
    await service.stop()
    await asyncio.to_thread(stop_ingest)


async def test_anonymous_is_refused_before_the_accept(service: LiveService) -> None:
    client = browser([(b"host", b"testserver"), (b"origin", b"http://testserver")])
    connected, code = await client.connect()
    assert not connected
    assert code == 4003
    assert service.hub.session_count == 0


async def test_a_signed_in_user_connects_and_is_in(service: LiveService) -> None:
    client = browser(await sync_to_async(signed_in)("ann"))
    connected, subprotocol = await client.connect()
    assert (connected, subprotocol) == (True, SUBPROTOCOL)
    welcome = await told(client, "welcome")
    assert welcome["may_publish"] is False
    assert service.hub.session_count == 1
    await client.disconnect()


async def test_json_of_a_publisher_reaches_every_client_and_its_sender(service: LiveService) -> None:
    sender = browser(await sync_to_async(signed_in)("ben", publish=True), plain=True)
    others = [browser(await sync_to_async(signed_in)(f"reader-{n}"), plain=True) for n in range(5)]
    for client in (sender, *others):
        assert (await client.connect())[0]
    await sender.send_json_to(REPORT)
    first = await told(sender, "event")
    assert first["flight"]["id"] == "DL1865.2015-01-02.ATL"
    assert first["flight"]["departure"]["delay_minutes"] == 35
    for client in others:
        assert await told(client, "event") == first
    recorded = await told(sender, "recorded")
    assert recorded["position"] == first["position"]
    for client in (sender, *others):
        await client.disconnect()


async def test_one_who_may_not_publish_gets_a_clear_error_and_nobody_else_sees_anything(
    service: LiveService,
) -> None:
    sender = browser(await sync_to_async(signed_in)("cid"), plain=True)
    other = browser(await sync_to_async(signed_in)("dan"), plain=True)
    await sender.connect()
    await other.connect()
    await sender.send_json_to(REPORT)
    error = await told(sender, "error")
    assert error["code"] == "forbidden"
    assert "windsock.publish" in error["message"]
    assert await other.receive_nothing(timeout=0.3)
    assert (await sync_to_async(service.journal.head)()).offset == 0
    await sender.disconnect()
    await other.disconnect()


async def test_a_tutorial_consumer_in_the_host_project_gets_every_event(service: LiveService) -> None:
    from windsock.ingest import arecord

    tutorial = Communicator(application, "/ws/tutorial/")
    assert (await tutorial.connect())[0]
    many = 500
    await arecord([{**REPORT, "flight": f"DL{number}"} for number in range(1, many + 1)], source="test")
    got = [await tutorial.receive_json_from() for _ in range(many)]
    offsets = [int(message["position"].rpartition(":")[2]) for message in got]
    assert offsets == list(range(1, many + 1))
    assert all(set(message) == {"type", "position", "flight", "changes", "recorded_at"} for message in got)
    assert service.bridge is not None and service.bridge.dropped == 0
    await tutorial.disconnect()


@pytest.mark.parametrize("how", ["async", "sync"])
async def test_what_any_django_code_sends_to_the_group_reaches_every_client_as_a_notice(
    service: LiveService, how: str
) -> None:
    clients = [browser(await sync_to_async(signed_in)(f"eve-{how}-{n}"), plain=bool(n % 2)) for n in range(4)]
    for client in clients:
        assert (await client.connect())[0]
    await _until(lambda: service.bridge is not None and service.bridge.connected)
    message = {"type": "flight.delay", "data": {"flight": "DL1865", "delay": 35}}
    layer = get_channel_layer()
    if how == "async":
        await layer.group_send("flight-delay", message)
    else:
        await sync_to_async(lambda: async_to_sync(layer.group_send)("flight-delay", message))()
    for client in clients:
        assert (await told(client, "notice"))["data"] == {"flight": "DL1865", "delay": 35}
        await client.disconnect()
    assert (await sync_to_async(service.journal.head)()).offset == 0


@pytest.mark.slow
async def test_disconnect_leaves_nothing_behind(service: LiveService) -> None:
    """10,000 connects and disconnects: no session, no task, no group member, no memory.

    500 come the whole way, session cookie and all; for the rest the middleware's work (the user in the scope) is done
    once, as 10,000 sign-ins would only measure the database.
    """
    headers = await sync_to_async(signed_in)("flo")
    user = await get_user_model().objects.aget(username="flo")
    consumer = URLRouter(websocket_urlpatterns)

    async def come_and_go(times: int, whole_way: bool = False) -> None:
        for _ in range(times):
            client = browser(headers)
            if not whole_way:
                client = Communicator(
                    consumer, "/ws/flight-delay/", headers=headers, subprotocols=[SUBPROTOCOL]
                )
                client.scope["user"] = user
            assert (await client.connect(timeout=60))[0]
            await client.send_json_to({"type": "subscribe", "id": "1", "topics": ["departures:ATL"]})
            await client.receive_from(timeout=60)
            await client.disconnect(timeout=60)

    await come_and_go(100, whole_way=True)  # caches fill
    await come_and_go(100)
    gc.collect()
    tasks, objects = len(asyncio.all_tasks()), len(gc.get_objects())
    await asyncio.gather(come_and_go(400, whole_way=True), *(come_and_go(940) for _ in range(10)))
    gc.collect()
    grown = len(gc.get_objects()) - objects
    assert service.hub.session_count == 0
    assert len(service.hub.subscriptions) == service.hub.subscriptions.topics == 0
    assert len(service.rights) == 0
    assert len(asyncio.all_tasks()) <= tasks
    assert len(get_channel_layer().groups["flight-delay"]) == 1  # the process itself
    assert grown < 2_000, f"{grown} objects stayed after 9,800 connections"


async def _until(condition: Any, within: float = 60) -> None:
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.01)
