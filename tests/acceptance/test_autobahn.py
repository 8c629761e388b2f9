"""Autobahn|Testsuite, cases 1-7 and 10, against handed-over sockets: 0 FAILED, no fewer OK than uvicorn's own class.

It needs Python 2.7 with `autobahntestsuite` in a virtual environment; AUTOBAHN names its `wstest`. Where there is none,
tests/unit/live/test_framing.py stands in: the same rules, with the section of RFC 6455 in each name.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.services import free_port, wait_until

ROOT = Path(__file__).parents[2]
CASES = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*"]
SANSIO = "uvicorn.protocols.websockets.websockets_sansio_impl:WebSocketsSansIOProtocol"
SERVE = """
import sys, uvicorn
uvicorn.run("tests.echo_app:application", ws=sys.argv[1], port=int(sys.argv[2]), log_level="error", lifespan="off",
            ws_per_message_deflate=False, ws_max_size=1 << 20)
"""


def wstest() -> str | None:
    """The program, if it is here."""
    return shutil.which(os.environ.get("AUTOBAHN", "wstest"))


@pytest.mark.autobahn
@pytest.mark.skipif(wstest() is None, reason="no Autobahn|Testsuite (Python 2.7): set AUTOBAHN to its wstest")
def test_no_case_fails_and_no_fewer_are_ok_than_under_uvicorns_own_class(tmp_path: Path) -> None:
    ours = results("windsock.service.websocket_protocol:HandoverProtocol", tmp_path / "ours")
    theirs = results(SANSIO, tmp_path / "theirs")
    told = f"ours {dict(Counter(ours.values()))}, uvicorn's {dict(Counter(theirs.values()))}"
    print(told)
    assert len(ours) > 100, told
    assert not [case for case, said in ours.items() if said not in ("OK", "NON-STRICT", "INFORMATIONAL")], (
        told
    )
    assert Counter(ours.values())["OK"] >= Counter(theirs.values())["OK"], told


def results(protocol: str, folder: Path) -> dict[str, str]:
    """What Autobahn says of each case, of behaviour and closing the worse one."""
    folder.mkdir()
    port = free_port()
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    server = subprocess.Popen([sys.executable, "-c", SERVE, protocol, str(port)], env=environment, cwd=folder)
    try:
        wait_until(lambda: _listens(port), 20, "the echo's start")
        spec = {
            "outdir": str(folder / "reports"),
            "servers": [{"agent": "echo", "url": f"ws://127.0.0.1:{port}"}],
            "cases": CASES,
            "exclude-cases": [],
            "exclude-agent-cases": {},
        }
        (folder / "spec.json").write_text(json.dumps(spec))
        program = wstest()
        assert program is not None
        subprocess.run(
            [program, "-m", "fuzzingclient", "-s", "spec.json"],
            cwd=folder,
            env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
            check=True,
            timeout=400,
            stdout=subprocess.DEVNULL,
        )
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)
    index = json.loads((folder / "reports" / "index.json").read_text())["echo"]
    order = ["OK", "INFORMATIONAL", "NON-STRICT"]

    def worst(case: dict[str, str]) -> str:
        said = [case["behavior"], case["behaviorClose"]]
        return max(said, key=lambda word: order.index(word) if word in order else 9)

    return {case: worst(told) for case, told in index.items()}


def _listens(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
