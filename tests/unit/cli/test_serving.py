"""The socket is taken first, and what is wrong with it is said in one sentence."""

import socket

import pytest

from windsock.cli import serving
from windsock.errors import WindsockError


def test_a_port_in_use_is_said_before_anything_else_is_done() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(
            WindsockError, match=f"Port {port} on 127.0.0.1 is in use. Choose another one with --port"
        ):
            serving.listen("127.0.0.1", port)


def test_a_free_port_is_taken() -> None:
    with serving.listen("127.0.0.1", 0) as taken:
        assert taken.getsockname()[1] > 0
        with socket.create_connection(taken.getsockname(), timeout=5):
            pass


@pytest.mark.parametrize(("host", "port"), [("192.0.2.1", 0), ("nowhere.invalid", 0)])
def test_an_address_that_is_not_ours_is_said(host: str, port: int) -> None:
    with pytest.raises(WindsockError, match=f"The address {host} port {port} cannot be used"):
        serving.listen(host, port)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::1", "http://[::1]:8000"),
        ("[::1]", "http://[::1]:8000"),
        ("::", "http://[::1]:8000"),
        ("board.example", "http://board.example:8000"),
    ],
)
def test_the_address_shown_is_one_that_a_browser_can_open(host: str, url: str) -> None:
    assert serving.address(host, 8000) == url


def test_an_ipv6_address_may_have_the_brackets_of_a_url() -> None:
    with serving.listen("[::1]", 0) as taken:
        assert taken.family == socket.AF_INET6
