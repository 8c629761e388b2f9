"""The verbs that ask a running service, as processes of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import windsock
from tests.running_service import RunningService


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """Return a service for everybody to read."""
    running = RunningService.prepare(tmp_path_factory.mktemp("verbs"), WINDSOCK_PUBLIC_READ="1")
    running.start()
    yield running
    running.stop()


def verb(service: RunningService, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a verb against the service."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WINDSOCK", "DJANGO"))}
    return subprocess.run(
        [str(Path(sys.executable).with_name("windsock")), *words],
        env={**kept, "WINDSOCK_URL": service.url, "NO_COLOR": "1", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_doctor_asks_the_service_first_and_leaves_no_trace(service: RunningService, tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = verb(service, "doctor", "--json", HOME=str(home), XDG_DATA_HOME="")
    found = {finding["what"]: finding for finding in json.loads(done.stdout)}
    assert done.returncode == 0, done.stdout
    assert [*found] == ["Python", "service", "service ready", "service access", "service socket", "data here"]
    assert f"windsock {windsock.__version__}" in found["service"]["found"]
    assert f"{home}/.local/share/windsock (the default" in found["data here"]["found"]
    assert not home.exists()
