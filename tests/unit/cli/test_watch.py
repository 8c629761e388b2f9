"""`windsock watch` as people run it: its own process, against a real socket."""

import asyncio
import json
import os
import pty
import re
import signal
import subprocess

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


async def test_in_a_pipe_it_prints_the_board_and_then_a_line_per_event() -> None:
    async with LocalService() as service:
        await service.happen("dl1865-v2")
        process = await start("watch", "departures:ATL", "--url", service.url)
        board = await read_until(process, "DL1865")
        assert re.search(r"08:55\S* +09:29 +DL1865 +MCO Orlando +34 min late · late", board)
        assert all(len(line) <= 80 for line in board.splitlines())
        await service.happen("dl1865-v3")
        line = await read_until(process, "estimate.changed")
        assert re.search(r"14:29:30Z +DL1865 +ATL→MCO +estimate\.changed: Left the gate · 34 min late", line)
        assert await interrupt(process) == (0, "")


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
        assert await interrupt(process) == (0, "")


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
        leader, follower = pty.openpty()
        process = subprocess.Popen(  # noqa: ASYNC220 - asyncio's offers no terminal
            command("watch", "departures:ATL", "--url", service.url),
            stdin=follower, stdout=follower, stderr=follower, env=environment(TERM="xterm-256color"),
        )  # fmt: skip
        os.close(follower)
        os.set_blocking(leader, False)
        screen = ""

        def shows(text: str) -> bool:
            nonlocal screen
            try:
                screen += os.read(leader, 65536).decode(errors="replace")
            except BlockingIOError:
                pass
            return text in screen

        await until(lambda: shows("Departures ATL Atlanta"), 20)
        await until(lambda: shows("● live"))
        await service.happen("dl1865-v2")
        await until(lambda: shows("34 min late"))
        process.send_signal(signal.SIGINT)
        await until(lambda: process.poll() is not None, 10)
        try:
            shows("")
        except OSError:
            pass  # its end of the terminal is closed
        os.close(leader)
        assert process.returncode == 0
        assert "Traceback" not in screen
        assert "\x1b[?1049l" in screen, "the terminal is not as it was before"


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
        await until(lambda: service.sessions, 20)
        assert await interrupt(process) == (0, "")


def test_an_unknown_topic_is_named_with_what_would_be_right() -> None:
    done = run("watch", "weather:JFK")

    assert done.returncode == 1
    assert "'weather:JFK' is not a topic. Known forms: all, flight:" in done.stderr
