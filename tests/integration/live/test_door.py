"""Who comes in at ws/flight-delay/, and when they have to go again."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import channel_layers
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from tests.communicator import Communicator
from tests.contract.test_tutorial_contract import SUBPROTOCOL, application, browser, signed_in, told
from windsock.access import displays, tickets, tokens
from windsock.ingest import arecord
from windsock.ingest import stop as stop_ingest
from windsock.live.admission import overload
from windsock.live.service import LiveService
from windsock.live.transport import consumer

pytestmark = [pytest.mark.django_db(transaction=True)]

OWN = [(b"host", b"testserver"), (b"origin", b"http://testserver")]


@pytest.fixture
async def service(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LiveService]:
    monkeypatch.setattr(overload, "LATE_SECONDS", 60.0)  # nobody is refused because this machine is slow
    # A server reports the end of a connection that we closed; this client never does, and is waited for each time.
    monkeypatch.setattr(consumer, "FAREWELL_SECONDS", 0.5)
    channel_layers.backends.clear()
    service = await LiveService.running()
    await asyncio.wait_for(service.tail.loaded(), 60)
    yield service
    await service.stop()
    await asyncio.to_thread(stop_ingest)


def client(headers: list[tuple[bytes, bytes]], *more: str) -> Communicator:
    return Communicator(application, "/ws/flight-delay/", headers=headers, subprotocols=[SUBPROTOCOL, *more])


async def closes(communicator: Communicator, within: float = 60) -> int:
    async with asyncio.timeout(within):
        while True:
            message: dict[str, Any] = await communicator.receive_output(within)
            if message["type"] == "websocket.close":
                return int(message["code"])


async def test_a_page_of_another_origin_is_refused_with_the_right_cookie(service: LiveService) -> None:
    headers = [pair for pair in await sync_to_async(signed_in)("ann") if pair[0] != b"origin"]
    for page in (b"http://evil.org", b"null", b"http://testserver:81"):
        assert not (await client([*headers, (b"origin", page)]).connect())[0]


async def test_a_cookie_without_an_origin_counts_for_nothing(service: LiveService) -> None:
    headers = [pair for pair in await sync_to_async(signed_in)("ann") if pair[0] != b"origin"]
    assert not (await client(headers).connect())[0]


async def test_the_cookie_of_a_display_opens_a_socket_until_it_is_unlinked(service: LiveService) -> None:
    def link() -> tuple[displays.Display, bytes]:
        waiting = displays.begin()
        assert waiting is not None
        display = displays.approve(waiting.code, name="Hall B", shows="/display/JFK/departures/", by=None)
        return display, f"{displays.COOKIE}={waiting.secret}".encode()

    display, cookie = await sync_to_async(link)()
    # As a session's, it counts only on a page of this origin: any site can make a browser send it.
    assert not (await client([(b"host", b"testserver"), (b"cookie", cookie)]).connect())[0]
    evil = [(b"host", b"testserver"), (b"origin", b"http://evil.org"), (b"cookie", cookie)]
    assert not (await client(evil).connect())[0]
    screen = client([*OWN, (b"cookie", cookie)])
    assert (await screen.connect())[0]
    assert (await told(screen, "welcome"))["may_publish"] is False

    await sync_to_async(displays.revoke)(display)

    assert 4000 <= await closes(screen) <= 4099
    assert not (await client([*OWN, (b"cookie", cookie)]).connect())[0]


async def test_a_bearer_token_needs_no_origin_but_the_scope_to_read(service: LiveService) -> None:
    _, secret = await sync_to_async(tokens.create)(None, "board", ["read"])
    _, writer = await sync_to_async(tokens.create)(None, "feed", ["publish"])
    host = [(b"host", b"testserver")]
    reader = client([*host, (b"authorization", b"Bearer " + secret.encode())])
    assert (await reader.connect())[0]
    assert (await told(reader, "welcome"))["may_publish"] is False
    await reader.disconnect()
    assert not (await client([*host, (b"authorization", b"Bearer " + writer.encode())]).connect())[0]
    assert not (await client([*host, (b"authorization", b"Bearer wrong")]).connect())[0]


async def test_a_ticket_opens_once_and_is_not_echoed(service: LiveService) -> None:
    user = await get_user_model().objects.acreate_user("ann")
    ticket = await tickets.aissue(user, "socket")
    first = client(OWN, f"windsock.ticket.{ticket}")
    assert await first.connect() == (True, SUBPROTOCOL)
    assert not (await client(OWN, f"windsock.ticket.{ticket}").connect())[0]
    await first.disconnect()


async def test_an_unknown_subprotocol_is_closed_with_4006(service: LiveService) -> None:
    other = Communicator(application, "/ws/flight-delay/", headers=OWN, subprotocols=["graphql-ws"])
    assert (await other.connect())[0]
    assert await closes(other) == 4006


async def test_logout_deactivation_and_a_deleted_session_end_the_socket(service: LiveService) -> None:
    for number, deed in enumerate(("deactivate", "delete session", "change password")):
        headers = await sync_to_async(signed_in)(f"user-{number}")
        socket = browser(headers)
        assert (await socket.connect())[0]
        user = await get_user_model().objects.aget(username=f"user-{number}")
        if deed == "deactivate":
            user.is_active = False
            await user.asave()
        elif deed == "delete session":
            key = dict(headers)[b"cookie"].decode().removeprefix("sessionid=")
            await sync_to_async(lambda key=key: SessionStore(key).flush())()
        else:
            user.set_password("another")
            await user.asave()
        assert await closes(socket) == 4001, deed
        await socket.wait()
    assert service.hub.session_count == len(service.rights) == 0


async def test_logging_out_in_the_browser_ends_its_sockets_and_no_others(service: LiveService) -> None:
    from django.contrib.auth import alogout
    from django.http import HttpRequest

    headers = await sync_to_async(signed_in)("ann")
    mine, other = browser(headers), browser(await sync_to_async(signed_in)("ben"))
    assert (await mine.connect())[0]
    assert (await other.connect())[0]
    request = HttpRequest()
    request.session = SessionStore(dict(headers)[b"cookie"].decode().removeprefix("sessionid="))  # type: ignore[assignment]
    request.user = await get_user_model().objects.aget(username="ann")
    await alogout(request)
    assert await closes(mine) == 4001
    assert service.hub.session_count == 1
    await other.disconnect()


async def test_a_lost_permission_sends_the_socket_away_to_come_back_with_what_is_left(
    service: LiveService,
) -> None:
    headers = await sync_to_async(signed_in)("ann", publish=True)
    socket = browser(headers)
    assert (await socket.connect())[0]
    user = await get_user_model().objects.aget(username="ann")
    await user.user_permissions.aremove(await Permission.objects.aget(codename="publish"))
    assert await closes(socket) == 4201
    await socket.wait()
    again = browser(headers)
    assert (await again.connect())[0]
    assert (await told(again, "welcome"))["may_publish"] is False
    await again.disconnect()


async def test_an_expiring_right_is_warned_of_then_ends_with_4201(service: LiveService) -> None:
    expires = timezone.now() + timedelta(seconds=6)
    _, secret = await sync_to_async(tokens.create)(None, "short", ["read"], expires)
    socket = client([(b"host", b"testserver"), (b"authorization", b"Bearer " + secret.encode())])
    assert (await socket.connect())[0]
    assert await told(socket, "auth_expiring")
    assert await closes(socket) == 4201


async def test_stopping_moves_everybody_and_leaves_no_task(service: LiveService) -> None:
    socket = browser(await sync_to_async(signed_in)("ann"))
    assert (await socket.connect())[0]
    await service.stop(0.5)
    assert (await told(socket, "moving"))["delay_seconds"] == 0.25
    assert await closes(socket) == 4200
    await socket.disconnect()
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("windsock")]


async def test_the_event_stream_resumes_with_last_event_id(service: LiveService, settings: Any) -> None:
    from django.http import StreamingHttpResponse
    from django.test import AsyncRequestFactory

    from windsock.live.transport.sse import stream_view

    _, secret = await sync_to_async(tokens.create)(None, "board", ["read"])

    async def opened(**headers: str) -> Any:
        request = AsyncRequestFactory().get(
            "/api/v1/stream?topics=departures:ATL",
            headers={"Authorization": f"Bearer {secret}", **headers},
        )
        response = await stream_view(request)
        assert isinstance(response, StreamingHttpResponse), response.content
        return aiter(response.streaming_content)  # type: ignore[arg-type]

    async def entries(stream: Any, times: int) -> str:
        text = ""
        while text.count("\n\n") < times:
            text += (await asyncio.wait_for(anext(stream), 60)).decode()
        return text

    def report(number: int) -> dict[str, Any]:
        return {"flight": f"DL{number}", "date": "2015-01-02", "origin": "ATL", "destination": "MCO"}

    stream = await opened()
    assert '"type":"snapshot"' in await entries(stream, 2)
    await arecord([report(1)], source="test")
    first = await entries(stream, 1)
    position = first.split("\n")[0].removeprefix("id: ")
    assert position == str(service.hub.position)
    await stream.aclose()
    async with asyncio.timeout(60):
        while service.hub.session_count:
            await asyncio.sleep(0.01)
    await arecord([report(2)], source="test")
    again = await opened(**{"Last-Event-ID": position})
    text = await entries(again, 3)
    assert '"type":"resumed"' in text
    assert "DL2." in text
    assert "DL1." not in text
    await again.aclose()
