"""The ready-made service as a real process: uvicorn on a port of its own, a fresh SQLite file, three tokens."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.services import free_port, wait_until

PREPARE = """
import json, django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from windsock.access import tokens
user = get_user_model().objects.create_user("ben", password="x")
user.user_permissions.add(Permission.objects.get(codename="publish", content_type__app_label="windsock"))
reader = get_user_model().objects.create_user("ada", password="x")
print(json.dumps({
    "publisher": tokens.create(user, "Operations", ["read", "publish"])[1],
    "reader": tokens.create(reader, "board", ["read"])[1],
    "feed": tokens.create(None, "feed", ["publish"])[1],
}))
"""


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Service:
    """A running service: ask it with `get`, `post`, `ask`."""

    folder: Path
    environment: dict[str, str]
    port: int = 0
    tokens: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts the server and waits until it answers."""
        self.port = free_port()
        command = [
            sys.executable,
            "-m",
            "uvicorn",
            "windsock.service.asgi:application",
            "--port",
            str(self.port),
        ]
        log = (self.folder / "server.log").open("ab")
        self.process = subprocess.Popen(
            [*command, "--log-level", "warning", "--timeout-graceful-shutdown", "2"],
            env=self.environment,
            stdout=log,
            stderr=log,
        )
        wait_until(self._answers, 30, f"the start of the service ({self.folder / 'server.log'})")

    def stop(self) -> None:
        """Ends the server as an operator does."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=20)

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "server.log").read_text()
        try:
            return self.ask("GET", "/healthz", who=None).status == 200
        except OSError:
            return False

    def connection(self) -> HTTPConnection:
        """A connection of its own, for what `ask` cannot do."""
        return HTTPConnection("127.0.0.1", self.port, timeout=30)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        who: str | None = "publisher",
    ) -> Answer:
        """One request, as the bearer of one of `tokens` (or as nobody)."""
        sent = dict(headers or {})
        if who is not None:
            sent["Authorization"] = f"Bearer {self.tokens[who]}"
        connection = self.connection()
        try:
            connection.request(method, path, body=body, headers=sent)
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def get(self, path: str, who: str | None = "reader") -> Answer:
        """A GET."""
        return self.ask("GET", path, who=who)

    def post(self, reports: Any, who: str | None = "publisher") -> Answer:
        """Reports as JSON."""
        return self.ask(
            "POST", "/api/v1/reports", json.dumps(reports), {"Content-Type": "application/json"}, who=who
        )


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service on SQLite, running while this module's tests do."""
    yield from running_service(tmp_path_factory.mktemp("service"))


def running_service(folder: Path, **more: str) -> Iterator[Service]:
    """A service with its files in `folder` and `more` in its environment; ended when the generator is."""
    environment = {
        **{name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")},
        "WINDSOCK_DATA": str(folder),
        "DJANGO_SETTINGS_MODULE": "windsock.service.settings",
        **more,
    }
    made = subprocess.run(
        [sys.executable, "-c", PREPARE], env=environment, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    running = Service(folder, environment, tokens=json.loads(made.stdout))
    running.start()
    yield running
    running.stop()
