"""The command `windsock` as people run it: its own process, its own folder, on a terminal or in a pipe."""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.services import wait_until

WINDSOCK = Path(sys.executable).with_name("windsock")
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[()=>].?")


def environment(**more: str) -> dict[str, str]:
    """The tests' environment without what would lead to another service."""
    unwanted = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")
    names = {k: v for k, v in os.environ.items() if k not in unwanted and not k.startswith("WINDSOCK")}
    return names | {"COLUMNS": "120", "LINES": "40", "PYTHONUNBUFFERED": "1"} | more


def run(*arguments: str, seconds: float = 240, **more: str) -> subprocess.CompletedProcess[str]:
    """Runs it to its end, in pipes."""
    return subprocess.run(
        [WINDSOCK, *arguments],
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


@dataclass
class OnTerminal:
    """A process whose stdin, stdout and stderr are a terminal of 120 × 40."""

    process: subprocess.Popen[bytes]
    leader: int
    text: str = ""

    def read(self) -> str:
        """All it has printed so far, without colours and cursor movements."""
        while True:
            try:
                self.text += os.read(self.leader, 65536).decode(errors="replace")
            except OSError:  # nothing more now, or its end of the terminal is closed
                return _ESCAPES.sub("", self.text).replace("\r", "")

    def shows(self, pattern: str, seconds: float = 20) -> re.Match[str]:
        """Waits until the pattern is on the screen, and gives the match."""

        def there() -> bool:
            assert re.search(pattern, self.read()) or self.process.poll() is None, self.text
            return re.search(pattern, self.read()) is not None

        wait_until(there, seconds, f"{pattern!r} in {self.read()[-2000:]!r}")
        found = re.search(pattern, self.read())
        assert found is not None
        return found

    def interrupt(self) -> float:
        """Ctrl-C at the terminal; the seconds until the process was gone."""
        begun = time.monotonic()
        os.write(self.leader, b"\x03")
        wait_until(lambda: self.read() is not None and self.process.poll() is not None, 20, "its end")
        return time.monotonic() - begun


@contextmanager
def on_terminal(*arguments: str, **more: str) -> Iterator[OnTerminal]:
    """Starts it on a terminal; killed at the end if it still runs."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    os.set_blocking(leader, False)
    process = subprocess.Popen(
        [WINDSOCK, *arguments],
        env=environment(TERM="xterm-256color", **more),
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(follower)
    terminal = OnTerminal(process, leader)
    try:
        yield terminal
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
        os.close(leader)
