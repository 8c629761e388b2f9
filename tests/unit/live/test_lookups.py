"""Who comes while others are being asked about waits for the next question, and shares it."""

import asyncio
from collections.abc import Collection, Mapping

import pytest

from windsock.access.rights import Identity
from windsock.live.admission import lookups as reception


async def test_those_who_come_with_the_same_token_share_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hall of displays has one token, and comes back all at once: two at a time here, every ten milliseconds."""
    asked: list[Collection[str]] = []

    def tokens(secrets: Collection[str]) -> Mapping[str, Identity]:
        asked.append(secrets)
        return {}

    monkeypatch.setattr(reception.bulk, "by_token_secrets", tokens)
    monkeypatch.setattr(reception, "GATHER_SECONDS", 0.2)
    door = reception.IdentityLookups()
    answers = []
    for _ in range(20):
        answers += [asyncio.create_task(door.token("the hall's")) for _ in range(2)]
        await asyncio.sleep(0.01)
    assert await asyncio.gather(*answers) == [None] * 40
    assert len(asked) <= 8


async def test_who_comes_alone_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reception.bulk, "by_token_secrets", lambda secrets: {})
    monkeypatch.setattr(reception, "GATHER_SECONDS", 60.0)
    door = reception.IdentityLookups()
    async with asyncio.timeout(30):
        for number in range(3):
            assert await door.token(f"token {number}") is None
