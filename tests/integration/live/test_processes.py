"""Several processes, one journal: what one writes reaches the clients of all, with and without Redis."""

import json
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests import services
from tests.integration.live.servers import Project, Server, sqlite, until

pytestmark = pytest.mark.timed

IN_MEMORY = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}


def report(number: int) -> dict[str, Any]:
    return {
        "flight": f"DL{number}",
        "date": "2015-01-02",
        "origin": "ATL",
        "destination": "MCO",
        "departure": {"scheduled": "2015-01-02T13:55:00Z"},
    }


def everybody_hears_everybody(servers: list[Server], token: str, rounds: int = 20) -> float:
    """Publishes through each server in turn; clients of all get each event once, in order. Median latency."""
    took = []
    with ExitStack() as stack:
        readers = []
        for server in servers:
            client = stack.enter_context(server.connect())
            client.send(json.dumps({"type": "subscribe", "id": "1", "topics": ["departures:KATL"]}))
            until(client, "snapshot")
            readers.append(client)
        publishers = [stack.enter_context(server.connect(token=token)) for server in servers]
        offsets: list[list[int]] = [[] for _ in readers]
        for number in range(1, rounds + 1):
            publisher = publishers[number % len(publishers)]
            publisher.send(json.dumps({"type": "report", "id": str(number), "report": report(number)}))
            recorded = until(publisher, "recorded")
            began = time.monotonic()
            for reader, seen in zip(readers, offsets, strict=True):
                event = until(reader, "event")
                assert event["position"] == recorded["position"]
                seen.append(int(event["position"].rpartition(":")[2]))
            took.append(time.monotonic() - began)
        assert all(seen == list(range(seen[0], seen[0] + rounds)) for seen in offsets)
    return sorted(took)[len(took) // 2]


def test_three_processes_on_one_sqlite_file_without_redis(tmp_path: Path) -> None:
    project = Project(tmp_path, sqlite(tmp_path / "journal.sqlite3"), IN_MEMORY)
    token = project.token()
    with ExitStack() as stack:
        servers = [stack.enter_context(project.server()) for _ in range(3)]
        median = everybody_hears_everybody(servers, token)
    assert median < 0.5, f"{median:.3f} s from the acknowledgement to the last client of another process"


def test_a_client_resumes_at_another_process_without_a_missed_event(tmp_path: Path) -> None:
    project = Project(tmp_path, sqlite(tmp_path / "journal.sqlite3"), IN_MEMORY)
    token = project.token()
    with project.server() as one, project.server() as other:
        with one.connect() as client:
            client.send(json.dumps({"type": "subscribe", "id": "1", "topics": ["all"]}))
            position = until(client, "snapshot")["position"]
        with one.connect(token=token) as publisher:
            for number in range(1, 11):
                publisher.send(json.dumps({"type": "report", "id": str(number), "report": report(number)}))
                until(publisher, "recorded")
        with other.connect() as client:
            client.send(json.dumps({"type": "subscribe", "id": "1", "topics": ["all"], "after": position}))
            # Whatever this process had not yet read when we came, comes after `resumed` as live events.
            assert until(client, "resumed")["count"] <= 10
            flights = [until(client, "event")["flight"]["designator"] for _ in range(10)]
        assert flights == [f"DL{number}" for number in range(1, 11)]


@pytest.mark.parametrize("layer", ["channels_redis.core.RedisChannelLayer"])
def test_two_processes_on_postgresql_and_redis(
    tmp_path: Path, postgresql: services.PostgreSQL, redis_url: str, layer: str
) -> None:
    name = f"live_{tmp_path.name.replace('-', '_')}"
    postgresql.create_database(name)
    databases = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": name, "USER": postgresql.user,
                             "HOST": postgresql.host, "PORT": str(postgresql.port)}}  # fmt: skip
    layers = {"default": {"BACKEND": layer, "CONFIG": {"hosts": [redis_url]}}}
    project = Project(tmp_path, databases, layers)
    token = project.token()
    with project.server() as one, project.server() as other:
        median = everybody_hears_everybody([one, other], token)
        assert median < 0.25, f"{median:.3f} s by the doorbell"
        with one.connect(plain=True) as here, other.connect(plain=True) as there:
            time.sleep(0.2)
            project.python(
                "from asgiref.sync import async_to_sync; from channels.layers import get_channel_layer; "
                "async_to_sync(get_channel_layer().group_send)('flight-delay', "
                "{'type': 'flight.delay', 'data': {'hello': 1}})"
            )
            assert until(here, "notice")["data"] == until(there, "notice")["data"] == {"hello": 1}
