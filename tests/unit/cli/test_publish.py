"""`windsock publish` as people run it: its own process, against a real HTTP server."""

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.cli.command import run

RECORDED = {
    "recorded": 1,
    "rejected": 0,
    "results": [
        {
            "index": 0,
            "position": "k3v9q2:13",
            "flight": "DL1865.2015-01-02.ATL",
            "version": 4,
            "changes": [
                {"kind": "delay.raised", "field": "departure.delay_minutes", "from": None, "to": 35},
                {"kind": "gate.changed", "field": "departure.gate", "from": "B12", "to": "B14"},
                {"kind": "of.the.future", "field": None, "from": None, "to": None},
            ],
        }
    ],
}


class Service:
    """Answers every POST with `status` and `answer`, and keeps what came."""

    def __init__(self) -> None:
        self.status = 200
        self.answer: Any = RECORDED
        self.came: list[tuple[str, str | None, Any]] = []
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.came.append((self.path, self.headers["Authorization"], json.loads(body)))
                self.send_response(service.status)
                self.end_headers()
                self.wfile.write(json.dumps(service.answer).encode())

            def log_message(self, *_: object) -> None: ...

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.server.shutdown()
    service.server.server_close()


def test_a_report_says_only_what_was_told_and_prints_what_changed(service: Service) -> None:
    done = run(
        "publish", "DL1865", "--date", "2015-01-02", "--origin", "ATL", "--delay", "35", "--reason", "93",
        "--reason", "bts:late_aircraft", "--gate", "B14", "--checkin-desk", "S4-S9", "--status", "out",
        "--first-bag", "00:55+1", "--estimated", "9:29", "--estimated-arrival", "00:35+1",
        "--diverted-to", "", "--url", service.url, WINDSOCK_TOKEN="s3cret",
    )  # fmt: skip

    assert done.stderr == ""
    assert done.returncode == 0
    assert service.came == [
        (
            "/api/v1/reports",
            "Bearer s3cret",
            {
                "flight": "DL1865",
                "date": "2015-01-02",
                "origin": "ATL",
                "departure_delay_minutes": 35,
                "delay_reasons": [
                    {"scheme": "ahm730", "code": "93"},
                    {"scheme": "bts", "code": "late_aircraft"},
                ],
                "departure": {"estimated": "2015-01-02T09:29:00", "gate": "B14", "checkin_desk": "S4-S9"},
                "arrival": {"estimated": "2015-01-03T00:35:00", "first_bag": "2015-01-03T00:55:00"},
                "stated_status": "out",
                "diverted_to": None,
            },
        )
    ]
    assert done.stdout.splitlines() == [
        "DL1865.2015-01-02.ATL version 4, position k3v9q2:13",
        "  delay.raised: Departure 35 min late",
        "  gate.changed: Gate B12 → B14",
        "  of.the.future: Of the future",
    ]


def test_json_prints_the_answer_for_programs(service: Service) -> None:
    done = run("publish", "DL1865", "--cancelled", "--json", "--url", service.url.replace("http", "ws"))

    assert json.loads(done.stdout) == RECORDED["results"][0]  # type: ignore[index]
    assert service.came[0][1:] == (None, {"flight": "DL1865", "cancelled": True})


def test_an_ambiguous_flight_comes_back_with_its_candidates(service: Service) -> None:
    service.status = 422
    service.answer = {
        "status": 422,
        "code": "ambiguous_flight",
        "detail": "DL1865 fits 2 flights.",
        "candidates": ["DL1865.2015-01-02.ATL", "DL1865.2015-01-02.MCO"],
    }
    done = run("publish", "DL1865", "--delay", "35", "--url", service.url)

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "windsock: DL1865 fits 2 flights.",
        "  candidate: DL1865.2015-01-02.ATL  (use --date 2015-01-02 --origin ATL)",
        "  candidate: DL1865.2015-01-02.MCO  (use --date 2015-01-02 --origin MCO)",
    ]


def test_a_wrong_field_is_named_with_what_would_be_right(service: Service) -> None:
    service.status = 422
    service.answer = {
        "code": "unknown_airport",
        "detail": "XQZ is no airport.",
        "field": "origin",
        "expected": "an IATA code",
    }
    done = run("publish", "DL1865", "--origin", "XQZ", "--delay", "35", "--url", service.url)

    assert done.returncode == 1
    assert done.stderr == "windsock: XQZ is no airport.\n  field: origin\n  expected: an IATA code\n"


@pytest.mark.parametrize("status", [401, 403])
def test_a_missing_right_says_how_to_get_it(service: Service, status: int) -> None:
    service.status, service.answer = status, {"detail": "You may not publish."}
    done = run("publish", "DL1865", "--delay", "35", "--url", service.url)

    assert done.returncode == 1
    assert "You may not publish." in done.stderr
    assert "windsock token create NAME --scope publish" in done.stderr


def test_nobody_listening_is_one_sentence() -> None:
    done = run("publish", "DL1865", "--delay", "35", "--url", "http://127.0.0.1:9")

    assert done.returncode == 1
    assert "Nobody listens at http://127.0.0.1:9/api/v1/reports" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["DL1865", "--date", "2015-01-02"], "The report is empty"),
        (["DL1865", "--date", "2.1.2015", "--delay", "5"], "write it like 2015-01-02"),
        (["DL1865", "--estimated", "14:29"], "needs --date"),
        (["DL1865", "--delay", "soon"], "valid int"),
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str], message: str) -> None:
    done = run("publish", *arguments, COLUMNS="200")

    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())
