"""The watch over rights in one process: the net under what nobody noted, and connections that are on their way in."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import channel_layers
from django.contrib.auth import get_user_model

from tests.unit.live.world import FakeOutlet
from windsock.access import revocations, tokens
from windsock.access.models import Token
from windsock.access.rights import Identity
from windsock.ingest import stop as stop_ingest
from windsock.live.admission.rights import RightsWatch
from windsock.live.service import LiveService

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
async def service(transactional_db: None) -> AsyncIterator[LiveService]:
    channel_layers.backends.clear()
    service = await LiveService.running()
    await asyncio.wait_for(service.tail.loaded(), 60)
    yield service
    await service.stop()
    await asyncio.to_thread(stop_ingest)


async def until(condition: Callable[[], bool], within: float = 60) -> None:
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.01)


async def come(service: LiveService, identity: Identity) -> FakeOutlet:
    outlet = FakeOutlet()
    conversation = await service.attach(outlet, identity)
    outlet.session = conversation.session
    return outlet


async def users(number: int) -> list[Any]:
    model = get_user_model()
    return await sync_to_async(model.objects.bulk_create)(
        [model(username=f"user-{n}", password="x") for n in range(number)]
    )


async def test_what_nobody_noted_is_found_by_the_net(service: LiveService) -> None:
    await service.rights.stop()
    rights = service.rights = RightsWatch(recheck_seconds=1.0, look_seconds=0.05)
    rights.start()
    crowd = await users(1_200)
    outlets = [await come(service, Identity(user_id=user.pk, name=user.username)) for user in crowd]
    await get_user_model().objects.filter(pk__in=[user.pk for user in crowd[::2]]).aupdate(is_active=False)
    await until(lambda: all(outlet.closed is not None for outlet in outlets[::2]))
    assert {outlet.closed[0] for outlet in outlets[::2] if outlet.closed} == {4001}
    assert all(outlet.closed is None for outlet in outlets[1::2])


async def test_a_right_that_ends_while_its_bearer_comes_in_ends_the_connection(service: LiveService) -> None:
    (ann,) = await users(1)
    identity = Identity(user_id=ann.pk, name="ann")  # looked up before …
    await until(lambda: service.rights._reader._floor is not None)
    ann.is_active = False
    await ann.asave()  # … it ends, and is read by this process …
    await until(lambda: bool(service.rights._recent))
    outlet = await come(service, identity)  # … before the connection is there
    await until(lambda: outlet.closed is not None)
    assert outlet.closed is not None
    assert outlet.closed[0] == 4001


async def test_many_who_lose_at_once_are_asked_together(
    service: LiveService, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = await users(300)
    outlets = [await come(service, Identity(user_id=user.pk, name=user.username)) for user in crowd]
    await until(lambda: not service.rights._doubtful)
    asked_before = service.rights.asked
    questions = 0
    from windsock.live.admission import rights

    original = rights.recheck_all

    def counted(*given: Any) -> Any:
        nonlocal questions
        questions += 1
        return original(*given)

    monkeypatch.setattr(rights, "recheck_all", counted)

    def take() -> None:
        from django.db import transaction

        with transaction.atomic():
            get_user_model().objects.update(is_active=False)
            for user in crowd:
                revocations.record(revocations.Kind.USER, user.pk)

    await sync_to_async(take)()
    await until(lambda: all(outlet.closed is not None for outlet in outlets))
    assert questions <= 2
    assert service.rights.asked - asked_before <= 600


async def test_a_longer_life_of_a_token_is_taken_up(service: LiveService) -> None:
    from datetime import timedelta

    from django.utils import timezone

    soon = timezone.now() + timedelta(seconds=20)
    token, secret = await sync_to_async(tokens.create)(None, "board", ["read"], soon)
    identity = await tokens.aauthenticate(secret)
    assert identity is not None
    outlet = await come(service, identity)
    later = timezone.now() + timedelta(hours=1)
    await sync_to_async(lambda: Token(pk=token.pk, expires_at=later).save(update_fields=["expires_at"]))()
    assert outlet.session is not None
    session = outlet.session
    await until(lambda: session.identity.expires_at == later)
    assert outlet.closed is None
