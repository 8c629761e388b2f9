"""Follow a document as its reader would: every fenced block is written or run exactly as it is printed.

The sentence before a block says what it is, to a reader as to a test:

- "Add to the end of `mysite/settings.py`:" appends it to that file;
- "… `follow.py`:" (a sentence that ends in a file's name and a colon) makes it that file;
- a block without a language is typed into a terminal, line by line;
- a block of Python without a file is run as a script, a block of TOML without one is read as feeds' settings;
- a block that the sentence before says "prints", "answers with" or "gives" is compared by whoever asks for it.

Commands that run until they are stopped (servers, `windsock watch`, `curl -N`) go into terminals of their own. A
server counts as started when its port answers, a follower when it has printed something; the next server on the same
port replaces the one before, as its reader would stop it first.
"""

import fcntl
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parents[1]
PORT = 8000
"""The documents' port. It is printed, so a test cannot choose another."""

SERVERS = re.compile(
    r"^(PORT=\d+ )?(make demo|windsock (demo|serve)|python manage\.py (runserver|windsock_run)|uvicorn )"
)
FOLLOWERS = re.compile(
    r"^(windsock (watch|replay)|curl -N|python follow\.py|python manage\.py windsock_run|python -m http\.server)"
)
START_SECONDS = 240.0
"""A demo that starts beside other tests on two busy cores has taken 40."""


@dataclass(frozen=True)
class Block:
    """One fenced block: where it stands, its language, the text, and the sentence before it."""

    page: str
    line: int
    language: str
    text: str
    before: str
    section: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def file(self) -> str | None:
        """The file that the sentence before names at its end."""
        found = re.search(r"`([\w./-]+\.\w+)`(?:, [^`.:]*)?:$", self.before)
        return found.group(1) if found else None

    @property
    def appends(self) -> bool:
        return re.search(r"add to the end of `[^`]+`:$", self.before, flags=re.IGNORECASE) is not None

    @property
    def is_output(self) -> bool:
        return re.search(r"(prints|gives|answers with|looks like this):?$", self.before) is not None


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, top to bottom. MyST directives (```{include}) are not for readers."""
    found: list[Block] = []
    before, section, paragraph = "", "", ""
    lines = page.read_text().splitlines()
    at = 0
    while at < len(lines):
        line = lines[at]
        fence = re.match(r"^( *)```(.*)$", line)
        if fence is None:
            if heading := re.match(r"^#+ (.*)$", line):
                section, paragraph, before = heading.group(1), "", ""
            elif line.strip():
                paragraph = f"{paragraph} {line.strip()}".strip()
                before = paragraph
            else:
                paragraph = ""
            at += 1
            continue
        indent, language = fence.groups()
        end = next(n for n in range(at + 1, len(lines)) if lines[n].startswith(f"{indent}```"))
        text = "\n".join(one.removeprefix(indent) for one in lines[at + 1 : end]) + "\n"
        if not language.startswith("{"):
            name = str(page.relative_to(ROOT))
            found.append(Block(name, at + 1, language.strip(), text, before, section))
        before, paragraph = "", ""
        at = end + 1
    return found


class Reader:
    """Somebody with a folder, terminals, and the environment that the tests run in. A context manager."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.printed = ""
        self._state = folder.parent / f"{folder.name}.terminal"
        self._running: dict[str, tuple[subprocess.Popen[bytes], Path]] = {}
        ours = {name: value for name, value in os.environ.items() if not _concerns_us(name)}
        home = folder.parent / f"{folder.name}.home"
        home.mkdir(exist_ok=True)
        self._environment = {
            **ours,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(home),
            "XDG_DATA_HOME": str(home / "data"),
            "PIP_NO_INDEX": "1",  # what a page installs is installed: only that it is enough is tried
            "PIP_REQUIRE_VIRTUALENV": "1",
            "PYTHONUNBUFFERED": "1",
            **environment,
        }

    def __enter__(self) -> "Reader":
        # One reader at a time on this machine: two servers on one port would answer for each other.
        self._turn = (Path(tempfile.gettempdir()) / f"windsock-tests-port-{PORT}-{os.geteuid()}").open("w")
        fcntl.flock(self._turn, fcntl.LOCK_EX)
        wait_for_port_to_be_free()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            for command in list(self._running):
                try:
                    self.stop(command)
                except AssertionError:
                    if error is None:
                        raise
        finally:
            self._turn.close()

    def follow(self, block: Block) -> None:
        """Do with a block what the sentence before it says; fails with the place and what was printed."""
        if block.is_output:
            return
        if block.file is not None:
            path = self.folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            if block.appends:
                assert path.exists(), f"{block.place}: there is no {block.file} to add to"
                path.write_text(f"{path.read_text()}\n{block.text}")
            else:
                path.write_text(block.text)
        elif block.language == "":
            for command in commands(block.text):
                self.type(command, block.place)
        elif block.language == "python":
            script = self.folder / ".printed.py"
            script.write_text(block.text)
            self.type("python .printed.py", block.place)
        elif block.language == "toml":
            from windsock.errors import ConfigError
            from windsock.feeds.configuration import from_toml, read

            try:
                read(from_toml(block.text))
            except ConfigError as error:
                raise AssertionError(f"{block.place}: {error}") from None
        else:
            raise AssertionError(f"{block.place}: nobody says what to do with this {block.language} block")

    def type(self, command: str, place: str = "") -> str:
        """Type one command into the terminal and return what it printed; a server is left running."""
        plain = command.partition(" #")[0].strip().removeprefix(".venv/bin/")
        if SERVERS.match(plain) or FOLLOWERS.match(plain):
            self._start(command, plain, place)
            return ""
        done = subprocess.run(
            ["bash", "-c", f"{self._resume()}{command}\nrc=$?\n{self._remember()}exit $rc"],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=START_SECONDS,
            check=False,
        )
        self.printed = done.stdout.decode(errors="replace")
        assert done.returncode == 0, f"{place}: {command}\nexit code {done.returncode}\n{self.printed}"
        return self.printed

    def stop(self, command: str) -> str:
        """End a command that runs, as Ctrl-C does; return what it printed. Fails if it had failed before."""
        process, log = self._running.pop(command)
        if process.poll():
            raise AssertionError(
                f"{command}\nended with {process.returncode}\n{log.read_text(errors='replace')}"
            )
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            if process.poll() is None:
                os.killpg(process.pid, number)
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    continue
        return log.read_text(errors="replace")

    def _start(self, command: str, plain: str, place: str) -> None:
        serves = SERVERS.match(plain) is not None and "windsock_run" not in plain
        if serves:
            for other in list(self._running):
                if SERVERS.match(other):
                    self.stop(other)
            wait_for_port_to_be_free()
        log = self.folder.parent / f"{self.folder.name}.{len(self._running)}.{time.monotonic_ns()}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["bash", "-c", f"{self._resume()}{command}"],
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._running[plain] = (process, log)
        until = time.monotonic() + START_SECONDS
        while not (answers() if serves else log.stat().st_size > 0):
            said = log.read_text(errors="replace")
            assert process.poll() is None, f"{place}: {command}\nended with {process.returncode}\n{said}"
            assert time.monotonic() < until, f"{place}: {command}\nhas not started\n{said}"
            time.sleep(0.1)

    def _resume(self) -> str:
        return f". {shlex.quote(str(self._state))}\n" if self._state.exists() else ""

    def _remember(self) -> str:
        quoted = shlex.quote(str(self._state))
        return f'export -p > {quoted}; echo cd $(printf %q "$PWD") >> {quoted}\n'


def commands(text: str) -> Iterator[str]:
    """Yield the commands of a block: one a line, unless a backslash or an open quote continues it."""
    gathered = ""
    for line in text.splitlines():
        gathered = f"{gathered}\n{line}" if gathered else line
        if not gathered.strip() or gathered.lstrip().startswith("#"):
            gathered = ""
            continue
        if line.endswith("\\"):
            continue
        try:
            shlex.split(gathered, comments=True)
        except ValueError:  # an open quote
            continue
        yield gathered
        gathered = ""
    assert not gathered, f"a command that does not end: {gathered}"


def wait_for_port_to_be_free() -> None:
    """Return when nothing listens on the documents' port."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", PORT))
            except OSError:
                time.sleep(0.2)
            else:
                return
    raise AssertionError(f"Something else listens on port {PORT}, which the documents use. Stop it.")


def answers() -> bool:
    """Whether the service on the documents' port answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=2):
            return True
    except OSError:
        return False


def _concerns_us(name: str) -> bool:
    """Whether a variable of the test run would change what a reader sees."""
    return name in ("DJANGO_SETTINGS_MODULE", "CI", "LOG_LEVEL", "PORT") or name.startswith(
        ("WINDSOCK_", "PYTEST_", "COV_")
    )
