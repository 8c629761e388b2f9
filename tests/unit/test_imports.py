"""What must not need Django imports in a process where importing Django raises."""

import subprocess
import sys

import pytest

BLOCK = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"django", "channels", "ninja", "asgiref"}:
            raise ModuleNotFoundError(f"{name} is not to be imported here")

sys.meta_path.insert(0, Refuse())
"""


def test_the_package_gives_its_names_without_django_where_they_need_none() -> None:
    code = f"{BLOCK}\nimport windsock\nassert windsock.WindsockError and 'record' in dir(windsock)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    "module",
    [
        "windsock.client",
        "windsock.client.sync",
        "windsock.cli.main",
        "windsock.replay.bts",
        "windsock.replay.player",
        "windsock.flights",
        "windsock.journal.base",
        "windsock.journal.memory",
        "windsock.live.core.hub",
        "windsock.live.core.subscriptions",
        "windsock.live.core.tail",
        "windsock.protocol.client_session",
        "windsock.protocol.server_session",
        "windsock.wording.board",
        "windsock.wording.changes",
        "windsock.wording.programmes",
    ],
)
def test_imports_where_django_is_not_installed(module: str) -> None:
    result = subprocess.run(
        [sys.executable, "-c", f"{BLOCK}\nimport {module}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
