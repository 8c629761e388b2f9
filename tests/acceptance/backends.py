"""A PostgreSQL and a Redis of a test's own, to be killed, stopped and started again."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests import services
from tests.services import free_port, wait_until


class Redis:
    """One Redis on one port, empty at each start."""

    def __init__(self) -> None:
        if missing := services.redis_missing():
            pytest.skip(missing)
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it and waits until it answers."""
        program = shutil.which("redis-server") or shutil.which("valkey-server")
        assert program is not None
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            [program, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        wait_until(lambda: self.ask("PING") == b"+PONG\r\n", 10, "Redis' start")

    def ask(self, command: str) -> bytes:
        """One inline command's answer; empty when nobody answers."""
        import socket

        try:
            with socket.create_connection(("127.0.0.1", self.port), 2) as client:
                client.sendall(f"{command}\r\n".encode())
                return client.recv(4096)
        except OSError:
            return b""

    def send(self, number: signal.Signals) -> None:
        """A signal, such as SIGSTOP."""
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """kill -9; harmless when it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class OwnPostgreSQL:
    """One PostgreSQL with its own data folder and port. `start`, `restart`, `kill`; `copy` and `restore` the folder."""

    def __init__(self) -> None:
        if missing := services.postgresql_missing():
            pytest.skip(missing)
        programs = services.postgresql_bin()
        assert isinstance(programs, Path)
        self._programs = programs
        # Not pytest's folder: the server may run as another user, who must reach it.
        self._folder = Path(tempfile.mkdtemp(prefix="own-postgresql-", dir=services.run_folder()))
        self._folder.chmod(0o711)
        self._data = self._folder / "data"
        self._as = services.initialize_postgresql(self._data, (self._folder / "log").open("ab"))
        self.server = services.PostgreSQL("127.0.0.1", free_port(), services.PG_USER)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it and waits until it answers."""
        import psycopg

        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.server.port),
            "unix_socket_directories": "",
            "max_connections": "100",
        }
        self._process = subprocess.Popen(
            [
                self._programs / "postgres",
                "-D",
                self._data,
                *(part for k, v in settings.items() for part in ("-c", f"{k}={v}")),
            ],
            start_new_session=True,
            **self._as,
        )

        def answers() -> bool:
            try:
                psycopg.connect(self.server.url(), connect_timeout=2).close()
            except psycopg.OperationalError:
                return False
            return True

        wait_until(answers, 30, "PostgreSQL's start")

    def end(self, number: signal.Signals = signal.SIGINT) -> None:
        """Fast shutdown; SIGQUIT is a crash."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(30)
            self._process = None

    def freeze(self) -> None:
        """Stops every process of it: connections stand and are taken, and nobody answers."""
        for pid in self._processes():
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets it go on; harmless when it is not frozen."""
        for pid in self._processes():
            os.kill(pid, signal.SIGCONT)

    def _processes(self) -> list[int]:
        if self._process is None:
            return []
        first = self._process.pid
        found = [first]
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                # "pid (name) state ppid …"; the name may have any signs.
                parent = int(status.read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError, IndexError):
                continue
            if parent == first:
                found.append(int(status.parent.name))
        return found

    def copy(self) -> Path:
        """A copy of the data folder of a server that has ended."""
        assert self._process is None
        copy = self._folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        subprocess.run(["cp", "-a", self._data, copy], check=True)
        return copy

    def restore(self, copy: Path) -> None:
        """The copy takes the place of the data folder of a server that has ended."""
        assert self._process is None
        shutil.rmtree(self._data)
        subprocess.run(["cp", "-a", copy, self._data], check=True)
