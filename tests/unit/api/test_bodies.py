"""Bodies: what is read, and where an error is said to be. No server."""

import asyncio
import contextlib
import gzip
import itertools
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from windsock.api import bodies, bodylimit
from windsock.api.bodylimit import BodyReading, Room
from windsock.api.problems import HttpProblem, quoted


def request(body: bytes, content_type: str = "application/json") -> HttpRequest:
    return RequestFactory().generic("POST", "/api/v1/reports", body, content_type)


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [
        (b"{", 1, 2),
        (b"%nonsense", 1, 1),
        (b'{\n"a": 1,\n}', 3, 1),
        ('{"städtchen": x}'.encode(), 1, 15),
        (b'{"a": NaN}', 1, 7),
        (b'{"a": 1} {"b": 2}', 1, 10),
        (b'["\xff"]', 1, 3),
        (b"   ", 1, 4),
    ],
)
def test_an_error_is_where_people_count_it_to_be(body: bytes, line: int, column: int) -> None:
    with pytest.raises(HttpProblem) as caught:
        bodies.decode(body)
    assert (caught.value.members["line"], caught.value.members["column"]) == (line, column), (
        caught.value.detail
    )
    assert "byte " not in caught.value.detail.replace("a byte that", "")


def test_a_body_of_exactly_the_limit_is_taken_and_one_byte_more_is_not() -> None:
    assert bodies.read(request(b"x" * 100), 100) == b"x" * 100
    with pytest.raises(HttpProblem) as caught:
        bodies.read(request(b"x" * 101), 100)
    assert caught.value.status == 413


def test_a_body_that_lies_about_its_length_is_still_bounded() -> None:
    lying = request(b"x" * 1000)
    lying.META["CONTENT_LENGTH"] = ""
    with pytest.raises(HttpProblem) as caught:
        bodies.read(lying, 100)
    assert caught.value.status == 413


def test_lines_may_end_as_on_windows_and_may_be_empty() -> None:
    found = bodies.batch(request(b'{"a":1}\r\n\r\n{"b":2}\r\n', "application/x-ndjson"), 1000)
    assert found.items == [{"a": 1}, {"b": 2}]


def test_one_object_is_single_and_a_list_of_one_is_not() -> None:
    assert bodies.batch(request(b"{}"), 1000).single
    assert not bodies.batch(request(b"[{}]"), 1000).single


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=UTF-8", 'application/json;charset="utf-8"']
)
def test_utf_8_may_be_said(content_type: str) -> None:
    assert bodies.batch(request(b"{}", content_type), 1000).items == [{}]


def test_what_is_quoted_back_is_short_and_is_json() -> None:
    assert quoted("QQQ") == "QQQ"
    assert quoted({"a": [1]}) == {"a": [1]}
    assert len(quoted("x" * 10_000)) < 250
    assert len(quoted({"x": "y" * 10_000})) < 250
    assert isinstance(quoted(object()), str)


# --- Marks and compression --------------------------------------------------------------------------------------------

BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize("content_type", [*sorted(bodies.JSON_TYPES), *sorted(bodies.NDJSON_TYPES)])
@pytest.mark.parametrize("body", [b'{"a":1}', b'{"a":1}\r\n', b' {"a":1}'])
def test_a_byte_order_mark_changes_nothing(content_type: str, body: bytes) -> None:
    assert bodies.reports_in(content_type, BOM + body) == bodies.reports_in(content_type, body)


def test_lines_of_several_files_keep_their_first_reports() -> None:
    body = BOM + b'{"a":1}\n' + BOM + b'{"b":2}\n'
    assert bodies.reports_in("application/x-ndjson", body).items == [{"a": 1}, {"b": 2}]


@given(
    content=st.binary(max_size=3_000),
    cuts=st.lists(st.integers(0, 3_000), max_size=4),
    limit=st.integers(1, 4_000),
)
def test_gzip_gives_what_went_in_or_says_that_it_is_too_much(
    content: bytes, cuts: list[int], limit: int
) -> None:
    edges = sorted({0, len(content), *(cut for cut in cuts if cut < len(content))})
    members = [content[start:end] for start, end in itertools.pairwise(edges)] or [b""]
    body = b"".join(gzip.compress(member) for member in members)
    if len(content) <= limit:
        assert bodies.decompressed(body, "gzip", limit) == content
        return
    with pytest.raises(HttpProblem) as caught:
        bodies.decompressed(body, "gzip", limit)
    assert caught.value.status == 413


@given(content=st.binary(max_size=300), cut=st.integers(1, 40), wrong=st.binary(min_size=1, max_size=40))
def test_damaged_gzip_is_a_400_and_nothing_else(content: bytes, cut: int, wrong: bytes) -> None:
    whole = gzip.compress(content)
    for body in (whole[:-cut], whole[: -cut - 8] + wrong, wrong + whole):
        assert refusal_of(lambda body=body: bodies.decompressed(body, "GZIP", 1_000)) in (None, 400)


def refusal_of(work: Callable[[], object]) -> int | None:
    """The status of the HttpProblem that it raises, if any."""
    try:
        work()
    except HttpProblem as problem:
        return problem.status
    return None


def test_a_bomb_is_cut_off_at_the_limit() -> None:
    bomb = gzip.compress(bytes(200_000_000), compresslevel=1)
    tracemalloc.start()
    try:
        with pytest.raises(HttpProblem) as caught:
            bodies.decompressed(bomb, "gzip", 100_000)
        assert tracemalloc.get_traced_memory()[1] < 10 * len(bomb)
    finally:
        tracemalloc.stop()
    assert caught.value.status == 413
    many = gzip.compress(b"") * 10_000
    with pytest.raises(HttpProblem):
        bodies.decompressed(many, "gzip", 100_000)


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "x"])
def test_another_encoding_is_a_415_that_says_what_is_taken(encoding: str) -> None:
    with pytest.raises(HttpProblem) as caught:
        bodies.decompressed(b"x", encoding, 100)
    assert caught.value.status == 415
    assert caught.value.headers["Accept-Encoding"] == "gzip, identity"


# --- Reading a body, before Django ----------------------------------------------------------------------------


async def read_through(room: Room, limit: int, chunks: list[bytes], *, known: bool = True) -> bytes | None:
    pending = list(chunks)

    async def receive() -> Any:
        part = pending.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(pending)}

    reading = BodyReading(room, known=known)
    try:
        return await reading.body(receive, limit)
    finally:
        reading.end()


async def test_a_body_within_the_bound_is_whole() -> None:
    assert await read_through(Room(100), 10, [b"12345", b"", b"67890"]) == b"1234567890"


async def test_a_body_beyond_the_bound_is_cut_off_where_it_is_reached() -> None:
    with pytest.raises(HttpProblem) as caught:
        await read_through(Room(100), 10, [b"12345", b"678901", b"never read"])
    assert caught.value.status == 413


@pytest.mark.parametrize("known", [True, False])
async def test_all_room_that_was_taken_is_given_back(known: bool) -> None:
    room = Room(10_000)
    for chunks in ([b"x" * 9_000], [b"x" * 5_000, b"x" * 6_000], [b"x" * 20_000], [b""]):
        for limit in (5_000, 50_000):
            with contextlib.suppress(HttpProblem):
                await read_through(room, limit, chunks, known=known)
            assert room.left == 10_000


async def test_without_room_the_sender_is_asked_to_come_again_but_small_forms_still_fit() -> None:
    with pytest.raises(HttpProblem) as caught:
        await read_through(Room(10), 10_000, [b"x" * 5_000], known=False)
    assert caught.value.status == 503
    assert caught.value.headers["Retry-After"]
    assert await read_through(Room(0), 10_000, [b"x" * 4_000], known=False) == b"x" * 4_000


async def test_a_body_that_drips_is_ended_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodylimit, "GRACE_SECONDS", 0.1)
    for delay in (0.001, 60.0):

        async def receive(delay: float = delay) -> Any:
            await asyncio.sleep(delay)
            return {"type": "http.request", "body": b"x", "more_body": True}

        with pytest.raises(HttpProblem) as caught:
            async with asyncio.timeout(60):
                await BodyReading(Room(1_000_000), known=True).body(receive, 10_000)
        assert caught.value.status == 408
