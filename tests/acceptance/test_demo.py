"""What a newcomer does, in order: the demo, its link, its board, its socket; then the other verbs against it."""

import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from websockets.sync.client import ClientConnection

from tests.acceptance.commands import WINDSOCK, OnTerminal, environment, on_terminal, run
from tests.dial import dial
from tests.services import free_port, wait_until

# On a quiet machine it ends within one; the promise is two, and tests share their machine with others. A socket that
# held it up would do so for longer than this: until uvicorn's grace is over, or for good.
END_SECONDS = 2.0 + 4.0


SIGN_IN = r"http://\S+/sign-in/link/\S+"

START_SECONDS = 60.0
"""Ten times what a start takes on a quiet machine; the room is for machines that other tests load."""


@dataclass
class Demo:
    """A running demo and what it printed to open."""

    terminal: OnTerminal
    port: int
    link: str
    token: str
    started_in: float

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def access(self) -> dict[str, str]:
        """The environment that the demo tells one to export."""
        return {"WINDSOCK_URL": self.url, "WINDSOCK_TOKEN": self.token}

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=90)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        headers: dict[str, str] = {}
        for name, value in answer.getheaders():
            headers[name.lower()] = "; ".join(
                [*([headers[name.lower()]] if name.lower() in headers else []), value]
            )
        found = answer.status, headers, answer.read().decode()
        connection.close()
        return found

    def socket(self) -> ClientConnection:
        return dial(
            f"ws://127.0.0.1:{self.port}/ws/flight-delay/",
            subprotocols=["windsock.v1.json"],  # type: ignore[list-item]
            additional_headers={"Authorization": f"Bearer {self.token}"},
            compression=None,
        )


def started(terminal: OnTerminal, port: int) -> Demo:
    begun = time.monotonic()
    link = terminal.shows(r"http://\S+/sign-in/link/(\S+)\n", 40).group().strip()
    file = terminal.shows(r'WINDSOCK_TOKEN="\$\(cat ([^)]+)\)"').group(1)

    def answers() -> bool:
        with socket.socket() as probe:
            probe.settimeout(2)
            try:
                probe.connect(("127.0.0.1", port))
                probe.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                return b"200" in probe.recv(64)
            except OSError:
                return False

    wait_until(answers, 20, "the demo's first answer")
    return Demo(terminal, port, link, Path(file).read_text(), time.monotonic() - begun)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo at 600 times the speed, so that something happens every moment."""
    port = free_port()
    folder = tmp_path_factory.mktemp("demo")
    with on_terminal("demo", "--data", str(folder), "--port", str(port), "--speed", "600") as terminal:
        yield started(terminal, port)


def test_it_starts_within_seconds_and_the_link_signs_in_once(demo: Demo) -> None:
    assert demo.started_in < START_SECONDS
    path = demo.link.removeprefix(demo.url)

    status, headers, _ = demo.get(path)
    assert status == 302
    assert headers["location"] == "/airports/JFK/departures/", "the first link lands on the board"
    session = SimpleCookie(headers["set-cookie"])["sessionid"].value
    status, _, page = demo.get("/airports/JFK/departures/", Cookie=f"sessionid={session}")
    assert status == 200
    rows = re.findall(r"<tr[^>]+data-", page)
    assert len(rows) > 10
    assert re.search(r"data-airport=.JFK|John F", page)

    status, _, page = demo.get(path)
    assert status == 410
    assert re.search(r"link.*(once|used|expired|spent)", page, re.DOTALL | re.IGNORECASE)
    assert "/sign-in/" in page, "it says how to sign in otherwise"


def test_every_link_it_prints_leads_somewhere_and_l_prints_another_sign_in(demo: Demo) -> None:
    os.write(demo.terminal.leader, b"l")
    wait_until(lambda: len(set(re.findall(SIGN_IN, demo.terminal.read()))) == 2, 20, "another link")
    (link,) = set(re.findall(SIGN_IN, demo.terminal.read())) - {demo.link}
    status, headers, _ = demo.get(link.removeprefix(demo.url))
    assert (status, headers["location"]) == (302, "/airports/JFK/departures/")
    session = SimpleCookie(headers["set-cookie"])["sessionid"].value

    printed = dict(re.findall(rf"^  ([A-Z]\w+) +{demo.url}(/\S*)  ", demo.terminal.read(), re.MULTILINE))
    assert printed.keys() == {"Board", "Arrivals", "Display", "Flight", "Today", "Console"}
    pages = {name: demo.get(path, Cookie=f"sessionid={session}") for name, path in printed.items()}
    assert {name: status for name, (status, _, _) in pages.items()} == dict.fromkeys(printed, 200)
    assert len(re.findall(r"<tr[^>]+data-", pages["Arrivals"][2])) > 10
    assert "telex" in pages["Console"][2]
    _, _, parked = demo.get("/console/parked/", Cookie=f"sessionid={session}")
    assert {"DL 9999", "B6 586"} <= {
        name.replace("\xa0", " ") for name in re.findall(r"\b[A-Z]\w\s\d+", parked)
    }


def test_an_event_comes_over_the_socket_by_itself(demo: Demo) -> None:
    with demo.socket() as client:
        assert json.loads(client.recv(timeout=90))["type"] == "welcome"
        client.send(json.dumps({"type": "subscribe", "id": 1, "topics": ["all"]}))
        flights, parts, part = 0, 1, 0
        while part < parts:
            snapshot = json.loads(client.recv(timeout=90))
            assert snapshot["type"] == "snapshot"
            part, parts = snapshot["part"], snapshot["parts"]
            flights += len(snapshot["flights"])
        assert flights > 500
        while (message := json.loads(client.recv(timeout=90)))["type"] != "event":
            pass
    assert message["changes"]
    assert message["flight"]["version"] > 1


def test_watch_is_a_board_that_changes_by_itself(demo: Demo) -> None:
    with on_terminal("watch", "departures:JFK", **demo.access) as watch:
        watch.shows("Departures JFK")
        watch.shows("● live")
        before = watch.read()
        wait_until(lambda: len(watch.read()) > 3 * len(before), 20, "a change of the board")
        watch.interrupt()
        assert watch.process.returncode == 0
        assert "Traceback" not in watch.text
        assert "\x1b[?1049l" in watch.text, "the terminal is not as it was before"


def test_watch_in_a_pipe_gives_one_json_object_per_line(demo: Demo) -> None:
    process = subprocess.Popen(
        [WINDSOCK, "watch", "all", "--json"],
        env=environment(**demo.access),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    events = [json.loads(process.stdout.readline()) for _ in range(5)]
    process.stdout.close()  # as `| head -5` does
    assert process.wait(60) == 0
    assert {event["type"] for event in events} == {"event"}
    offsets = [int(event["position"].partition(":")[2]) for event in events]
    assert offsets == sorted(set(offsets))


def test_publish_says_what_it_changed(demo: Demo) -> None:
    example = demo.terminal.shows(r"windsock publish (\S+) --date (\S+) --delay 35 --reason 93")
    done = run("publish", example[1], "--date", example[2], "--delay", "35", "--gate", "Z99", **demo.access)
    assert done.returncode == 0, done.stderr
    assert re.search(rf"{example[1]}\.{example[2]}\.\w+ version \d+, position \w+:\d+", done.stdout)
    assert "Z99" in done.stdout


def test_publish_about_two_flights_of_one_number_names_both(demo: Demo) -> None:
    for origin, destination in (("BOS", "ORD"), ("ORD", "SEA")):
        made = run(
            "publish", "DL9001", "--date", "2013-02-08", "--origin", origin, "--destination", destination,
            "--scheduled", "12:00", **demo.access,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
    done = run("publish", "DL9001", "--date", "2013-02-08", "--delay", "10", **demo.access)
    assert done.returncode == 1
    assert "candidate: DL9001.2013-02-08.BOS" in done.stderr
    assert "candidate: DL9001.2013-02-08.ORD" in done.stderr
    assert "--origin ORD" in done.stderr


def test_publish_with_a_wrong_field_says_which(demo: Demo) -> None:
    done = run("publish", "DL9002", "--date", "2013-02-08", "--origin", "QQQ", "--delay", "10", **demo.access)
    assert done.returncode == 1
    assert "QQQ" in done.stderr
    assert "origin" in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_ends_it_within_two_seconds_with_an_open_socket_and_a_stream_and_it_starts_again(
    tmp_path: Path,
) -> None:
    port = free_port()
    for _ in range(2):
        with on_terminal("demo", "--data", str(tmp_path), "--port", str(port)) as terminal:
            demo = started(terminal, port)
            with demo.socket() as client:
                client.recv(timeout=90)
                client.send(json.dumps({"type": "subscribe", "id": 1, "topics": ["all"]}))
                client.recv(timeout=90)
                stream = HTTPConnection("127.0.0.1", port, timeout=90)
                stream.request(
                    "GET", "/api/v1/stream?topics=all", headers={"Authorization": f"Bearer {demo.token}"}
                )
                assert stream.getresponse().status == 200
                seconds = terminal.interrupt()
            assert terminal.process.returncode == 0
            assert "Traceback" not in terminal.read()
            assert "Windsock demo ended." in terminal.read()
            assert seconds < END_SECONDS


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("demo", "--data", str(tmp_path), "--port", str(port))
    assert done.returncode == 1
    assert done.stdout == ""
    complaint = f"windsock: Port {port} on 127.0.0.1 is in use. "
    cure = "Choose another one with --port, or stop the process that uses it."
    assert done.stderr.splitlines() == [complaint + cure]


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    # A file in the folder's place: that holds for root as well, whom no permission stops.
    (tmp_path / "file").write_text("")
    done = run("demo", "--data", str(tmp_path / "file" / "data"), "--port", str(free_port()))
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("windsock: The data directory")
    assert "cannot be created" in line


def test_a_day_of_snow_at_full_speed_into_a_fresh_database_then_doctor_token_and_two_workers(
    tmp_path: Path,
) -> None:
    data = {"WINDSOCK_DATA": str(tmp_path)}
    told = run("replay", "snow", seconds=300, **data)
    assert told.returncode == 0, told.stderr
    assert "Traceback" not in told.stderr
    assert re.search(r"9[0-9][0-9]|[1-9],\d\d\d", told.stderr), told.stderr

    doctor = run("doctor", **data)
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr
    assert "migrat" in (doctor.stdout + doctor.stderr).lower()

    made = run("token", "create", "desk", "--scope", "read", "--scope", "publish", **data)
    assert made.returncode == 0, made.stderr
    token = made.stdout.strip()
    assert token.startswith("wsk_")
    assert token not in made.stderr

    port = free_port()
    server = subprocess.Popen(
        [WINDSOCK, "serve", "--port", str(port), "--workers", "2"],
        env=environment(**data),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        access = {"WINDSOCK_URL": f"http://127.0.0.1:{port}", "WINDSOCK_TOKEN": token}

        def recorded() -> bool:
            return (
                run(
                    "publish", "DL9003", "--date", "2013-02-08", "--origin", "ATL", "--destination", "MCO",
                    "--scheduled", "12:00", **access,
                ).returncode
                == 0
            )  # fmt: skip

        wait_until(recorded, 40, "two workers that take a report")
        server.terminate()
        assert server.wait(60) == 0
        assert server.stderr is not None
        assert "Traceback" not in server.stderr.read()
    finally:
        if server.poll() is None:
            server.kill()
            server.wait()
