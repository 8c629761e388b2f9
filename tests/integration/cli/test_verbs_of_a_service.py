"""The verbs that ask a running service, as processes of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import windsock
from tests.running_service import RunningService


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """Return a service for everybody to read."""
    running = RunningService.prepare(tmp_path_factory.mktemp("verbs"), WINDSOCK_PUBLIC_READ="1")
    running.start()
    soon = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(hours=2)
    for flight, origin, destination, days in (
        ("DL1865", "ATL", "MCO", 0),
        ("DL1865", "ATL", "MCO", 5),
        ("B627", "JFK", "LAX", 0),
        ("B627", "LAX", "SFO", 0),
    ):
        scheduled = soon + timedelta(days=days)
        zone = ZoneInfo("America/Los_Angeles" if origin == "LAX" else "America/New_York")
        report = {
            "flight": flight,
            "date": f"{scheduled.astimezone(zone):%Y-%m-%d}",
            "origin": origin,
            "destination": destination,
            "departure": {"scheduled": scheduled.isoformat(), "gate": "B12"},
            "departure_delay_minutes": 35,
        }
        assert running.post(report).status == 200
    yield running
    running.stop()


def verb(service: RunningService, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a verb against the service."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WINDSOCK", "DJANGO"))}
    return subprocess.run(
        [str(Path(sys.executable).with_name("windsock")), *words],
        env={**kept, "WINDSOCK_URL": service.url, "NO_COLOR": "1", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_doctor_asks_the_service_first_and_leaves_no_trace(service: RunningService, tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = verb(service, "doctor", "--json", HOME=str(home), XDG_DATA_HOME="")
    found = {finding["what"]: finding for finding in json.loads(done.stdout)}
    assert done.returncode == 0, done.stdout
    assert [*found] == ["Python", "service", "service ready", "service access", "service socket", "data here"]
    assert f"windsock {windsock.__version__}" in found["service"]["found"]
    assert f"{home}/.local/share/windsock (the default" in found["data here"]["found"]
    assert not home.exists()


def test_flight_shows_state_times_and_timeline(service: RunningService) -> None:
    done = verb(service, "flight", "dl", "1865")
    assert done.returncode == 0, done.stderr
    for said in (
        "DL 1865  Delta",
        "35 min late",
        "Atlanta ATL",
        "Gate B12",
        "What happened, in ATL time",
        "First report",
    ):
        assert said in done.stdout
    assert "Also known on" in done.stderr
    assert all(line == line.rstrip() and len(line) <= 80 for line in done.stdout.splitlines())


def test_flight_gives_the_same_as_json(service: RunningService) -> None:
    answer = json.loads(verb(service, "flight", "DL1865", "--json").stdout)
    assert answer["flight"]["designator"] == "DL1865"
    assert answer["events"][0]["changes"]
    assert {"provenance", "complete"} <= set(answer)


def test_a_number_of_several_legs_lists_them_with_what_chooses_each(service: RunningService) -> None:
    done = verb(service, "flight", "B627")
    assert done.returncode == 3
    assert "2 flights fit 'B627'" in done.stdout
    assert "--origin LAX" in done.stdout
    assert verb(service, "flight", "B627", "--origin", "LAX").returncode == 0


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (
            ("DL1865", "--date", "2001-01-01"),
            1,
            "No flight 'DL1865' on 2001-01-01 is known. It is known on 20",
        ),
        (("ZZ9",), 1, "No flight 'ZZ9' is known."),
        (("DL1865", "--date", "tomorrow"), 2, "write it like 2015-01-02"),
        (("DL1865", "--origin", "XXQ"), 1, "No airport 'XXQ' is known."),
    ],
)
def test_a_flight_that_is_not_there_is_one_sentence(
    service: RunningService, words: tuple[str, ...], code: int, says: str
) -> None:
    done = verb(service, "flight", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_board_in_a_pipe_is_plain_and_ends(service: RunningService) -> None:
    done = verb(service, "board", "katl", "--once")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Departures ATL Atlanta  ")
    assert [line for line in lines if "DL1865" in line and "MCO Orlando" in line and "35 min late" in line]
    assert "\x1b" not in done.stdout
    assert all(line == line.rstrip() and len(line) <= 80 for line in lines)
    assert "No departures in the next 1 h." in verb(service, "board", "ATL", "--hours", "1").stdout
    flights = json.loads(verb(service, "board", "MCO", "--arrivals", "--json", "--hours", "240").stdout)
    assert [flight["designator"] for flight in flights] == ["DL1865"] * len(flights)


def test_open_in_a_pipe_prints_addresses_that_exist(service: RunningService) -> None:
    for words, path in (
        (["JFK"], "/airports/JFK/departures/"),
        (["KJFK", "--arrivals"], "/airports/JFK/arrivals/"),
        (["JFK", "--display"], "/display/JFK/departures/"),
        (["DL1865"], "/?q=DL1865"),
        ([], "/"),
    ):
        done = verb(service, "open", *words)
        assert (done.returncode, done.stdout) == (0, f"{service.url}{path}\n")
        assert service.ask("GET", path, who=None).status in (200, 302)
