"""Coming back with every kind of position: the answer is exactly what was missed, or a snapshot; never a part."""

import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection

from tests.acceptance.cluster import report
from tests.acceptance.history import JournalTables
from tests.dial import dial
from tests.running_service import RunningService

HEAD, FLOOR = 40, 10


@contextmanager
def dialled(service: RunningService) -> Iterator[ClientConnection]:
    with dial(
        f"ws://127.0.0.1:{service.port}/ws/flight-delay/",
        subprotocols=["windsock.v1.json"],  # type: ignore[list-item]
        additional_headers={"Authorization": f"Bearer {service.tokens['reader']}"},
        compression=None,
    ) as client:
        assert json.loads(client.recv(timeout=90))["type"] == "welcome"
        yield client


def told(client: ClientConnection, after: str) -> tuple[str, dict[str, Any], list[dict[str, Any]]]:
    """What a subscription from `after` is answered by: its kind, the answer, and what belongs to it."""
    client.send(json.dumps({"type": "subscribe", "id": "s", "topics": ["all"], "after": after}))
    answer = json.loads(client.recv(timeout=90))
    if answer["type"] == "resumed":
        return "resumed", answer, [json.loads(client.recv(timeout=90)) for _ in range(answer["count"])]
    if answer["type"] != "snapshot":
        return answer["code"], answer, []
    flights = answer["flights"]
    for _ in range(answer["parts"] - 1):
        flights += json.loads(client.recv(timeout=90))["flights"]
    return "snapshot", answer, flights


def prune(service: RunningService, before: int) -> None:
    """Drops the events below this offset, as pruning leaves a journal."""
    with sqlite3.connect(service.folder / "windsock.sqlite3", timeout=20) as db:
        db.execute('DELETE FROM windsock_event WHERE "offset" <= ?', (before,))
        db.execute("UPDATE windsock_head SET floor = ?", (before,))


def states(events: list[dict[str, Any]], start: dict[str, Any]) -> dict[str, Any]:
    return start | {event["flight"]["id"]: event["flight"] for event in events}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service whose journal holds the events 11 to 40 in its second epoch."""
    service = RunningService.prepare(tmp_path_factory.mktemp("service"))
    service.start()
    for number in range(HEAD):
        assert service.post(report(number % 5, number + 1)).status == 200
    service.first = JournalTables(service.folder / "windsock.sqlite3").head().epoch  # type: ignore[attr-defined]
    service.stop()
    subprocess.run(
        [sys.executable, "-m", "django", "windsock_new_epoch"],
        env=service.environment,
        check=True,
        capture_output=True,
    )
    prune(service, FLOOR)
    service.start()
    yield service
    service.stop()


POSITIONS = {
    "the beginning": 0,
    "before the floor": FLOOR - 1,
    "the floor": FLOOR,
    "after the floor": FLOOR + 1,
    "the middle": 25,
    "before the head": HEAD - 1,
    "the head": HEAD,
    "after the head": HEAD + 1,
    "far ahead": HEAD + 100_000,
}


@pytest.mark.parametrize("epoch", ["current", "former", "foreign"])
@pytest.mark.parametrize("place", POSITIONS)
def test_the_matrix(epoch: str, place: str, service: RunningService) -> None:
    tables = JournalTables(service.folder / "windsock.sqlite3")
    head, truth = tables.head(), tables.flights()
    named = {"current": head.epoch, "former": service.first, "foreign": "zzzzzz"}[epoch]  # type: ignore[attr-defined]
    offset = POSITIONS[place]
    with dialled(service) as client:
        kind, answer, rest = told(client, f"{named}:{offset}")
    assert answer["position"] == str(head)
    if epoch == "current" and FLOOR <= offset <= HEAD:
        assert kind == "resumed"
        assert [event["position"] for event in rest] == [
            f"{head.epoch}:{n}" for n in range(offset + 1, HEAD + 1)
        ]
        before = {id: flight for id, flight in truth.items() if id not in {e["flight"]["id"] for e in rest}}
        assert states(rest, before) == truth
    else:
        assert kind == "snapshot"
        assert {flight["id"]: flight for flight in rest} == truth
    tables.close()


@pytest.mark.parametrize("text", ["", "yesterday", "a:b", "a:-1", ":5", "a:1.5", "a:" + "9" * 400])
def test_what_is_no_position_is_said_to_be_none(text: str, service: RunningService) -> None:
    with dialled(service) as client:
        kind, answer, _ = told(client, text)
        assert kind == "invalid_position"
        assert answer["type"] == "error"


def test_pruning_meanwhile_gives_the_whole_tail_or_a_snapshot(service: RunningService) -> None:
    """Ten seconds' worth of pruning up to the head, while clients resume from all over the place."""
    ended = threading.Event()
    number = 100

    def happen() -> None:
        nonlocal number
        while not ended.is_set():
            number += 1
            assert service.post(report(number % 5, number)).status == 200
            if number % 7 == 0:
                head = JournalTables(service.folder / "windsock.sqlite3").head()
                prune(service, head.offset - 5)

    writer = threading.Thread(target=happen)
    writer.start()
    kinds: list[str] = []
    try:
        for turn in range(150):
            tables = JournalTables(service.folder / "windsock.sqlite3")
            head = tables.head()
            tables.close()
            with dialled(service) as client:
                kind, answer, rest = told(client, f"{head.epoch}:{max(0, head.offset - turn % 12)}")
            kinds.append(kind)
            if kind == "resumed":
                since, until = (int(answer[name].rpartition(":")[2]) for name in ("after", "position"))
                offsets = [int(event["position"].rpartition(":")[2]) for event in rest]
                assert offsets == list(range(since + 1, until + 1))
            else:
                assert kind == "snapshot"
                assert len(rest) == 5
    finally:
        ended.set()
        writer.join()
    assert "Traceback" not in service.log.read_text()
    print({kind: kinds.count(kind) for kind in set(kinds)})


def test_an_event_that_nobody_can_read_stops_neither_the_others_nor_anybodys_return(
    tmp_path: Path,
) -> None:
    service = RunningService.prepare(tmp_path)
    service.start()
    try:
        for number in range(10):
            assert service.post(report(number % 5, number + 1)).status == 200
        service.stop()
        with sqlite3.connect(tmp_path / "windsock.sqlite3") as db:
            db.execute(
                'UPDATE windsock_event SET body = ? WHERE "offset" = 4', (b'"flight":{"id":"\xff\xfe',)
            )
        service.start()
        tables = JournalTables(tmp_path / "windsock.sqlite3")
        head = tables.head()
        with dialled(service) as client:
            kind, answer, rest = told(client, f"{head.epoch}:2")
            assert kind == "resumed"
            offsets = [int(event["position"].rpartition(":")[2]) for event in rest]
            assert offsets == [3, 5, 6, 7, 8, 9, 10]
            assert answer["count"] == 7
            assert service.post(report(3, 20)).status == 200
            event = json.loads(client.recv(timeout=90))
            assert (event["type"], event["position"]) == ("event", f"{head.epoch}:11")
        with dialled(service) as client:
            client.send(json.dumps({"type": "subscribe", "id": "s", "topics": ["all"]}))
            snapshot = json.loads(client.recv(timeout=90))
            assert len(snapshot["flights"]) == 5
        # The same while everybody is there: a damaged event among good ones, written behind the service's back.
        with dialled(service) as client:
            told(client, f"{head.epoch}:11")
            with sqlite3.connect(tmp_path / "windsock.sqlite3", timeout=20) as db:
                db.execute(
                    'INSERT INTO windsock_event ("offset", flight_id, version, topics, body, recorded_at) '
                    'SELECT 12, flight_id, version + 1, topics, ?, recorded_at FROM windsock_event WHERE "offset" = 11',
                    (b"no JSON at all",),
                )
                db.execute('UPDATE windsock_head SET "offset" = 12')
            snapshot = json.loads(client.recv(timeout=90))
            assert (snapshot["type"], snapshot["position"]) == ("snapshot", f"{head.epoch}:12")
            assert service.post(report(2, 30)).status == 200
            event = json.loads(client.recv(timeout=90))
            assert (event["type"], event["position"]) == ("event", f"{head.epoch}:13")
        events = service.get("/api/v1/events?limit=100")
        assert events.status == 200
        assert len(events.data["events"]) == 11
    finally:
        service.stop()
