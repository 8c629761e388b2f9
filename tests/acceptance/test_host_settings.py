"""Windsock in hosts with the settings and middleware that hosts really have, in every pair of them."""

import gzip
import itertools
import json
import socket
import uuid
import zlib
from collections.abc import Iterator
from http.client import HTTPConnection
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver

from tests.integration.live.servers import Project, Server, sqlite
from tests.services import PostgreSQL, wait_until

WITHIN = 20.0

FACTORS: dict[str, list[str]] = {
    "database": ["sqlite", "postgresql", *(["pool"] if find_spec("psycopg_pool") else [])],
    "atomic": ["", "ATOMIC_REQUESTS"],
    "age": ["", "CONN_MAX_AGE"],
    "sessions": ["db", "signed_cookies", "cache"],
    "csrf": ["", "CSRF_USE_SESSIONS"],
    "gzip": ["", "django.middleware.gzip.GZipMiddleware"],
    "more": ["", "host_middleware.sync_only", "django.middleware.http.ConditionalGetMiddleware"],
}

ASGI = """
from django.core.asgi import get_asgi_application
django_application = get_asgi_application()
from windsock.asgi import add_windsock
application = add_windsock(django_application)
"""

MIDDLEWARE = """
def sync_only(get_response):
    def middleware(request):
        request.session.get("seen")
        return get_response(request)
    return middleware
"""

SIGNED_IN = """
from importlib import import_module
from django.conf import settings
from django.contrib.auth import get_user_model, SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY
from django.contrib.auth.models import Permission
user = get_user_model().objects.create_user("ada", password="x")
user.user_permissions.add(Permission.objects.get(codename="publish", content_type__app_label="windsock"))
session = import_module(settings.SESSION_ENGINE).SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session["_csrftoken"] = "c" * 32
session.save()
print(session.session_key)
"""

REPORT = {"flight": "DL1865", "date": "2015-01-02", "origin": "ATL", "destination": "MCO"}


def pairs(case: dict[str, str]) -> set[tuple[tuple[str, str], tuple[str, str]]]:
    return set(itertools.combinations(case.items(), 2))


def possible(case: dict[str, str]) -> bool:
    return not (case["database"] == "pool" and case["age"])  # Django refuses that itself


def covering() -> list[dict[str, str]]:
    """As few cases as greed finds in which each possible pair of levels occurs."""
    every = [dict(zip(FACTORS, levels, strict=True)) for levels in itertools.product(*FACTORS.values())]
    every = [case for case in every if possible(case)]
    missing = set().union(*map(pairs, every))
    chosen = []
    while missing:
        best = max(every, key=lambda case: len(pairs(case) & missing))
        chosen.append(best)
        missing -= pairs(best)
    return chosen


CASES = covering()


def name(case: dict[str, str]) -> str:
    return "+".join(level.rpartition(".")[2] for level in case.values() if level)


@pytest.fixture(scope="module", params=CASES, ids=map(name, CASES))
def host(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Project, Server, str]]:
    case: dict[str, str] = request.param
    folder: Path = tmp_path_factory.mktemp("host")
    databases = sqlite(folder / "db.sqlite3")
    if case["database"] != "sqlite":
        server: PostgreSQL = request.getfixturevalue("postgresql")
        database = f"host_{uuid.uuid4().hex[:12]}"
        server.create_database(database)
        databases = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": database,
                                 "USER": server.user, "HOST": server.host, "PORT": str(server.port)}}  # fmt: skip
        if case["database"] == "pool":
            databases["default"]["OPTIONS"] = {"pool": True}
    if case["atomic"]:
        databases["default"]["ATOMIC_REQUESTS"] = True
    if case["age"]:
        databases["default"]["CONN_MAX_AGE"] = 600
    middleware = [entry for entry in (case["gzip"],) if entry]
    settings = [
        f"SESSION_ENGINE = 'django.contrib.sessions.backends.{case['sessions']}'",
        f"CSRF_USE_SESSIONS = {bool(case['csrf'])}",
        f"MIDDLEWARE = {middleware!r} + MIDDLEWARE + {[entry for entry in (case['more'],) if entry]!r}",
        "CACHES = {'default': {'BACKEND': 'django.core.cache.backends.filebased.FileBasedCache',"
        f" 'LOCATION': {str(folder / 'cache')!r}}}}}",
        "WINDSOCK = {}",
    ]
    (folder / "host_asgi.py").write_text(ASGI)
    (folder / "host_middleware.py").write_text(MIDDLEWARE)
    project = Project(folder, databases, {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
                      "\n".join(settings))  # fmt: skip
    key = project.python(SIGNED_IN).splitlines()[-1]
    with project.server("host_asgi:application") as running:
        yield project, running, key
    assert "Traceback" not in running.log.read_text(), running.log.read_text()[-3000:]


def ask(
    server: Server, key: str, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, bytes]:
    """One request of somebody who is signed in, as a browser sends it."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=WITHIN)
    token = "c" * 32
    sent = {"Cookie": f"sessionid={key}; csrftoken={token}", "X-CSRFToken": token, "Accept-Encoding": "gzip"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        sent["Content-Type"] = "application/json"
    try:
        connection.request(method, path, None if body is None else json.dumps(body), sent)
        response = connection.getresponse()
        data = response.read()
        if response.headers.get("Content-Encoding") == "gzip":
            data = gzip.decompress(data)
        return response.status, data
    finally:
        connection.close()


class EventSource:
    """Reads a stream as a browser does: it asks for gzip, and reads what comes by the encoding that is named."""

    def __init__(self, server: Server, key: str) -> None:
        wait_until(lambda: self.asks(server, key), 60, "a stream")

    def asks(self, server: Server, key: str) -> bool:
        """Whether the stream began; a busy server asks to come again, and so it does."""
        self.connection = HTTPConnection("127.0.0.1", server.port, timeout=WITHIN)
        self.connection.request(
            "GET",
            "/api/v1/stream?topics=all",
            headers={"Accept": "text/event-stream", "Accept-Encoding": "gzip, deflate, br",
                     "Cookie": f"sessionid={key}"},
        )  # fmt: skip
        self.response = self.connection.getresponse()
        if self.response.status == 503:
            assert b'"overloaded"' in self.response.read()
            return False
        assert self.response.status == 200, self.response.read()
        encoding = self.response.headers.get("Content-Encoding", "identity")
        # A browser reads one gzip member and takes what follows for the end.
        self.decode = zlib.decompressobj(31).decompress if encoding == "gzip" else bytes
        self.text = b""
        return True

    def until(self, wanted: bytes) -> None:
        """Reads until it came; raises TimeoutError if it does not."""
        while wanted not in self.text:
            part = self.response.read1(65_536)
            assert part, f"the stream ended before {wanted!r}"
            self.text += self.decode(part)


def test_everything_is_served_and_stays_live(host: tuple[Project, Server, str]) -> None:
    project, server, key = host
    assert ask(server, key, "POST", "/api/v1/reports", REPORT)[0] == 200
    streams = [EventSource(server, key) for _ in range(8)]
    for stream in streams:
        stream.until(b'"type":"snapshot"')
    socket_ = handshake(server, key)
    for gate in ("A1", "A2"):
        assert ask(server, key, "POST", "/api/v1/reports", REPORT | {"departure": {"gate": gate}})[0] == 200
        for stream in streams:
            stream.until(b'"%s"' % gate.encode())
    for _ in range(4):
        for path, wanted in (
            ("/healthz", 200), ("/readyz", 200), ("/metrics", 200), ("/api/v1/flights", 200), ("/", 200),
            ("/api/v1/events", 200), ("/api/v1/programmes", 200), ("/airports/ATL/departures/", 200),
            ("/flights/DL1865.2015-01-02.ATL/", 200), ("/api/v1/flights/DL1865.2015-01-02.ATL/history", 200),
            ("/api/v1/openapi.json", 200), ("/api/v1/docs", 200), ("/admin/", 302), ("/ws/flight-delay/", 426),
        ):  # fmt: skip
            assert ask(server, key, "GET", path)[0] == wanted, path
        assert ask(server, key, "POST", "/api/v1/tickets", {})[0] == 201
    socket_.close()
    if "postgresql" in (project.folder / "project_settings.py").read_text():
        counted = project.python(
            "from django.db import connection as c; k = c.cursor();"
            "k.execute('select count(*) from pg_stat_activity where datname = current_database()');"
            "print(k.fetchone()[0])"
        )
        # Writer, tail, questions, handshakes, readiness, duties, this question: not one per request or stream.
        assert int(counted.splitlines()[-1]) < 25
    for stream in streams:
        stream.connection.close()


def handshake(server: Server, key: str) -> socket.socket:
    """A live socket of the signed-in user's page."""
    client = socket.create_connection(("127.0.0.1", server.port), timeout=WITHIN)
    lines = ["GET /ws/flight-delay/ HTTP/1.1", f"Host: 127.0.0.1:{server.port}", "Upgrade: websocket",
             "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
             "Sec-WebSocket-Protocol: windsock.v1.json", f"Origin: http://127.0.0.1:{server.port}",
             f"Cookie: sessionid={key}", "", ""]  # fmt: skip
    client.sendall("\r\n".join(lines).encode())
    answer = b""
    while b'"type":"welcome"' not in answer:
        part = client.recv(65_536)
        if b" 503 " in answer + part:
            client.close()
            return handshake(server, key)  # busy
        assert part, answer
        answer += part
    return client


def test_every_view_of_ours_is_outside_of_request_transactions() -> None:
    from windsock.urls import urlpatterns

    def views(patterns: list[URLPattern | URLResolver]) -> Iterator[Any]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from views(pattern.url_patterns)
            else:
                yield pattern.callback

    found = list(views(urlpatterns))
    assert len(found) > 25
    for view in found:
        assert "any" in view._non_atomic_requests, view
