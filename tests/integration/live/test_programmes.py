"""Programmes of airports on a real service, told by another process: none lost over a crash, each told once."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from websockets.asyncio.client import connect as plain

from tests.running_service import RunningService
from windsock.client import connect
from windsock.protocol.client_outputs import ProgrammesChanged

BEGIN = datetime.now(UTC) - timedelta(hours=1)


def section(kind: str) -> str:
    """A ground stop, or a ground delay, at JFK."""
    if kind == "stop":
        return "<Ground_Stop_List><Program><ARPT>JFK</ARPT><Reason>wind</Reason></Program></Ground_Stop_List>"
    return "<Ground_Delay_List><Ground_Delay><ARPT>JFK</ARPT><Reason>wind</Reason></Ground_Delay></Ground_Delay_List>"


def told(service: RunningService, minute: int, *kinds: str) -> None:
    """The FAA's document of that minute, taken in by a process of its own."""
    at = BEGIN + timedelta(minutes=minute)
    root = "AIRPORT_STATUS_INFORMATION"
    lists = "".join(f"<Delay_type>{section(kind)}</Delay_type>" for kind in kinds)
    stamp = f"{at:%a %b} {at.day} {at:%H:%M:%S %Y} GMT"
    windsock = Path(sys.executable).with_name("windsock")
    taken = subprocess.run(
        [str(windsock), "feed", "take", "faa", "--data", str(service.folder)],
        env=service.environment,
        input=f"<{root}><Update_Time>{stamp}</Update_Time>{lists}</{root}>",
        capture_output=True,
        text=True,
        check=False,
    )
    assert taken.returncode == 0, taken.stdout + taken.stderr


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    service = RunningService.prepare(tmp_path)
    (service.folder / "feeds.toml").write_text('[faa]\nformat = "faa"\nenabled = false\n')
    service.start()
    yield service
    service.stop()


async def test_what_was_told_while_the_service_was_dead_is_resumed_each_change_once(
    service: RunningService,
) -> None:
    url = service.url.replace("http", "ws")
    await asyncio.to_thread(told, service, 0, "stop")
    async with connect(url, token=service.tokens["reader"], topics=["programmes:kjfk"]) as client:
        changes: list[str] = []

        async def until(*expected: str) -> None:
            async with asyncio.timeout(90):
                while len(changes) < len(expected):
                    for news in await client.next_updates():
                        if isinstance(news, ProgrammesChanged):
                            changes.extend(
                                f"{change.kind.removeprefix('programme.')} {change.programme.kind}"
                                for change in news.event.changes
                            )
            assert changes == list(expected)

        assert [one.kind for one in client.programmes["JFK"].programmes] == ["ground_stop"]
        await asyncio.to_thread(told, service, 1, "stop", "delay")
        await until("started ground_delay")
        await asyncio.to_thread(service.kill)
        await asyncio.to_thread(told, service, 2, "delay")
        await asyncio.to_thread(told, service, 3)
        await asyncio.to_thread(service.start)
        await until("started ground_delay", "ended ground_stop", "ended ground_delay")
        assert client.programmes["JFK"].programmes == ()
        assert client.programmes["JFK"].version == 4
        assert not client.board


async def test_a_plain_client_and_the_stream_are_told_too(service: RunningService) -> None:
    address = f"{service.url.replace('http', 'ws')}/ws/flight-delay/?topics=programmes:JFK"
    headers = {"Authorization": f"Bearer {service.tokens['reader']}"}
    async with plain(address, additional_headers=headers) as socket:
        await asyncio.to_thread(told, service, 0, "stop")
        message = json.loads(await asyncio.wait_for(socket.recv(), 90))
    assert (message["type"], message["standing"]["airport"]) == ("programmes", "JFK")

    def first() -> dict[str, object]:
        connection = service.connection()
        connection.request("GET", "/api/v1/stream?topics=programmes:JFK", headers=headers)
        response = connection.getresponse()
        while b'"snapshot"' not in (line := response.readline()):
            assert line
        connection.close()
        found: dict[str, object] = json.loads(line.removeprefix(b"data:"))
        return found

    snapshot = await asyncio.to_thread(first)
    assert (snapshot["type"], snapshot["flights"]) == ("snapshot", [])
    assert snapshot["standings"] == [message["standing"]]
