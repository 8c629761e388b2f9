"""`import windsock.client` works where Django is not installed."""

import subprocess
import sys

BLOCKED = """
import sys

class NoDjango:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("django", "channels", "ninja", "asgiref", "rich", "typer"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, NoDjango())
import windsock.client
import windsock.client.sync
from windsock.protocol.client_session import ClientSession
from windsock.protocol.server_session import ServerSession
assert windsock.client.connect("ws://127.0.0.1:1", topics=["departures:KJFK"]).topics == {"departures:JFK"}
print("fine")
"""


def test_the_client_needs_no_django() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.stdout == "fine\n", done.stderr
