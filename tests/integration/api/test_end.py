"""How the service ends: clients are told to move, what was taken is written, and nobody waits for long."""

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.dial import dial
from tests.integration.api.test_reports import GOOD
from tests.running_service import RunningService
from tests.services import wait_until


@pytest.fixture
def restarted(service: RunningService) -> Iterator[RunningService]:
    """The service, running again if the test before ended it."""
    if service.process is None or service.process.poll() is not None:
        service.start()
    yield service
    if service.process is not None and service.process.poll() is not None:
        service.start()


@contextmanager
def follower(service: RunningService) -> Iterator[ClientConnection]:
    """A connection that follows everything and has had its snapshot."""
    with dial(
        f"ws://127.0.0.1:{service.port}/ws/flight-delay/",
        subprotocols=["windsock.v1.json"],  # type: ignore[list-item]
        additional_headers={"Authorization": f"Bearer {service.tokens['reader']}"},
        compression=None,
    ) as connection:
        assert json.loads(connection.recv(timeout=90))["type"] == "welcome"
        connection.send(json.dumps({"type": "subscribe", "id": "1", "topics": ["all"]}))
        assert json.loads(connection.recv(timeout=90))["type"] == "snapshot"
        yield connection


def ended_after(service: RunningService, number: signal.Signals) -> float:
    """Sends the signal and answers with the seconds until the process was gone."""
    assert service.process is not None
    begun = time.monotonic()
    service.process.send_signal(number)
    service.process.wait(timeout=90)
    return time.monotonic() - begun


def test_on_sigterm_a_client_is_told_to_move_and_then_closed_with_a_code_to_come_back(
    restarted: RunningService,
) -> None:
    assert restarted.process is not None
    with follower(restarted) as connection:
        restarted.process.send_signal(signal.SIGTERM)
        assert json.loads(connection.recv(timeout=90))["type"] == "moving"
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                connection.recv(timeout=90)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4200
    restarted.process.wait(timeout=90)


def test_a_client_that_moves_at_once_lets_the_server_go_at_once(restarted: RunningService) -> None:
    assert restarted.process is not None
    with follower(restarted) as connection:
        restarted.process.send_signal(signal.SIGTERM)
        begun = time.monotonic()
        assert json.loads(connection.recv(timeout=90))["type"] == "moving"
    restarted.process.wait(timeout=90)
    assert time.monotonic() - begun < 4.5


def test_an_open_stream_does_not_hold_the_end_up(restarted: RunningService) -> None:
    stream = HTTPConnection("127.0.0.1", restarted.port, timeout=30)
    stream.request(
        "GET", "/api/v1/stream?topics=all", headers={"Authorization": f"Bearer {restarted.tokens['reader']}"}
    )
    response = stream.getresponse()
    assert response.status == 200
    assert response.headers["Content-Type"].startswith("text/event-stream")
    assert b"data:" in response.readline() + response.readline()
    # Two seconds on a quiet machine; the bound here only tells "soon" from "never".
    assert ended_after(restarted, signal.SIGINT) < 10
    stream.close()


def test_what_was_acknowledged_is_there_after_the_restart(restarted: RunningService) -> None:
    assert restarted.post(GOOD | {"flight": "DL777"}).status == 200
    assert ended_after(restarted, signal.SIGTERM) < 10
    restarted.start()
    assert restarted.get("/api/v1/flights/DL777.2015-01-02.ATL").status == 200
    checks = restarted.get("/readyz", who=None).data["checks"]
    assert checks["live"] in ("ok", "the journal is being read for the first time")


def metrics(service: RunningService) -> str:
    return service.get("/metrics", who=None).body.decode()


def test_metrics_tell_of_live_delivery(restarted: RunningService) -> None:
    with follower(restarted):
        # Whoever was connected before may still be on the way out.
        wait_until(lambda: "windsock_live_sessions 1.0" in metrics(restarted), 20, "one session")
        text = metrics(restarted)
    assert "windsock_live_connections_total" in text
