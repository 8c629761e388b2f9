"""`windsock watch` as people run it: its own process, against a real socket."""

import asyncio
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios

import pytest

from tests.unit.cli.command import command, environment, run, start
from tests.unit.client.service import LocalService, until


async def read_until(process: asyncio.subprocess.Process, text: str) -> str:
    """Its stdout up to the line with this text."""
    assert process.stdout is not None
    lines = ""
    async with asyncio.timeout(90):
        while text not in lines:
            line = await process.stdout.readline()
            assert line, lines + (await process.stderr.read()).decode()  # type: ignore[union-attr]
            lines += line.decode()
    return lines


async def interrupt(process: asyncio.subprocess.Process) -> tuple[int, str]:
    """Ctrl-C, then its exit code and what it said on stderr."""
    process.send_signal(signal.SIGINT)
    _, errors = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, errors.decode()


async def test_in_a_pipe_it_prints_a_line_per_event_and_nothing_else() -> None:
    async with LocalService() as service:
        await service.happen("dl1865-v2")
        process = await start("watch", "departures:ATL", "--url", service.url)
        await until(lambda: any(session.topics for session in service.sessions.values()), 20)
        await service.happen("dl1865-v3")
        line = await read_until(process, "estimate.changed")
        assert re.fullmatch(
            r"14:29:30Z +DL1865 +ATL→MCO +estimate\.changed: Left the gate · 34 min late.*\n", line
        )
        said = f"windsock: connected to {service.url}: 1 flight; a line for each event follows\n"
        assert await interrupt(process) == (0, said)


async def test_json_gives_each_event_as_it_came_on_the_wire() -> None:
    async with LocalService() as service:
        process = await start("watch", "--json", "--url", service.url)
        await until(lambda: any(session.topics for session in service.sessions.values()), 20)
        await service.happen("dl1865-v1")
        await service.happen("b6711-v1")
        lines = (await read_until(process, "B6711")).splitlines()
        events = [json.loads(line) for line in lines]
        assert [event["type"] for event in events] == ["event", "event"]
        assert [event["position"] for event in events] == ["t3st:1", "t3st:2"]
        code, errors = await interrupt(process)
        assert code == 0
        assert re.fullmatch(
            r"windsock: connected to .*: \d flights?; a line for each event follows\n", errors
        )


async def test_a_lost_connection_is_said_on_stderr_and_survived() -> None:
    async with LocalService() as service:
        process = await start("watch", "--json", "--url", service.url)
        await until(lambda: service.sessions, 20)
        await until(lambda: any(session.topics for session in service.sessions.values()))
        service.cut()
        await until(lambda: service.handshakes == 2, 10)
        await service.happen("dl1865-v1")
        assert "DL1865" in await read_until(process, "DL1865")
        code, errors = await interrupt(process)
        assert code == 0
        assert "connecting: the connection broke" in errors
        assert "Traceback" not in errors


async def test_in_a_terminal_it_is_a_board_of_the_terminals_width_that_changes_by_itself() -> None:
    async with LocalService() as service:
        await service.happen("dl1865-v1")
        with Terminal(service.url) as terminal:
            await terminal.shows("Departures ATL Atlanta")
            await terminal.shows("● live")
            await service.happen("dl1865-v2")
            await terminal.shows("34 min late")
            terminal.process.send_signal(signal.SIGINT)
            await terminal.ends(0)
            assert "departures:ATL: 1 change in" in terminal.seen


async def test_its_keys_filter_explain_and_quit() -> None:
    async with LocalService() as service:
        await service.happen("dl1865-v1")
        with Terminal(service.url) as terminal:
            await terminal.shows("DL1865")
            terminal.press("?")
            await terminal.shows("back to now")
            terminal.press("a")
            await terminal.shows("● live")
            terminal.press("/nowhere")
            await terminal.shows("nowhere")
            terminal.press("\r")
            await terminal.shows("“nowhere” (Esc: all)")
            terminal.press("\x1b")
            await terminal.shows("DL1865")
            terminal.press("c")
            await terminal.shows("cancelled only")
            terminal.press("a\x1b[B\r")  # all, the next flight, its details: this service has no HTTP
            await terminal.shows("Esc back to the board")
            terminal.press("q")
            await terminal.shows("Remark")
            terminal.press("q")
            await terminal.ends(0)


async def test_a_terminal_of_another_size_is_filled_at_once() -> None:
    async with LocalService() as service:
        await service.happen("dl1865-v1")
        with Terminal(service.url, columns=70, rows=24) as terminal:
            await terminal.shows("Remark")
            assert "Gate" not in terminal.seen
            terminal.resize(160, 40)
            await terminal.shows("Gate")
            terminal.press("q")
            await terminal.ends(0)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
async def test_however_it_is_ended_the_terminal_is_as_before(name: str) -> None:
    async with LocalService() as service:
        with Terminal(service.url) as terminal:
            await terminal.shows("● live")
            terminal.process.send_signal(getattr(signal, name))
            await terminal.ends(0)


async def test_a_service_that_ends_the_session_restores_the_terminal_and_says_why() -> None:
    async with LocalService() as service:
        with Terminal(service.url) as terminal:
            await terminal.shows("● live")
            await service.drop(4003)
            await terminal.ends(1)
            assert "windsock: " in terminal.seen


class Terminal:
    """A real terminal with `windsock watch departures:ATL` on it; it is restored when the command ends."""

    def __init__(self, url: str, columns: int = 80, rows: int = 24) -> None:
        self.leader, follower = pty.openpty()
        self.follower = os.dup(follower)
        self.before = termios.tcgetattr(follower)
        self.size(columns, rows)
        sizeless = environment(TERM="xterm-256color")
        del sizeless["COLUMNS"], sizeless["LINES"]
        own = "import os, fcntl, termios, sys; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
        words = command("watch", "departures:ATL", "--url", url)
        words[2] = own + words[2]
        self.process = subprocess.Popen(words, stdin=follower, stdout=follower, stderr=follower, env=sizeless)
        os.close(follower)
        os.set_blocking(self.leader, False)
        self.seen = ""

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.leader)
        os.close(self.follower)

    def size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.leader, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns: int, rows: int) -> None:
        """Change the size, as a window does: what is shown from here on is new."""
        self.seen = ""
        self.size(columns, rows)

    def press(self, keys: str) -> None:
        """Type; what is shown from here on is new."""
        self.seen = ""
        os.write(self.leader, keys.encode())

    def read(self) -> str:
        try:
            self.seen += os.read(self.leader, 65536).decode(errors="replace")
        except (BlockingIOError, OSError):
            pass
        return self.seen

    async def shows(self, text: str) -> None:
        await until(lambda: text in self.read(), 30)

    async def ends(self, code: int) -> None:
        """Wait for its end: with this exit code, the terminal as before, no traceback."""
        await until(lambda: self.read() is not None and self.process.poll() is not None, 30)
        while (before := self.seen) != self.read():
            assert before is not None
        assert self.process.returncode == code, self.seen
        assert "\x1b[?1049l" in self.seen, "the screen is not as it was before"
        assert "\x1b[?25h" in self.seen, "the cursor is still hidden"
        assert termios.tcgetattr(self.follower) == self.before, "the terminal does not echo"
        assert "Traceback" not in self.seen


def test_nobody_listening_is_one_sentence() -> None:
    done = run("watch", "--url", "ws://127.0.0.1:9")

    assert done.returncode == 1
    assert done.stderr == (
        "windsock: Nobody listens at ws://127.0.0.1:9/ws/flight-delay/. "
        "Start a service with `windsock demo` or `windsock serve`.\n"
    )


async def test_a_closed_door_says_which_key_is_missing() -> None:
    async with LocalService(token="s3cret") as service:
        process = await start("watch", "--url", service.url, WINDSOCK_TOKEN="wrong")
        _, errors = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 1
        assert "403" in errors.decode()
        assert "windsock token create" in errors.decode()
        assert "Traceback" not in errors.decode()
        process = await start("watch", "--json", "--url", service.url, WINDSOCK_TOKEN="s3cret")
        await until(lambda: any(session.topics for session in service.sessions.values()), 20)
        code, errors = await interrupt(process)
        assert code == 0
        assert "Traceback" not in errors


def test_an_unknown_topic_is_named_with_what_would_be_right() -> None:
    done = run("watch", "weather:JFK")

    assert done.returncode == 1
    assert "'weather:JFK' is not a topic. Known forms: all, flight:" in done.stderr
