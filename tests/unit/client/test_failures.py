"""Whatever fails on the client's own side, whoever waits is told, soon and with the cause; nothing hangs."""

import asyncio
import ssl
import threading
import urllib.request
from typing import Any

import pytest
import websockets

from tests.unit.client.service import LocalService, until
from windsock.client import connect
from windsock.client import sync as blocking
from windsock.client.asyncio import connection as carrier
from windsock.client.http import publish
from windsock.client.refusals import handshake_failure
from windsock.client.unreachable import unreachable
from windsock.errors import ClientError, NotReachable, WindsockError
from windsock.protocol.client_outputs import Problem, State

WITHIN = 10
PROXIES = {
    "a SOCKS proxy without its package": ("socks5://127.0.0.1:1", "python-socks"),
    "a SOCKS proxy with a host name": ("socks5h://proxy.example:1080", "python-socks"),
    "a scheme nobody knows": ("gopher://127.0.0.1:70", "NO_PROXY"),
    "no address at all": ("http://", "NO_PROXY"),
    "a port that is none": ("http://127.0.0.1:99999", ""),
    "rubbish": ("::::", "NO_PROXY"),
    "a proxy that nobody runs": ("http://127.0.0.1:1", ""),
}


@pytest.fixture(params=PROXIES)
def proxied(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """An environment whose proxy variables are of no use; gives a word of the cure."""
    value, cure = PROXIES[request.param]
    for name in ("http_proxy", "https_proxy", "all_proxy", "ws_proxy", "wss_proxy", "socks_proxy"):
        monkeypatch.setenv(name, value)
        monkeypatch.setenv(name.upper(), value)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return cure


async def test_a_useless_proxy_is_an_error_and_no_wait(proxied: str) -> None:
    async with asyncio.timeout(WITHIN):
        with pytest.raises(WindsockError) as failure:
            async with connect("ws://service.example:8000"):
                pass
    assert proxied in str(failure.value)


def test_the_blocking_client_is_told_of_a_useless_proxy_too(proxied: str) -> None:
    raised: list[BaseException] = []

    def enter() -> None:
        try:
            with blocking.connect("ws://service.example:8000"):
                pass
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=enter, daemon=True)
    thread.start()
    thread.join(WITHIN)
    assert not thread.is_alive(), "it hangs"
    assert isinstance(raised[0], WindsockError)


def test_publishing_through_a_useless_proxy_is_an_error(proxied: str) -> None:
    with pytest.raises(NotReachable, match="proxy") as failure:
        publish("http://service.example:8000", {"flight": "DL1"}, token="x", timeout=5)
    assert "NO_PROXY" in str(failure.value)


def test_the_process_keeps_no_proxy_of_a_call(proxied: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urllib.request, "_opener", None)
    with pytest.raises(NotReachable):
        publish("http://service.example:8000", {"flight": "DL1"}, token="x", timeout=5)
    assert urllib.request._opener is None  # type: ignore[attr-defined]


@pytest.mark.parametrize("url", ["http://service.example:8000", "ws://service.example:8000"])
def test_a_proxy_where_nobody_listens_is_named_without_its_password(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("http_proxy", "http://ada:secret@127.0.0.1:9")
    words = str(unreachable(ConnectionRefusedError(111, "Connection refused"), url))
    assert "proxy" in words
    assert "127.0.0.1:9" in words
    assert "secret" not in words
    monkeypatch.setenv("no_proxy", "service.example")
    assert "proxy" not in str(unreachable(ConnectionRefusedError(), url))


UNEXPECTED = [
    RuntimeError("odd"),
    KeyError("x"),
    ImportError("no module"),
    ValueError("bad"),
    RecursionError(),
]


@pytest.mark.parametrize("error", UNEXPECTED, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("patient", [False, True])
async def test_anything_raised_in_the_handshake_reaches_the_caller(
    monkeypatch: pytest.MonkeyPatch, error: Exception, patient: bool
) -> None:
    async def fails(*args: Any, **kwargs: Any) -> None:
        raise error

    monkeypatch.setattr(carrier.websockets, "connect", fails)
    async with asyncio.timeout(WITHIN):
        with pytest.raises(ClientError):
            async with connect("ws://127.0.0.1:1", patient=patient):
                pass


@pytest.mark.parametrize("method", ["received", "tick"])
async def test_a_fault_while_connected_ends_iteration_and_open_reports(
    monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    async with LocalService() as service, asyncio.timeout(WITHIN):
        async with connect(service.url) as client:

            def fails(*args: Any) -> None:
                raise RuntimeError("odd")

            monkeypatch.setattr(client._session, method, fails)
            if method == "received":
                await service.happen("dl1865-v1")  # what waits for this one has been looked up already
                await service.happen("dl1865-v2")
            with pytest.raises(ClientError, match="RuntimeError: odd"):
                async for _ in client:
                    pass
            assert client.state is State.CLOSED
            with pytest.raises(ClientError):
                await client.report({"flight": "DL1"})


async def test_a_ticket_function_that_fails_is_a_problem_and_no_silence() -> None:
    async def broken() -> str:
        raise KeyError("no such session")

    async with (
        LocalService() as service,
        asyncio.timeout(WITHIN),
        connect(service.url, ticket=broken) as client,
    ):
        await client._renew()
        problems = [news for news in await client.next_updates() if isinstance(news, Problem)]
        while not problems:
            problems = [news for news in await client.next_updates() if isinstance(news, Problem)]
        assert "KeyError" in problems[0].error.message
        await until(lambda: client.state is State.LIVE)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (websockets.ProxyError("failed to connect to proxy"), "proxy"),
        (websockets.InvalidProxy("x://", "scheme x isn't supported"), "proxy"),
        (ssl.SSLCertVerificationError("certificate verify failed: self-signed certificate"), "TLS"),
        (ConnectionRefusedError(), "Nobody listens"),
        (TimeoutError(), "in time"),
        (RuntimeError("odd"), "RuntimeError: odd"),
    ],
)
def test_the_words_name_the_cause(error: Exception, words: str) -> None:
    assert words in str(handshake_failure(error, "wss://delays.example.org"))
