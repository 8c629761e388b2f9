"""Bodies: what is read, and where an error is said to be. No server."""

from typing import Any

import pytest
from django.http import HttpRequest
from django.test import RequestFactory

from windsock.api import bodies
from windsock.api.bodylimit import BodyLimit
from windsock.api.problems import Problem, quoted


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
    with pytest.raises(Problem) as caught:
        bodies.decode(body)
    assert (caught.value.members["line"], caught.value.members["column"]) == (line, column), (
        caught.value.detail
    )
    assert "byte " not in caught.value.detail.replace("a byte that", "")


def test_a_body_of_exactly_the_limit_is_taken_and_one_byte_more_is_not() -> None:
    assert bodies.read(request(b"x" * 100), 100) == b"x" * 100
    with pytest.raises(Problem) as caught:
        bodies.read(request(b"x" * 101), 100)
    assert caught.value.status == 413


def test_a_body_that_lies_about_its_length_is_still_bounded() -> None:
    lying = request(b"x" * 1000)
    lying.META["CONTENT_LENGTH"] = ""
    with pytest.raises(Problem) as caught:
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


# --- The bound before Django ------------------------------------------------------------------------------------------


async def through(
    limit: int, chunks: list[bytes], headers: list[tuple[bytes, bytes]]
) -> tuple[list[Any], list[Any], int]:
    """What the server was told, what the application got, and how many chunks were taken from the client."""
    sent: list[Any] = []
    got: list[Any] = []
    taken = 0

    async def application(scope: Any, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            got.append(message)
            if message["type"] == "http.disconnect":
                await send({"type": "http.response.start", "status": 500, "headers": []})
                return
            if not message.get("more_body"):
                await send({"type": "http.response.start", "status": 200, "headers": []})
                return

    async def receive() -> Any:
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": chunks[taken - 1], "more_body": taken < len(chunks)}

    async def send(message: Any) -> None:
        sent.append(message)

    await BodyLimit(application, limit)({"type": "http", "headers": headers}, receive, send)
    return sent, got, taken


async def test_a_body_within_the_bound_passes_untouched() -> None:
    sent, got, _ = await through(10, [b"12345", b"67890"], [])
    assert [message["body"] for message in got] == [b"12345", b"67890"]
    assert [message["status"] for message in sent] == [200]


async def test_a_body_beyond_the_bound_is_cut_off_and_the_rest_let_by_so_that_the_answer_is_read() -> None:
    sent, got, taken = await through(10, [b"12345", b"678901", b"thrown away"], [])
    assert taken == 3
    assert [message.get("body") for message in got] == [b"12345", None]
    assert got[-1]["type"] == "http.disconnect"
    assert [message["status"] for message in sent if "status" in message] == [413]


async def test_a_declared_length_beyond_the_bound_is_answered_before_anything_is_read() -> None:
    sent, got, _ = await through(10, [b""], [(b"content-length", b"11")])
    assert got == []
    assert sent[0]["status"] == 413
