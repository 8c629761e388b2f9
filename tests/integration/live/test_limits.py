"""Limits on connections, and what a server says that has no room: before the accept where it can, with a time."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from tests.dial import dial
from tests.integration.live.servers import until
from tests.running_service import RunningService
from windsock.access.address import network

PROBLEM = "application/problem+json"


@contextmanager
def running(folder: Path, *options: str, **settings: str) -> Iterator[RunningService]:
    service = RunningService.prepare(folder, **settings)
    try:
        service.start(*options)
        yield service
    finally:
        service.stop()


def socket(service: RunningService, who: str | None = "reader", **headers: str) -> ClientConnection:
    if who is not None:
        headers["Authorization"] = f"Bearer {service.tokens[who]}"
    return dial(
        f"ws://127.0.0.1:{service.port}/ws/flight-delay/",
        subprotocols=["windsock.v1.json"],  # type: ignore[list-item]
        additional_headers=headers,
    )


def refused(client: ClientConnection) -> tuple[dict[str, Any], int]:
    """The error a refused client is told, and the code it is then closed with."""
    error = until(client, "error")
    with pytest.raises(ConnectionClosed):
        client.recv(timeout=60)
    return error, client.close_code or 0


def stream(service: RunningService, who: str | None = "reader", **headers: str) -> Any:
    """The open response of an event stream, or an error's."""
    if who is not None:
        headers["Authorization"] = f"Bearer {service.tokens[who]}"
    connection = service.connection()
    connection.request("GET", "/api/v1/stream", headers=headers)
    return connection.getresponse()


def test_a_user_and_an_address_have_so_many_connections_and_a_new_one_takes_the_place_of_one_that_ended(
    tmp_path: Path,
) -> None:
    limits = {"WINDSOCK_MAX_CONNECTIONS_PER_USER": "2", "WINDSOCK_MAX_CONNECTIONS_PER_ADDRESS": "3"}
    with running(tmp_path, PUBLIC_READ="1", **limits) as service, ExitStack() as stack:
        first = [stack.enter_context(socket(service)) for _ in range(2)]
        # Accepted is not yet counted: the hub counts a connection when it welcomes it.
        assert all(until(client, "welcome") for client in first)
        with socket(service) as third:
            error, code = refused(third)
        assert code == 4130
        assert error["code"] == "too_many_connections"
        assert error["retryable"] is True
        assert error["retry_after"] > 0
        answer = stream(service)
        assert answer.status == 429
        assert answer.headers["Content-Type"] == PROBLEM
        assert int(answer.headers["Retry-After"]) > 0
        assert json.loads(answer.read())["code"] == "too_many_connections"

        visitor = stack.enter_context(socket(service, None))
        assert until(visitor, "welcome")
        # The header is whatever the client says, and no proxy is trusted here: it is the same address.
        with socket(service, None, **{"X-Forwarded-For": "203.0.113.9"}) as another:
            error, code = refused(another)
        assert (error["code"], code) == ("too_many_connections", 4130)

        first[0].close()
        deadline = time.monotonic() + 60
        while True:
            with socket(service) as again:
                if json.loads(again.recv(timeout=60))["type"] == "welcome":
                    break
            assert time.monotonic() < deadline


def test_behind_a_trusted_proxy_each_client_has_its_own_address(tmp_path: Path) -> None:
    limits = {"WINDSOCK_MAX_CONNECTIONS_PER_ADDRESS": "1", "TRUSTED_PROXY": "1"}
    with running(tmp_path, PUBLIC_READ="1", **limits) as service:
        with (
            socket(service, None, **{"X-Forwarded-For": "203.0.113.9"}) as one,
            socket(service, None, **{"X-Forwarded-For": "203.0.113.10"}) as other,
        ):
            assert until(one, "welcome")
            assert until(other, "welcome")
            # What the client claims stands before what the proxy adds, and does not count.
            with socket(service, None, **{"X-Forwarded-For": "198.51.100.1, 203.0.113.10"}) as liar:
                assert refused(liar)[1] == 4130


@pytest.mark.parametrize(
    "limits",
    [{"WINDSOCK_MAX_CONNECTIONS": "1"}, {"WINDSOCK_MAX_HANDSHAKES": "0"}],
    ids=["full", "handshakes"],
)
def test_a_server_without_room_answers_503_before_the_accept(tmp_path: Path, limits: dict[str, str]) -> None:
    with running(tmp_path, **limits) as service, ExitStack() as stack:
        if "WINDSOCK_MAX_CONNECTIONS" in limits:
            assert until(stack.enter_context(socket(service)), "welcome")
        with pytest.raises(InvalidStatus) as raised:
            socket(service)
        response = raised.value.response
        assert response.status_code == 503
        assert int(response.headers["Retry-After"]) > 0
        assert response.headers["Content-Type"] == PROBLEM
        assert json.loads(response.body or b"")["code"] == "overloaded"
        answer = stream(service)
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert json.loads(answer.read())["code"] == "overloaded"
        metrics = service.get("/metrics").body.decode()
        assert "windsock_live_handshakes_refused_total 2.0" in metrics


def test_wrong_tokens_at_the_stream_are_counted_with_those_at_the_api(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        wrong = {"Authorization": "Bearer wrong"}
        for number in range(30):
            path = "/api/v1/stream" if number % 2 else "/api/v1/flights"
            answer = service.ask("GET", path, headers=wrong, who=None)
            assert (answer.status, answer.data["code"]) == (401, "invalid_token")
        for path in ("/api/v1/stream", "/api/v1/flights"):
            answer = service.ask("GET", path, headers=wrong, who=None)
            assert (answer.status, answer.data["code"]) == (429, "too_many_failures")
            assert int(answer.headers["retry-after"]) > 0
        assert stream(service).status == 200  # a right token passes


def test_who_asks_too_much_is_closed_with_4129_and_told_when_to_come_again(tmp_path: Path) -> None:
    with running(tmp_path, WINDSOCK_MAX_MESSAGES_PER_MINUTE="5") as service, socket(service) as client:
        until(client, "welcome")
        for number in range(6):
            client.send(json.dumps({"type": "ping", "id": number}))
        error, code = refused(client)
        assert (error["code"], code) == ("too_many_messages", 4129)
        assert error["retry_after"] > 0


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", None),
        ("unix", "unix"),
    ],
)
def test_an_address_counts_as_its_network(address: str, counted: str | None) -> None:
    assert network(address) == counted
