"""What many or slow readers of large answers cost a real process: little memory, and nothing for everybody else."""

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.rawsocket import RawSocket
from tests.running_service import RunningService
from tests.services import wait_until

EVENTS = "/api/v1/events?limit=1000"
MAX_GROWTH = 160_000_000  # bytes of resident memory at the peak; without a limit 600 MB and more


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    service = RunningService.prepare(tmp_path_factory.mktemp("answers"), PUBLIC_READ="1")
    service.start()
    reports = [
        {
            "flight": f"DL{number}",
            "date": "2015-01-02",
            "origin": "ATL",
            "destination": "MCO",
            "departure": {
                "scheduled": "2015-01-02T13:55:00Z",
                "estimated": f"2015-01-02T14:{number % 60:02}:00Z",
                "gate": f"B{number % 40}",
                "terminal": "S",
            },
            "arrival": {"scheduled": "2015-01-02T15:30:00Z", "gate": "77"},
        }
        for number in range(1, 1_001)
    ]
    assert service.post(reports).status == 200
    assert len(service.get(EVENTS, who=None).body) > 1_000_000
    yield service
    service.stop()
    log = service.log.read_text()
    assert "Traceback" not in log, log[-3000:]


def memory(service: RunningService, field: str) -> int:
    assert service.process is not None
    text = Path(f"/proc/{service.process.pid}/status").read_text()
    return int(text.split(f"{field}:")[1].split()[0]) * 1024


@contextlib.contextmanager
def bounded_growth(service: RunningService) -> Iterator[None]:
    """Hold the peak of the resident memory meanwhile to MAX_GROWTH."""
    assert service.process is not None
    Path(f"/proc/{service.process.pid}/clear_refs").write_text("5")  # the peak is counted afresh
    before = memory(service, "VmRSS")
    yield
    growth = memory(service, "VmHWM") - before
    print(f"{before / 1e6:.0f} MB + {growth / 1e6:.0f} MB")
    assert growth < MAX_GROWTH, f"{growth / 1e6:.0f} MB"


def asking(service: RunningService, path: str = EVENTS, times: int = 1) -> RawSocket:
    raw = RawSocket(service.port, timeout=90, receive_buffer=4_096)
    raw.send(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode() * times)
    return raw


def figure(service: RunningService, name: str) -> float:
    text = service.get("/metrics").body.decode()
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))


@pytest.mark.parametrize(
    ("path", "number"), [(EVENTS, 100), ("/api/v1/flights?limit=500", 60), ("/airports/ATL/departures/", 30)]
)
def test_many_large_answers_at_once_are_given_a_few_at_a_time(
    service: RunningService, path: str, number: int
) -> None:
    if path.startswith("/airports"):
        path += "?from=2015-01-02T10:00Z&to=2015-01-02T20:00Z"
    start = threading.Barrier(number)

    def ask(_: int) -> tuple[int, int]:
        connection = HTTPConnection("127.0.0.1", service.port, timeout=90)
        connection.connect()
        start.wait()
        connection.request("GET", path)
        answer = connection.getresponse()
        size = len(answer.read())
        connection.close()
        return answer.status, size

    with bounded_growth(service), ThreadPoolExecutor(number) as together:
        answers = list(together.map(ask, range(number)))
    print({status: sum(answer[0] == status for answer in answers) for status in (200, 503)})
    assert {status for status, _ in answers} <= {200, 503}
    assert sum(status == 200 for status, _ in answers) >= 8
    assert len({size for status, size in answers if status == 200}) <= 2  # each is whole


def test_those_who_do_not_read_are_bounded_and_the_others_are_served(service: RunningService) -> None:
    refused = figure(service, "windsock_answers_refused_total")
    with bounded_growth(service):
        # The kernel takes the first answers of each connection whole; only then does a process hold any.
        readers = [asking(service, times=4) for _ in range(40)]
        wait_until(
            lambda: (
                figure(service, "windsock_answers_refused_total") > refused
                and figure(service, "windsock_answers_building") == 0
            ),
            90,
            "an answer that is refused, and every answer's beginning",
        )
    assert 0 < figure(service, "windsock_answers_unread_bytes") <= 64 * 1024 * 1024 / 4
    for path in (
        "/healthz",
        "/sign-in/",
        "/api/v1/flights/DL1.2015-01-02.ATL",
        "/api/v1/flights?limit=1",
        "/",
    ):
        assert service.get(path, who=None).status == 200
    large = service.get(EVENTS, who=None)
    assert (large.status, large.headers["retry-after"]) == (503, "2")
    assert large.data["code"] == "overloaded"
    for raw in readers:
        raw.close()
    wait_until(lambda: figure(service, "windsock_answers_unread_bytes") == 0, 30, "the end of every answer")
    assert service.get(EVENTS, who=None).status == 200


def test_one_who_reads_drop_by_drop_gets_the_answer_whole(service: RunningService) -> None:
    raw = asking(service)
    assert raw.answer() == 200
    size = int(raw.header("Content-Length") or 0)
    while len(raw.read) < size:
        raw.more()
    assert len(raw.read) == size
    raw.close()


def test_a_connection_is_used_again_after_a_large_answer_and_after_head(service: RunningService) -> None:
    connection = HTTPConnection("127.0.0.1", service.port, timeout=60)
    sizes = []
    for method in ("GET", "HEAD", "GET"):
        connection.request(method, EVENTS)
        answer = connection.getresponse()
        sizes.append(len(answer.read()))
        assert answer.status in (200, 405)
        assert connection.sock is not None
    assert sizes[0] == sizes[2] > 1_000_000
    connection.close()


def test_streams_hold_nothing(service: RunningService) -> None:
    streams = [asking(service, "/api/v1/stream?topics=all") for _ in range(20)]
    assert [raw.answer() for raw in streams] == [200] * 20
    assert service.get(EVENTS, who=None).status == 200
    assert figure(service, "windsock_answers_building") == 0
    for raw in streams:
        raw.close()
