"""Nobody speaks as another source, through a real socket and the command line.

The other entrances are in tests/integration/test_who_speaks.py.
"""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.rawsocket import RawSocket
from tests.running_service import RunningService

REPORT = {"flight": "DL1865", "date": "2015-01-02", "origin": "ATL", "destination": "MCO", "cancelled": True}
FEEDS = {"oslo": {"format": "mvt", "source": "avinor"}, "telex": {"format": "mvt"}}

# The token "publisher" reports as its own source (None here) and may name no other.
FOREIGN, RESERVED = "foreign_source", "reserved_source"
SPOKEN: dict[str | None, str | None] = {
    None: None,
    "trusted-ops": FOREIGN,
    "feed": FOREIGN,
    "user:ann": FOREIGN,
    "oslo": RESERVED,
    "OSLO": RESERVED,
    "\u043eslo": RESERVED,  # a Cyrillic first letter
    "avinor": RESERVED,
    "windsock.overdue": RESERVED,
    "W\u0456ndsock.overdue": RESERVED,
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    service = RunningService.prepare(tmp_path_factory.mktemp("speaks"), WINDSOCK_FEEDS=json.dumps(FEEDS))
    service.start()
    yield service
    service.stop()


def kept(service: RunningService) -> list[tuple[str, str | None, str, str | None]]:
    """Source, reporter, entrance and refusal of every report, oldest first."""
    with sqlite3.connect(f"file:{service.folder / 'windsock.sqlite3'}?mode=ro", uri=True) as database:
        rows = database.execute("SELECT source, reporter, entrance, error FROM windsock_report ORDER BY id")
        return list(rows)


def test_of_a_real_socket(service: RunningService) -> None:
    raw = RawSocket.open(service.port, token=service.tokens["publisher"])
    assert raw.status == 101
    raw.message("welcome")
    before = len(kept(service))
    for number, (source, refusal) in enumerate(SPOKEN.items()):
        report = REPORT if source is None else REPORT | {"source": source}
        raw.text(json.dumps({"type": "report", "id": str(number), "report": report}))
        answer: dict[str, Any] = json.loads(raw.message("recorded" if refusal is None else "error"))
        assert answer["id"] == str(number)
        assert answer.get("code") == refusal, source
    raw.close()
    told = kept(service)[before:]
    assert [error for _, _, _, error in told] == list(SPOKEN.values())
    # What was refused is kept under its sender's own source, never under the one it named.
    assert len({source for source, _, _, _ in told}) == 1
    assert {entrance for _, _, entrance, _ in told} == {"socket"}
    assert all(reporter is not None and reporter.startswith("token:") for _, reporter, _, _ in told)


@pytest.mark.parametrize("source", [None, "trusted-ops", "\u043eslo", "windsock.overdue"])
def test_of_the_command_line(service: RunningService, source: str | None) -> None:
    command = [str(Path(sys.executable).with_name("windsock")), "publish", "DL1865", "--date", "2015-01-02"]
    command += ["--origin", "ATL", "--cancelled", "--url", service.url]
    command += [] if source is None else ["--source", source]
    environment = service.environment | {
        "WINDSOCK_TOKEN": service.tokens["publisher"],
        "PYTHONIOENCODING": "utf-8",
    }
    done = subprocess.run(
        command, env=environment, capture_output=True, encoding="utf-8", check=False, timeout=120
    )
    assert (done.returncode == 0) == (SPOKEN[source] is None), done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    told, reporter, _, error = kept(service)[-1]
    assert error == SPOKEN[source]
    assert told != source
    assert reporter is not None
    assert reporter.startswith("token:")
