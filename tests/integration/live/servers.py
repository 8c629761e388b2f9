"""Real server processes of a plain host project, for tests of live delivery across processes."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection

from tests import services
from tests.dial import dial

SETTINGS = """
from tests.settings import *
DATABASES = {databases!r}
CHANNEL_LAYERS = {layers!r}
WINDSOCK = {{"PUBLIC_READ": True}}
LOGGING = {{"version": 1, "disable_existing_loggers": False, "handlers": {{"c": {{"class": "logging.StreamHandler"}}}},
           "root": {{"handlers": ["c"], "level": "WARNING"}}}}
"""


@dataclass
class Server:
    """One running uvicorn process."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def connect(self, *, plain: bool = False, token: str | None = None) -> ClientConnection:
        """A client of this process."""
        headers = {"Authorization": f"Bearer {token}"} if token else None
        subprotocols = None if plain else ["windsock.v1.json"]
        return dial(
            f"ws://127.0.0.1:{self.port}/ws/flight-delay/",
            subprotocols=subprotocols,  # type: ignore[arg-type]
            additional_headers=headers,
        )


class Project:
    """A host project in a folder: its settings, its database, its server processes."""

    def __init__(
        self, folder: Path, databases: dict[str, Any], layers: dict[str, Any], more: str = ""
    ) -> None:
        self.folder = folder
        text = SETTINGS.format(databases=databases, layers=layers) + more
        (folder / "project_settings.py").write_text(text)
        path = os.pathsep.join(
            [str(folder), str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")]
        )
        self.environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "project_settings", "PYTHONPATH": path}
        self._migrate(databases["default"], more)

    def _migrate(self, database: dict[str, Any], more: str) -> None:
        """Migrate; unless the apps are others, from the first project of this test run: its file, or its dump."""

        def migrate() -> None:
            self.run("migrate", "--verbosity", "0")

        if "INSTALLED_APPS" in more:
            migrate()
            return
        if database["ENGINE"].endswith("postgresql"):
            server = services.PostgreSQL(database["HOST"], int(database["PORT"]), database["USER"])
            services.fill_postgresql("project", server.url(database["NAME"]), migrate)
            return
        migrated = services.run_folder() / "project.sqlite3"
        with services.only_one("project"):
            if not migrated.exists():
                migrate()
                shutil.copy2(database["NAME"], migrated)
                return
        shutil.copy2(migrated, database["NAME"])

    def run(self, *arguments: str) -> str:
        """Output of `manage.py …`."""
        return subprocess.run(
            [sys.executable, "-m", "django", *arguments],
            env=self.environment,
            cwd=self.folder,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    def python(self, code: str) -> str:
        """Output of code with Django set up."""
        return self.run("shell", "--verbosity", "0", "-c", code)

    def token(self) -> str:
        """A token that may publish."""
        code = (
            "from windsock.access.tokens import create; print(create(None, 'tests', ['read', 'publish'])[1])"
        )
        return self.python(code).splitlines()[-1]

    @contextmanager
    def server(
        self, kind: str = "uvicorn", application: str = "tests.asgi:application", lifespan: str = "off"
    ) -> Iterator[Server]:
        """A server process, ready; stopped at the end."""
        port = services.free_port()
        if kind == "daphne":
            command = [
                sys.executable,
                "-m",
                "daphne",
                "-b",
                "127.0.0.1",
                "-p",
                str(port),
                "-v",
                "0",
                application,
            ]
        else:
            options = ["--timeout-graceful-shutdown", "1", "--log-level", "warning", "--lifespan", lifespan]
            command = [sys.executable, "-m", "uvicorn", application, "--port", str(port), *options]
        with self.process(f"server-{port}", *command) as (process, log):
            services.wait_until(
                lambda: _answers(port) or process.poll() is not None, 30, f"a server on port {port}"
            )
            assert process.poll() is None, log.read_text()
            yield Server(process, port, log)

    @contextmanager
    def process(self, name: str, *command: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
        """A process of this project and its log; ended by SIGTERM."""
        log = self.folder / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, env=self.environment, cwd=self.folder, stdout=output, stderr=output
            )
        try:
            yield process, log
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until(client: ClientConnection, kind: str, within: float = 90) -> dict[str, Any]:
    """The next message of this type."""
    while True:
        message: dict[str, Any] = json.loads(client.recv(timeout=within))
        if message["type"] == kind:
            return message


def sqlite(path: Path) -> dict[str, Any]:
    """settings.DATABASES for this file."""
    return {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path),
                        "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"}}}  # fmt: skip
