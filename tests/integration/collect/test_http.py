"""One poll against a local server that plays the provider: pages, marks, what was spent, and where the key goes."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest

from windsock.collect.http import Fetched, Marks, PollFailed, fetch
from windsock.feeds.polling import Poller, Request

NOW = datetime(2026, 7, 5, 12, 0, tzinfo=UTC)


class Site:
    """Answers each path as told (status, headers, body) and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[tuple[str, dict[str, str], dict[str, str]]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                headers = {name.lower(): value for name, value in self.headers.items()}
                site.asked.append((parts.path, dict(parse_qsl(parts.query)), headers))
                status, answer, body = site.answers.get(
                    self.path, site.answers.get(parts.path, (404, {}, b""))
                )
                marks = (headers.get("if-none-match"), headers.get("if-modified-since"))
                if any(mark and mark in answer.values() for mark in marks):
                    status, body = 304, b""
                self.send_response(status)
                for name, value in answer.items():
                    self.send_header(name, value)
                if status not in (204, 304):
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def site() -> Iterator[Site]:
    found = Site()
    yield found
    found.close()


class Asking(Poller):
    """Asks for the given paths; a page that begins with "more:" names the next."""

    def __init__(
        self, site: Site, *paths: str, params: Mapping[str, str] | None = None, marks: bool = True
    ) -> None:
        super().__init__({})
        self.wanted_now = [
            Request(url=site.url + path, params=params or {}, headers={"x-key": "k"}) for path in paths
        ]
        self.conditional = marks

    def requests(self, cursor: str, now: datetime) -> Sequence[Request]:
        return self.wanted_now

    def next_page(self, headers: Mapping[str, str], body: bytes) -> str | None:
        return body[5:].decode() if body.startswith(b"more:") else None


def poll(asking: Poller, known: Marks | None = None, **more: Any) -> Fetched:
    with httpx2.Client(timeout=5.0) as client:
        given = {"etag": "", "last_modified": "", **more}
        return fetch(client, asking, cursor="", now=NOW, known=known, **given)


def test_of_several_addresses_only_those_that_changed_answer_the_next_time(site: Site) -> None:
    site.answers = {
        "/a": (200, {"Last-Modified": "Sun, 05 Jul 2026 11:00:00 GMT"}, b"1"),
        "/b": (200, {}, b"2"),
    }
    first = poll(Asking(site, "/a", "/b"))
    assert first.bodies == [b"1", b"2"]
    second = poll(Asking(site, "/a", "/b"), first.marks)
    assert second.bodies == [b"2"]
    assert poll(Asking(site, "/a", "/b"), second.marks).bodies == [b"2"]
    site.answers["/a"] = (200, {"Last-Modified": "Sun, 05 Jul 2026 11:05:00 GMT"}, b"3")
    assert poll(Asking(site, "/a", "/b"), second.marks).bodies == [b"3", b"2"]


def test_marks_of_one_address_are_never_sent_to_another(site: Site) -> None:
    site.answers = {"/a": (200, {"ETag": '"one"'}, b"1"), "/b": (200, {"ETag": '"one"'}, b"2")}
    first = poll(Asking(site, "/a", "/b"))
    del first.marks[f"{site.url}/b"]
    assert poll(Asking(site, "/a", "/b"), first.marks).bodies == [b"2"]


def test_who_asks_for_something_else_each_time_sends_no_marks(site: Site) -> None:
    site.answers = {"/a": (200, {"ETag": '"one"'}, b"1")}
    assert poll(Asking(site, "/a", marks=False), etag='"one"').bodies == [b"1"]
    assert poll(Asking(site, "/a"), etag='"one"').bodies == []


def test_a_next_page_keeps_what_was_asked_and_the_key(site: Site) -> None:
    site.answers = {"/a": (200, {}, b"more:?offset=100"), "/a?limit=5&offset=100": (200, {}, b"last")}
    fetched = poll(Asking(site, "/a", params={"limit": "5", "offset": "0"}))
    assert fetched.bodies == [b"more:?offset=100", b"last"]
    assert [(params, headers["x-key"]) for _, params, headers in site.asked] == [
        ({"limit": "5", "offset": "0"}, "k"),
        ({"limit": "5", "offset": "100"}, "k"),
    ]


@pytest.mark.parametrize(
    "named",
    [
        pytest.param("http://127.0.0.1/a?sort=+time&page=1", id="without the port"),
        pytest.param("https://127.0.0.1:443/a?sort=+time&page=1", id="as a gateway is seen from within"),
        pytest.param("/a?sort=+time&page=1", id="without the host"),
    ],
)
def test_a_next_page_is_asked_for_where_the_first_was_as_it_is_spelled(site: Site, named: str) -> None:
    site.answers = {"/a": (200, {}, b"more:" + named.encode()), "/a?sort=+time&page=1": (200, {}, b"last")}
    fetched = poll(Asking(site, "/a", params={"sort": "+time", "page": "0"}))
    assert fetched.bodies[1:] == [b"last"]


def test_a_next_page_on_another_host_is_refused(site: Site) -> None:
    site.answers = {"/a": (200, {}, b"more:http://example.org/a")}
    with pytest.raises(PollFailed, match=r"another host \(example.org\)"):
        poll(Asking(site, "/a"))


def test_a_next_page_that_is_no_address_is_refused(site: Site) -> None:
    site.answers = {"/a": (200, {}, b"more:http://[::1/a")}
    with pytest.raises(PollFailed, match="not a valid address"):
        poll(Asking(site, "/a"))


def test_an_answer_without_content_is_none_and_no_failure(site: Site) -> None:
    site.answers = {"/a": (204, {}, b""), "/b": (200, {}, b"2")}
    fetched = poll(Asking(site, "/a", "/b"))
    assert (fetched.bodies, fetched.requests) == ([b"2"], 2)


def test_a_refusal_says_how_many_requests_were_spent(site: Site) -> None:
    site.answers = {"/a": (200, {}, b"1"), "/b": (429, {"Retry-After": "120"}, b"")}
    with pytest.raises(PollFailed, match="429") as caught:
        poll(Asking(site, "/a", "/b", "/c"))
    assert (caught.value.requests, caught.value.retry_after) == (2, 120.0)


def test_pages_end_at_the_pollers_most(site: Site) -> None:
    site.answers = {"/a": (200, {}, b"more:/a")}
    asking = Asking(site, "/a")
    asking.max_pages = 7
    assert poll(asking).requests == 7
