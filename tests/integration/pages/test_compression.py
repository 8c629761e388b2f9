"""Static files and pages of the ready-made service on the wire: compressed once, hashed names kept forever."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running_service import Answer, RunningService

GZIP = {"Accept-Encoding": "gzip, deflate"}
BOARD = "/airports/JFK/departures/"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    service = RunningService.prepare(tmp_path_factory.mktemp("service"), PUBLIC_READ="1")
    service.start()
    yield service
    service.stop()


def ask(service: RunningService, path: str, method: str = "GET", **headers: str) -> Answer:
    return service.ask(method, path, None, {k.replace("_", "-"): v for k, v in headers.items()}, who=None)


def text(answer: Answer) -> str:
    body = gzip.decompress(answer.body) if answer.headers.get("content-encoding") == "gzip" else answer.body
    return body.decode()


def referred(page: str) -> set[str]:
    return set(re.findall(r'"(/static/[^"]+)"', page))


def test_a_page_is_compressed_and_refers_to_hashed_names_only(service: RunningService) -> None:
    answer = ask(service, BOARD, Accept_Encoding="gzip")
    assert answer.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["vary"]
    names = referred(text(answer))
    assert len(names) > 5
    for name in names:
        assert re.search(r"\.[0-9a-f]{12}\.\w+$", name), name

    plain = ask(service, BOARD)
    assert "content-encoding" not in plain.headers
    assert len(plain.body) > 2 * len(answer.body)


def test_pages_of_equal_content_differ_in_length(service: RunningService) -> None:
    lengths = {len(ask(service, BOARD, Accept_Encoding="gzip").body) for _ in range(12)}
    assert len(lengths) > 1  # random bytes against BREACH


def test_every_file_that_a_page_reaches_is_immutable_and_compressed(service: RunningService) -> None:
    waiting, seen = sorted(referred(text(ask(service, BOARD, Accept_Encoding="gzip")))), set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        answer = ask(service, name, Accept_Encoding="gzip")
        assert answer.status == 200, name
        assert answer.headers["cache-control"] == "max-age=31536000, public, immutable", name
        assert ("content-encoding" in answer.headers) == name.endswith((".js", ".css", ".svg")), name
        if name.endswith(".woff2"):
            continue
        folder = name.rpartition("/")[0]
        found = re.findall(r'^(?:import|export) [^;]*?from "(\./[^"]+)";', text(answer), flags=re.MULTILINE)
        found += re.findall(r'url\("?([^")]+)', text(answer)) if name.endswith(".css") else []
        assert all(re.search(r"\.[0-9a-f]{12}\.\w+$", reference) for reference in found), (name, found)
        waiting += [f"{folder}/{reference.removeprefix('./')}" for reference in found]
    assert len(seen) > 15


def test_a_plain_name_is_served_too_and_asked_for_anew(service: RunningService) -> None:
    answer = ask(service, "/static/windsock/windsock.js", Accept_Encoding="gzip")
    assert answer.headers["cache-control"] == "max-age=60, public"
    assert answer.headers["access-control-allow-origin"] == "*"
    again = ask(
        service, "/static/windsock/windsock.js", Accept_Encoding="gzip", If_None_Match=answer.headers["etag"]
    )
    assert (again.status, again.body) == (304, b"")
    head = ask(service, "/static/windsock/windsock.js", "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["content-length"]) > 100


def test_another_versions_hash_is_answered_but_not_kept(service: RunningService) -> None:
    answer = ask(service, "/static/windsock/board.0123456789ab.js", Accept_Encoding="gzip;q=0")
    assert answer.status == 200
    assert answer.headers["cache-control"] == "max-age=60, public"
    assert "content-encoding" not in answer.headers
    assert ask(service, "/static/windsock/nothing.0123456789ab.js").status == 404
    for name in ("../windsock/board.js", "%00", "windsock", "windsock/../windsock/board.js"):
        assert ask(service, f"/static/{name}").status == 404, name


def test_an_event_stream_is_not_compressed(service: RunningService) -> None:
    connection = service.connection()
    connection.request("GET", "/api/v1/stream?topics=departures:JFK", headers=GZIP)
    response = connection.getresponse()
    assert response.status == 200
    assert response.getheader("Content-Type", "").startswith("text/event-stream")
    assert response.getheader("Content-Encoding") in {None, "identity"}
    connection.close()


def test_nothing_was_collected(service: RunningService) -> None:
    assert not Path(service.folder, "static").exists()


def test_everything_that_a_page_imports_is_fetched_at_once(service: RunningService) -> None:
    page = text(ask(service, BOARD, Accept_Encoding="gzip"))
    preloaded = set(re.findall(r'<link rel="modulepreload" href="([^"]+)"', page))
    (script,) = re.findall(r'<script type="module" src="([^"]+/board\.[^"/]*js)"', page)
    waiting, imported = [script], set[str]()
    while waiting:
        module = text(ask(service, waiting.pop(), Accept_Encoding="gzip"))
        for name in re.findall(r'^(?:import|export) [^;]*?from "\./([^"]+)";', module, flags=re.MULTILINE):
            address = f"/static/windsock/{name}"
            waiting += [address] if address not in imported else []
            imported.add(address)
    assert imported <= preloaded  # every page has the search in its head as well
