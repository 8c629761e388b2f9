"""PostgreSQL, Redis and Chromium for the tests: found, started once, stopped again. No Django here.

A service that is not installed is told by a `str` that says what is missing; whoever needs it skips with that text.
Everything lives in one temporary folder per test run, which pytest-xdist's workers share by an environment variable.
"""

import atexit
import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

RUN_FOLDER = "WINDSOCK_TEST_FOLDER"
PG_PORT = "WINDSOCK_TEST_POSTGRESQL_PORT"
PG_USER = "windsock"
PREFIX = "windsock-tests-"
OWNER = "owner"  # this file in the folder holds the process id of the test run


def run_folder() -> Path:
    """The folder of this test run; made on the first call, inherited by child processes."""
    if RUN_FOLDER not in os.environ:
        _clean_up_after_the_killed()
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        (folder / OWNER).write_text(str(os.getpid()))
        folder.chmod(0o711)  # PostgreSQL may run as another user and must reach its data folder in here
        os.environ[RUN_FOLDER] = str(folder)
        atexit.register(clean_up, os.getpid())
    return Path(os.environ[RUN_FOLDER])


def clean_up(owner: int) -> None:
    """Stops what this run started and removes its folder; does nothing in a process other than `owner`."""
    if os.getpid() == owner and RUN_FOLDER in os.environ:
        folder = Path(os.environ.pop(RUN_FOLDER))
        _stop_postgresql(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _clean_up_after_the_killed() -> None:
    """Removes what test runs left behind that ended by SIGKILL: their folders, and the servers that live in them."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError, ValueError):
            owner = int((folder / OWNER).read_text())
            if folder.stat().st_uid == os.geteuid() and not _alive(owner):
                _stop_postgresql(folder)
                shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


PORTS = range(20_000, 32_000)
"""Below the system's own (32768 and up on Linux, 49152 elsewhere), which any connection may take at any moment."""


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nothing uses, and that no other test on this machine is given for long.

    Between this call and the server's start lie seconds, in which the system would give the same port to another test.
    So ports are handed out one after another, across all test runs of this user.
    """
    counter = Path(tempfile.gettempdir()) / f"{PREFIX}port-{os.geteuid()}"
    with counter.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        before = file.read()
        port = int(before) if before.isdigit() and int(before) in PORTS else PORTS.start
        for _ in PORTS:
            port = port + 1 if port + 1 in PORTS else PORTS.start
            if _free(port):
                break
        else:
            raise RuntimeError(f"No port from {PORTS.start} to {PORTS.stop - 1} is free")
        file.truncate(0)
        file.write(str(port))
    return port


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def patience(seconds: float) -> float:
    """Return how long to wait for what takes at most `seconds` on a quiet machine.

    A deadline only ends a test that has failed anyway, so it costs nothing to be generous. Where a promise is a time,
    the test measures it.
    """
    return max(seconds, min(5 * seconds, 120.0))


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Return as soon as `condition()` holds; raise TimeoutError naming `what` after `patience(seconds)`."""
    deadline = time.monotonic() + patience(seconds)
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {patience(seconds):.0f} s")
        time.sleep(0.02)


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


def postgresql_bin() -> Path | str:
    """The folder of the newest PostgreSQL's programs, or what is missing."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    return "PostgreSQL is not installed (no initdb found); Debian: apt-get install postgresql"


def postgresql_missing() -> str | None:
    """Why PostgreSQL tests cannot run here, or None when they can."""
    programs = postgresql_bin()
    if isinstance(programs, str):
        return programs
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "psycopg is not installed; pip install 'windsock[postgresql]'"
    return None


def postgresql_port() -> int:
    """The port PostgreSQL has, or will have, in this test run."""
    return int(os.environ.setdefault(PG_PORT, str(free_port())))


@dataclass(frozen=True)
class PostgreSQL:
    """A running server of this test run; anyone local may log in as `user`."""

    host: str
    port: int
    user: str

    def url(self, database: str = "postgres") -> str:
        """The URL of one of its databases."""
        return f"postgresql://{self.user}@{self.host}:{self.port}/{database}"

    def create_database(self, name: str) -> str:
        """Creates an empty database and answers with its URL."""
        import psycopg

        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return self.url(name)


def start_postgresql() -> PostgreSQL:
    """The run's one server, started by whichever process asks first. fsync is on: durability is what we measure."""
    server = PostgreSQL("127.0.0.1", postgresql_port(), PG_USER)
    with only_one("postgresql"):
        if not (_pg_data() / "postmaster.pid").exists():
            _launch_postgresql(server)
    return server


def _stop_postgresql(folder: Path) -> None:
    """Stops the server of a test run, if it has one (fast shutdown, by its process id)."""
    pid_file = folder / "postgresql" / "postmaster.pid"
    if not pid_file.exists():
        return
    pid = int(pid_file.read_text().split()[0])
    if not _alive(pid):
        return
    os.kill(pid, signal.SIGINT)
    try:
        wait_until(lambda: not pid_file.exists(), 15, "PostgreSQL's shutdown")
    except TimeoutError:
        os.kill(pid, signal.SIGQUIT)


def _pg_data() -> Path:
    return run_folder() / "postgresql"


def initialize_postgresql(data: Path, log: IO[bytes]) -> dict[str, Any]:
    """Make `data` a fresh data folder, a copy of one that is made once per test run.

    Return how to run programs on it (arguments of `subprocess`): PostgreSQL refuses to run as root.
    """
    programs = postgresql_bin()
    if isinstance(programs, str):
        raise RuntimeError(programs)
    common: dict[str, Any] = {"stdout": log, "stderr": log, "cwd": "/"}
    if os.geteuid() == 0:
        common |= {"user": "postgres", "group": "postgres", "extra_groups": []}
    first = run_folder() / "initdb"
    options = ["-U", PG_USER, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
    with only_one("initdb"):
        if not (first / "PG_VERSION").exists():
            first.mkdir(mode=0o700, exist_ok=True)
            if os.geteuid() == 0:
                shutil.chown(first, "postgres", "postgres")
            subprocess.run([programs / "initdb", "-D", first, *options], check=True, **common)
    subprocess.run(["cp", "-a", first, data], check=True)
    return common


def _launch_postgresql(server: PostgreSQL) -> None:
    programs = postgresql_bin()
    if isinstance(programs, str):
        raise RuntimeError(programs)
    data = _pg_data()
    log = (run_folder() / "postgresql.log").open("ab")
    common = initialize_postgresql(data, log)
    options = {
        "listen_addresses": server.host,
        "port": server.port,
        "unix_socket_directories": "",
        "max_connections": 200,
    }
    subprocess.Popen(
        [
            programs / "postgres",
            "-D",
            data,
            *(part for k, v in options.items() for part in ("-c", f"{k}={v}")),
        ],
        start_new_session=True,  # Ctrl-C at the tests must not stop it before the tests have cleaned up
        **common,
    )
    import psycopg

    def answers() -> bool:
        try:
            psycopg.connect(server.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    wait_until(answers, 30, f"PostgreSQL's start (see {log.name})")


def fill_postgresql(name: str, url: str, fill: Callable[[], None]) -> None:
    """Fill the empty database of this URL: by `fill()` the first time in a test run, then by a dump of that database.

    Migrating takes ten times as long as reading a dump.
    """
    programs = postgresql_bin()
    if isinstance(programs, str):
        raise RuntimeError(programs)
    dump = run_folder() / f"{name}.sql"
    with only_one(f"{name}.sql"):
        if not dump.exists():
            fill()
            unfinished = dump.with_suffix(".new")
            subprocess.run([programs / "pg_dump", "--no-owner", "-f", unfinished, url], check=True)
            unfinished.rename(dump)
            return
    subprocess.run(
        [programs / "psql", "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-f", dump, url],
        check=True,
        stdout=subprocess.DEVNULL,
    )


@contextlib.contextmanager
def only_one(name: str) -> Iterator[None]:
    """Lets one process of this test run in at a time."""
    with (run_folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# --- Redis ------------------------------------------------------------------------------------------------------------


def redis_missing() -> str | None:
    """Why Redis tests cannot run here, or None when they can."""
    if not (shutil.which("redis-server") or shutil.which("valkey-server")):
        return "Redis is not installed (no redis-server on the path); Debian: apt-get install redis-server"
    return None


@contextlib.contextmanager
def running_redis() -> Iterator[str]:
    """A Redis (or Valkey) of its own, empty, on a free port; gives its URL and stops it at the end."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        raise RuntimeError(redis_missing())
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="redis-", dir=run_folder()))
    options = [
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        str(folder),
    ]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([program, *options], stdout=log, stderr=log, start_new_session=True)
    try:
        wait_until(lambda: _accepts(port), 10, "Redis' start")
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


# --- Browser, node, data ----------------------------------------------------------------------------------------------


def chromium() -> str | None:
    """The path of a Chromium, or None."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for name in names if (path := shutil.which(name))), None)


def node() -> str | None:
    """The path of node, or None."""
    return shutil.which("node") or shutil.which("nodejs")


SHARED = Path(__file__).resolve().parents[2] / "shared"
"""The folder beside the clone with the large data files that are not committed."""
