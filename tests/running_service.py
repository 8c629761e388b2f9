"""The ready-made service as real processes: own folder, real ports, three tokens; killed for real. No Django here."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Self

from tests.services import fill_postgresql, free_port, only_one, run_folder, wait_until

PREPARE = """
import json, django
from importlib import import_module
django.setup()
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from windsock.access import tokens
user = get_user_model().objects.create_user("ben", password="x")
user.user_permissions.add(Permission.objects.get(codename="publish", content_type__app_label="windsock"))
reader = get_user_model().objects.create_user("ada", password="x")
session = import_module(settings.SESSION_ENGINE).SessionStore()
session[SESSION_KEY] = str(reader.pk)
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = reader.get_session_auth_hash()
session.save()
print(json.dumps({
    "publisher": tokens.create(user, "Operations", ["read", "publish"])[1],
    "reader": tokens.create(reader, "board", ["read"])[1],
    "feed": tokens.create(None, "feed", ["publish"])[1],
    "session": session.session_key,
}))
"""


def _prepared(environment: dict[str, str]) -> dict[str, str]:
    """Migrate the database of this environment and add the users; return their tokens."""
    made = subprocess.run(
        [sys.executable, "-c", PREPARE], env=environment, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    tokens: dict[str, str] = json.loads(made.stdout)
    return tokens


def prepared_files() -> Path:
    """Return the file of tokens beside a database and a key that `prepare` copies.

    Made once per test run: migrating takes longer than starting the service, and most tests need nothing else.
    """
    folder = run_folder() / "prepared"
    tokens = folder / "tokens.json"
    with only_one("prepared"):
        if not tokens.exists():
            folder.mkdir(exist_ok=True)
            tokens.write_text(json.dumps(_prepared(_environment(folder))))
    return tokens


def _environment(folder: Path, **settings: str) -> dict[str, str]:
    without = ("DATABASE_URL", "REDIS_URL")
    return {
        **{name: value for name, value in os.environ.items() if name not in without},
        "WINDSOCK_DATA": str(folder),
        "DJANGO_SETTINGS_MODULE": "windsock.service.settings",
        **settings,
    }


def _prepare_postgresql(folder: Path, url: str) -> dict[str, str]:
    """Fill the empty database of this URL as `_prepared` would, and put its key into `folder`; return the tokens."""
    prepared = run_folder() / "prepared-postgresql"
    tokens = prepared / "tokens.json"

    def fill() -> None:
        prepared.mkdir(exist_ok=True)
        tokens.write_text(json.dumps(_prepared(_environment(prepared, DATABASE_URL=url))))

    fill_postgresql("service", url, fill)
    shutil.copy2(prepared / "secret_key", folder)
    made: dict[str, str] = json.loads(tokens.read_text())
    return made


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
class RunningService:
    """A service on `port`, over the data in `folder`: ask it with `get`, `post`, `ask`; `kill` and `start` it again.

    The users are ben (may publish; token "publisher") and ada (may read; "reader"), both with the password "x"; the
    token "feed" belongs to nobody, and "session" is the cookie of ada's browser.
    """

    folder: Path
    environment: dict[str, str]
    port: int
    tokens: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @classmethod
    def prepare(cls, folder: Path, **settings: str) -> Self:
        """Put a migrated database with users and tokens into `folder`; nothing runs yet.

        `settings` are environment variables.
        """
        environment = _environment(folder, **settings)
        if "SECRET_KEY" in settings or (folder / "windsock.sqlite3").exists():
            return cls(folder, environment, free_port(), tokens=_prepared(environment))
        if "DATABASE_URL" in settings:
            tokens = _prepare_postgresql(folder, settings["DATABASE_URL"])
            return cls(folder, environment, free_port(), tokens=tokens)
        made = prepared_files()
        for file in made.parent.iterdir():
            if file != made:
                shutil.copy2(file, folder)
        return cls(folder, environment, free_port(), tokens=json.loads(made.read_text()))

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What the server's processes printed."""
        return self.folder / "server.log"

    def start(self, *options: str) -> None:
        """Starts `windsock serve` and waits until it answers."""
        windsock = Path(sys.executable).with_name("windsock")
        self.start_with(
            str(windsock), "serve", "--data", str(self.folder), "--port", str(self.port), *options
        )

    def start_with(self, *command: str) -> None:
        """Starts another server for the same application on `port`, and waits until it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        wait_until(self._answers, 30, f"the start of the service ({self.log})")

    def kill(self) -> None:
        """kill -9: no goodbye, no clean-up."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """Ends the server as an operator does."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=90)

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.ask("GET", "/healthz", who=None).status == 200
        except OSError:
            return False

    def connection(self) -> HTTPConnection:
        """A connection of its own, for what `ask` cannot do."""
        return HTTPConnection("127.0.0.1", self.port, timeout=90)

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
