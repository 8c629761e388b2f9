"""Errors of databases, Redis, proxies and TLS name their own cause, not another one's."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import httpx2
import pytest
from django.db import OperationalError, ProgrammingError

from tests.acceptance.backends import Redis
from tests.services import free_port
from windsock.collect import feed_run as feedrun
from windsock.collect.http import PollFailed, _get
from windsock.errors import ConfigError
from windsock.feeds.polling import Request
from windsock.journal.database_faults import UNKNOWN, explain
from windsock.live.group import layer_faults as layerfaults


def of_postgresql(text: str) -> OperationalError:
    psycopg = pytest.importorskip("psycopg")
    error = OperationalError(text)
    error.__cause__ = psycopg.OperationalError(text)
    return error


@pytest.mark.parametrize(
    ("text", "named", "not_named"),
    [
        ("cannot execute UPDATE in a read-only transaction", "primary", "file"),
        ("cannot execute nextval() during recovery", "primary", "file"),
        ("the database system is in recovery mode", UNKNOWN, "primary"),
        ('FATAL: database "windsock" does not exist', "no database of the name", "migrate"),
        ('FATAL: role "windsock" does not exist', "user", "migrate"),
        ('relation "windsock_head" does not exist', "migrate", "user"),
        ('FATAL: password authentication failed for user "full_house"', "user and password", "disk"),
        ("server does not support SSL, but SSL was required", "sslmode", "listens"),
        ("SSL error: certificate verify failed", "sslrootcert", "listens"),
        ("could not translate host name \"db\" to address: Name or service not known", "host name", "listens"),
        ("connection to server at \"::1\", port 5432 failed: Connection refused", "listens", "host name"),
        ("FATAL: sorry, too many clients already", "max_connections", "disk"),
        ("could not extend file: No space left on device", "disk of PostgreSQL", "file and its directory"),
        ("connection timeout expired", "in time", "locked"),
        ("canceling statement due to lock timeout", "locked", "in time"),
        ("server closed the connection unexpectedly", UNKNOWN, "file"),
    ],
)  # fmt: skip
def test_what_postgresql_says_is_explained(text: str, named: str, not_named: str) -> None:
    said = explain(of_postgresql(text))
    assert named in said
    assert not_named not in said


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("attempt to write a readonly database", "right to write to the file"),
        ("database or disk is full", "disk"),
        ("disk I/O error", "could not be written"),
        ("database is locked", "another writer"),
        ("database disk image is malformed", "backup"),
        ("unable to open database file", "directory"),
        ("no such table: windsock_head", "migrate"),
    ],
)
def test_what_sqlite_says_is_explained(text: str, named: str) -> None:
    assert named in explain(OperationalError(text))


def test_a_postgresql_without_the_tables_is_no_missing_database() -> None:
    psycopg = pytest.importorskip("psycopg")
    error = ProgrammingError('relation "windsock_head" does not exist')
    error.__cause__ = psycopg.errors.UndefinedTable(str(error))
    assert "migrate" in explain(error)


# Redis ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    server = Redis()
    server.start()
    yield server
    server.kill()


async def round_trip(url: str) -> None:
    from channels_redis.core import RedisChannelLayer

    layer = RedisChannelLayer(hosts=[{"address": url, "socket_timeout": 2}])
    try:
        name = await layer.new_channel()
        await layer.group_add("g", name)
        await layer.group_send("g", {"type": "x"})
        await layer.receive(name)
    finally:
        await layer.close_pools()


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("redis://limited:pass@127.0.0.1:{port}/0", "may not do all"),
        ("redis://nobody:wrong@127.0.0.1:{port}/0", "user or password"),
        ("rediss://127.0.0.1:{port}/0", "redis:// for one without"),
        ("sentinel://127.0.0.1:{port}/0", "Sentinels"),
        ("redis://127.0.0.1:1/0", "Start Redis"),
        ("redis://no-such-host.invalid:6379/0", "host name"),
    ],
)
async def test_what_redis_says_is_explained(url: str, named: str, redis: Redis) -> None:
    assert redis.ask("ACL SETUSER limited on >pass ~* &* +@all -@scripting").startswith(b"+OK")
    with pytest.raises(Exception) as raised:
        await round_trip(url.format(port=redis.port))
    assert named in layerfaults.explain(raised.value)


async def test_a_redis_user_without_scripts_is_logged_once_a_minute(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    from channels_redis.core import RedisChannelLayer

    from windsock.live.group.bridge import Bridge

    assert redis.ask("ACL SETUSER limited on >pass ~* &* +@all -@scripting").startswith(b"+OK")
    layer = RedisChannelLayer(hosts=[f"redis://limited:pass@127.0.0.1:{redis.port}/0"])
    bridge = Bridge(layer, on_events=lambda epoch, events: None, on_notice=lambda data: None)
    bridge.start()
    import asyncio

    try:
        async with asyncio.timeout(40):
            while bridge.failures < 6:
                await asyncio.sleep(0.05)
    finally:
        await bridge.stop()
        await layer.close_pools()
    said = [record.message for record in caplog.records if record.name == "windsock.live.group.bridge"]
    assert 1 <= len(said) <= 2
    assert "may not do all that channels-redis needs" in said[0]


def test_the_service_says_at_once_that_sentinels_are_not_named_by_a_url(tmp_path: Path) -> None:
    environment = {**os.environ, "REDIS_URL": "sentinel://a:26379/mymaster", "WINDSOCK_DATA": str(tmp_path)}
    windsock = str(Path(sys.executable).with_name("windsock"))
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    done = subprocess.run([windsock, "doctor"], env=environment, capture_output=True, text=True, check=False)
    assert "'sentinel'" in done.stdout + done.stderr
    assert "CHANNEL_LAYERS" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


# No home, no name ----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(
    not hasattr(os, "setuid") or os.getuid() != 0, reason="only root can become a user without a name"
)
def test_a_user_without_home_and_name_is_told_to_name_a_folder() -> None:
    environment = {
        key: value
        for key, value in os.environ.items()
        if key not in ("HOME", "XDG_DATA_HOME", "WINDSOCK_DATA")
    }
    code = "import os; os.setuid(54321); from windsock.cli.data import data_directory; data_directory()"
    # Isolated from the folder of this very clone, which that user may not be able to enter.
    done = subprocess.run(
        [sys.executable, "-c", f"from windsock.cli import data\n{code}"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ConfigError: There is no home directory" in done.stderr
    assert "54321" in done.stderr
    assert "WINDSOCK_DATA" in done.stderr


# Providers -----------------------------------------------------------------------------------------------------------


def asked(url: str) -> str:
    with httpx2.Client(timeout=5) as client, pytest.raises(PollFailed) as refused:
        _get(client, Request(url=url, params={"key": "k3y"}), {}, [])
    assert "k3y" not in str(refused.value)
    return str(refused.value)


@contextlib.contextmanager
def listening(answer: bytes) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        connection.recv(65536)
                        connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def without_proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


def test_a_provider_that_cannot_be_asked_is_told_with_the_reason(without_proxies: pytest.MonkeyPatch) -> None:
    assert "nothing is listening there" in asked(f"http://127.0.0.1:{free_port()}/feed")
    assert "unknown host" in asked("http://no-such-host.invalid/feed")
    with listening(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        assert "TLS failed" in asked(f"https://127.0.0.1:{port}/feed")


def test_a_proxy_that_refuses_is_named(without_proxies: pytest.MonkeyPatch) -> None:
    with listening(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n") as port:
        without_proxies.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        assert "the proxy set in HTTPS_PROXY" in asked("https://provider.example.org/feed")
    without_proxies.setenv("HTTPS_PROXY", f"http://127.0.0.1:{free_port()}")
    assert "proxy set in HTTPS_PROXY" in asked("https://provider.example.org/feed")


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1080", "gopher://127.0.0.1:70", "http://[::1"])
def test_a_proxy_variable_that_cannot_be_used_is_a_setting_that_is_wrong(
    proxy: str, without_proxies: pytest.MonkeyPatch
) -> None:
    without_proxies.setenv("ALL_PROXY", proxy)
    if proxy.startswith("socks") and find_spec("socksio") is not None:
        pytest.skip("a proxy by SOCKS can be used here")
    with pytest.raises(ConfigError, match="ALL_PROXY"):
        feedrun._client()
