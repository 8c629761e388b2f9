"""Poll a provider over HTTP, with limits on time and size, and honor its `Retry-After`."""

import math
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urljoin, urlsplit, urlunsplit

import windsock
from windsock.clock import Clock
from windsock.errors import FeedError
from windsock.feeds.polling import Poller, Request

if TYPE_CHECKING:
    import httpx2

USER_AGENT = f"windsock/{windsock.__version__} (+https://windsock.readthedocs.io/)"
TIMEOUT_SECONDS = 20.0
WHOLE_SECONDS = 60.0
"""A response, including its head, may trickle in, but not forever: a slow provider must not hold up its next poll."""
MAX_BYTES = 20_000_000
MAX_POLL_BYTES = 60_000_000
"""Of all pages of a poll together, which are held in memory until they are recorded."""
LONGEST_REST_SECONDS = 86_400.0
"""The longest `Retry-After` that is honored: budgets are renewed daily, so more than a day is a mistake."""


Marks = dict[str, dict[str, str]]
"""By address, the headers of a conditional request (If-None-Match, If-Modified-Since)."""


class PollFailed(FeedError):
    """The provider did not respond as expected. `retry_after` is how long it asks us to wait, if it does.

    `requests` were made by then: a provider also bills those it refused.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.requests = 0


@dataclass(slots=True)
class Fetched:
    """The bodies of a poll, in order; none if nothing has changed since the last. `requests` were made for it.

    `came_at` is when each body was complete. `marks` are the headers for the next poll of several addresses.
    """

    bodies: list[bytes] = field(default_factory=list)
    came_at: list[datetime] = field(default_factory=list)
    etag: str = ""
    last_modified: str = ""
    requests: int = 0
    marks: Marks = field(default_factory=dict)


def fetch(
    client: "httpx2.Client",
    poller: Poller,
    *,
    cursor: str,
    etag: str,
    last_modified: str,
    now: datetime,
    most_requests: int | None = None,
    known: Mapping[str, Mapping[str, str]] | None = None,
    clock: Clock | None = None,
) -> Fetched:
    """Make the poller's requests; raise PollFailed when any of them fails.

    `etag` and `last_modified` apply to a poll of one address, `known` (`marks` of the last poll) to one of several.
    """
    fetched = Fetched()
    opened: list[socket.socket] = []
    asked = list(poller.requests(cursor, now))
    try:
        for first in asked:
            if not poller.conditional:
                marks: Mapping[str, str] = {}
            elif len(asked) == 1:
                marks = _marks(etag, last_modified)
            else:
                marks = (known or {}).get(first.url, {}) if not first.params else {}
            _pages(
                client,
                poller,
                first,
                marks,
                fetched,
                most_requests,
                alone=len(asked) == 1,
                clock=clock,
                opened=opened,
            )
            while len(fetched.came_at) < len(fetched.bodies):
                fetched.came_at.append(now)
    except PollFailed as refusal:
        refusal.requests = fetched.requests
        raise
    return fetched


def _pages(
    client: "httpx2.Client",
    poller: Poller,
    first: Request,
    marks: Mapping[str, str],
    fetched: Fetched,
    most_requests: int | None,
    *,
    alone: bool,
    clock: Clock | None,
    opened: list[socket.socket],
) -> None:
    """Fetch all pages of a response and add them to `fetched`."""
    request: Request | None = first
    for _ in range(poller.max_pages):
        if request is None:
            return
        if most_requests is not None and fetched.requests >= most_requests:
            raise PollFailed("Today's budget of requests ran out in the middle of a poll.")
        fetched.requests += 1
        status, headers, body = _get(client, request, marks, opened)
        if status == 304:
            fetched.marks[first.url] = dict(marks)
            return
        if status == 204:
            return
        fetched.bodies.append(body)
        if clock is not None:
            fetched.came_at.append(clock())
        if sum(map(len, fetched.bodies)) > MAX_POLL_BYTES:
            raise PollFailed(f"The pages of this poll have more than {MAX_POLL_BYTES:,} bytes.")
        etag, last_modified = headers.get("etag", "")[:200], headers.get("last-modified", "")[:64]
        if request is first and alone:
            fetched.etag, fetched.last_modified = etag, last_modified
        elif request is first:
            fetched.marks[first.url] = _marks(etag, last_modified)
        marks = {}
        request = _following(request, poller.next_page(headers, body))


def _marks(etag: str, last_modified: str) -> dict[str, str]:
    marks = {}
    if etag:
        marks["If-None-Match"] = etag
    if last_modified:
        marks["If-Modified-Since"] = last_modified
    return marks


def _following(request: Request, url: str | None) -> Request | None:
    if url is None:
        return None
    try:
        here, there = urlsplit(request.url), urlsplit(urljoin(request.url, url))
    except ValueError:
        raise PollFailed(
            f"The provider's link to the next page is not a valid address: {url[:100]!r}."
        ) from None
    if there.hostname != here.hostname:
        # Our key is sent with it: never to another host than the one it was given for.
        raise PollFailed(f"The provider's link to the next page is on another host ({there.netloc[:100]}).")
    # Servers behind a gateway may write it with http or a port (":443"): fetch it from where the first page was.
    address = urlunsplit((here.scheme, here.netloc, there.path, "", ""))
    said = dict(parse_qsl(there.query, keep_blank_values=True))
    if request.params.keys() <= said.keys():
        return Request(url=f"{address}?{there.query}" if there.query else address, headers=request.headers)
    # The link may contain only what differs; the other parameters and the key stay as they were.
    return Request(url=address, params={**request.params, **said}, headers=request.headers)


def _get(
    client: "httpx2.Client", request: Request, marks: Mapping[str, str], opened: list[socket.socket]
) -> tuple[int, Mapping[str, str], bytes]:
    import httpx2

    host = urlsplit(request.url).netloc
    late = f"{host} did not complete its response within {WHOLE_SECONDS:.0f} s."
    ends = time.monotonic() + WHOLE_SECONDS
    try:
        with (
            _ended(WHOLE_SECONDS, opened) as extensions,
            client.stream(
                "GET",
                request.url,
                params=dict(request.params) or None,
                headers={"User-Agent": USER_AGENT, **marks, **request.headers},
                extensions=extensions,
            ) as answer,
        ):
            headers = {name.lower(): value for name, value in answer.headers.items()}
            if answer.status_code in (204, 304):
                return answer.status_code, headers, b""
            if answer.status_code != 200:
                raise PollFailed(
                    _refusal(host, answer.status_code, answer.reason_phrase), _retry_after(headers)
                )
            body = bytearray()
            for part in answer.iter_bytes():
                body += part
                if len(body) > MAX_BYTES:
                    raise PollFailed(f"{host} sent more than {MAX_BYTES:,} bytes.")
                if time.monotonic() > ends:
                    raise PollFailed(late)
            return 200, headers, bytes(body)
    except httpx2.HTTPError as error:
        if time.monotonic() >= ends:
            raise PollFailed(late) from None
        # The error's own text may contain the whole address, and with it a key.
        raise PollFailed(f"{host} could not be reached: {_cause(error)}.") from None
    except (httpx2.InvalidURL, httpx2.StreamError, ValueError, OSError) as error:
        raise PollFailed(f"{host} could not be reached: {type(error).__name__}.") from None


PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")


def _cause(error: BaseException) -> str:
    """Return why a request failed, in our own words: the error's text may contain the address, and a key."""
    name = type(error).__name__
    set_here = [var for var in PROXIES if os.environ.get(var) or os.environ.get(var.lower())]
    through = f" through the proxy set in {set_here[0]}" if set_here else ""
    if name == "ProxyError":
        return (
            f"the proxy set in {set_here[0] if set_here else 'the environment'} refused the request ({name})"
        )
    for cause in _chain(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted{through}: {cause.verify_message} ({name})"
        if isinstance(cause, ssl.SSLError):
            return f"TLS failed{through}; does that port use TLS? ({name}: {cause.reason})"
        if isinstance(cause, socket.gaierror):
            return f"{'unknown host (its own or the proxy’s)' if through else 'unknown host'} ({name})"
        if isinstance(cause, ConnectionRefusedError):
            return f"nothing is listening there{through} ({name})"
    return f"{name}{through}"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(8):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def _refusal(host: str, status: int, phrase: str) -> str:
    if 300 <= status < 400:
        # Not followed: our key would be sent to an address that nobody has configured.
        return f"{host} responded {status} {phrase}: it has moved. Set the feed's 'url' to the new address."
    return f"{host} responded {status} {phrase}."


@contextmanager
def _ended(seconds: float, opened: list[socket.socket]) -> Iterator[dict[str, Any]]:
    """Close the connections of this poll after `seconds`: each byte may be on time and the response still never end.

    Yields the request's extensions, which add the connections it opens to `opened`.
    """

    def trace(event: str, info: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            found = info["return_value"].get_extra_info("socket")
            if found is not None:
                opened.append(found)

    def end() -> None:
        for found in opened:
            with suppress(OSError):
                # Not with the TLS socket's own method, which pulls its state from under a read in another thread.
                socket.socket.shutdown(found, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield {"trace": trace}
    finally:
        timer.cancel()


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds the provider asks us to wait, at most a day; None if the header is absent or invalid."""
    given = headers.get("retry-after", "").strip()
    try:
        seconds = float(given) if given.isascii() and given.lstrip("+").isdigit() else None
        if seconds is None:
            at = parsedate_to_datetime(given)
            at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
            seconds = (at - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None  # neither a number nor a date: the feed's own pauses apply
    return max(0.0, min(seconds, LONGEST_REST_SECONDS)) if not math.isnan(seconds) else None
