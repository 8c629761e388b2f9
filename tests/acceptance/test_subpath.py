"""The service below a path of another site: every page, link, file, redirect, cookie and socket stays below it."""

import asyncio
import re
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from http.client import HTTPConnection
from urllib.parse import urljoin, urlsplit

import pytest

from tests.rawsocket import RawSocket
from tests.running_service import Answer, RunningService
from tests.services import free_port

PREFIX = "/delays"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Proxy:
    """A TCP proxy that takes PREFIX off the path of a connection's first request, or leaves it (`cut` False)."""

    def __init__(self, service_port: int, *, cut: bool) -> None:
        self.port = free_port()
        self.service_port = service_port
        self.cut = cut
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self.loop).result(10)

    def end(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    def _run(self) -> None:
        self.loop.run_forever()

    async def _start(self) -> None:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, path, rest = head.split(b" ", 2)
        assert path.startswith(PREFIX.encode()), path  # everything else belongs to another site
        if self.cut:
            path = path.removeprefix(PREFIX.encode()) or b"/"
        inner, outer = await asyncio.open_connection("127.0.0.1", self.service_port)
        outer.write(b" ".join([method, path, rest]))

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65_536):
                sink.write(data)
                await sink.drain()
            sink.close()

        await asyncio.gather(pump(reader, outer), pump(inner, writer), return_exceptions=True)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    service = RunningService.prepare(tmp_path_factory.mktemp("below"), SCRIPT_NAME=PREFIX)
    service.start()
    service.post(
        [
            {
                "flight": "DL1865",
                "date": "2015-01-02",
                "origin": "ATL",
                "destination": "MCO",
                "departure": {"scheduled": "2015-01-02T13:55:00Z"},
            }
        ]
    )
    yield service
    service.stop()
    assert "Traceback" not in service.log.read_text()


@pytest.fixture(params=[True, False], ids=["prefix cut off", "prefix left"])
def proxy(service: RunningService, request: pytest.FixtureRequest) -> Iterator[Proxy]:
    proxy = Proxy(service.port, cut=request.param)
    yield proxy
    proxy.end()


class Visitor:
    """A browser without scripts: keeps cookies for their path, does not follow redirects."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.cookies: dict[str, str] = {}

    def ask(
        self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.proxy.port, timeout=30)
        sent = {
            "Connection": "close",
            "Referer": f"http://127.0.0.1:{self.proxy.port}{PREFIX}/",
            **(headers or {}),
        }
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection.request(method, path, body=body, headers=sent)
        response = connection.getresponse()
        for line in response.headers.get_all("Set-Cookie") or []:
            name, _, value = line.split(";")[0].partition("=")
            assert f"Path={PREFIX}/" in line, line
            self.cookies[name] = value
        answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        connection.close()
        return answer

    def sign_in(self) -> None:
        page = self.ask("GET", f"{PREFIX}/sign-in/")
        token = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', page.body)
        assert token is not None
        answer = self.ask(
            "POST",
            f"{PREFIX}/sign-in/",
            f"username=ada&password=x&csrfmiddlewaretoken={token[1].decode()}",
            FORM,
        )
        assert (answer.status, answer.headers["location"]) == (302, f"{PREFIX}/")


class Links(HTMLParser):
    """Every address in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.posted: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {
            value for name, value in attrs if value and name in ("href", "src", "action", "data-names")
        }
        values = dict(attrs)
        if tag == "form" and values.get("method") == "post" and values.get("action"):
            self.posted.add(str(values["action"]))


def test_every_link_leads_below_the_prefix_and_somewhere(proxy: Proxy) -> None:
    visitor = Visitor(proxy)
    visitor.sign_in()
    pending = {f"{PREFIX}/", f"{PREFIX}/airports/ATL/departures/", f"{PREFIX}/flights/DL1865.2015-01-02.ATL/"}
    pending |= {f"{PREFIX}/api/v1/docs", f"{PREFIX}/api/v1/openapi.json"}
    seen: set[str] = set()
    posted: set[str] = set()
    while pending:
        path = pending.pop()
        seen.add(path)
        answer = visitor.ask("GET", path)
        # What a form posts to need not take anything else.
        allowed = (200, 302, 403, 405) if urlsplit(path).path in posted else (200, 302, 403)
        assert answer.status in allowed, (path, answer.status)
        if answer.status == 302:
            found = {answer.headers["location"]}
        elif "text/html" in answer.headers["content-type"]:
            page = Links()
            page.feed(answer.body.decode())
            found = page.found
            posted |= {urlsplit(urljoin(f"http://here{path}", action)).path for action in page.posted}
        elif "javascript" in answer.headers["content-type"]:
            found = set(re.findall(r'from "(\./[^"]+)"', answer.body.decode()))
        elif "css" in answer.headers["content-type"]:
            found = set(re.findall(r'url\("?([^")]+)', answer.body.decode())) - {"#"}
        else:
            found = set()
        for link in found:
            parts = urlsplit(urljoin(f"http://here{path}", link))
            if parts.netloc != "here" or parts.scheme != "http" or "sign-out" in link:
                continue
            assert parts.path.startswith(PREFIX + "/"), (path, link)
            where = parts.path + (f"?{parts.query}" if parts.query else "")
            if where not in seen and len(seen) < 150:
                pending.add(where)
    assert any(path.endswith(".js") for path in seen)
    assert any(path.endswith(".woff2") for path in seen)


@pytest.mark.parametrize(
    "path", ["", "/", "/airports/ATL/departures", "/airports/ATL/departures/", "/admin/"]
)
def test_every_redirect_stays_below_the_prefix(proxy: Proxy, path: str) -> None:
    answer = Visitor(proxy).ask("GET", PREFIX + path)
    assert answer.status in (301, 302)
    assert answer.headers["location"].startswith(PREFIX + "/")
    assert "next=/airports" not in answer.headers["location"].replace("%2F", "/")


def test_reports_and_sockets_are_served_below_the_prefix(service: RunningService, proxy: Proxy) -> None:
    visitor = Visitor(proxy)
    bearer = {"Authorization": f"Bearer {service.tokens['publisher']}", "Content-Type": "application/json"}
    report = '{"flight":"DL1865","date":"2015-01-02","origin":"ATL","departure":{"gate":"A1"}}'
    assert visitor.ask("POST", f"{PREFIX}/api/v1/reports", report, bearer).status == 200
    assert visitor.ask("GET", f"{PREFIX}/healthz").status == 200
    raw = RawSocket(proxy.port)
    request = raw.request(token=service.tokens["reader"], subprotocols=("windsock.v1.json",))
    raw.send(request.replace(b"GET /ws/", b"GET /delays/ws/"))
    assert raw.answer() == 101
    assert raw.message("welcome")
    raw.close()
    assert b'data-root="/delays/"' in visitor.ask("GET", f"{PREFIX}/sign-in/").body


def test_the_programs_of_the_command_line_find_it_there(service: RunningService, proxy: Proxy) -> None:
    from windsock.client.address import api_url, socket_url

    url = f"http://127.0.0.1:{proxy.port}{PREFIX}"
    assert socket_url(url) == f"ws://127.0.0.1:{proxy.port}{PREFIX}/ws/flight-delay/"
    assert api_url(url, "/api/v1/reports").endswith(f"{PREFIX}/api/v1/reports")
