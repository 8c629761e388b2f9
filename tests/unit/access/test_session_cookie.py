"""The session's key, found in raw headers exactly as Django finds it in a request."""

from io import BytesIO

import pytest
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from hypothesis import given
from hypothesis import strategies as st

from windsock.access.session_cookie import session_key

NAME = settings.SESSION_COOKIE_NAME


def of_django(headers: list[tuple[bytes, bytes]]) -> str | None:
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers}
    return ASGIRequest(scope, BytesIO()).COOKIES.get(NAME) or None


@pytest.mark.parametrize(
    ("cookies", "key"),
    [
        ([], None),
        ([b""], None),
        ([b"sessionid=abc"], "abc"),
        ([b"theme=dark; sessionid=abc; csrftoken=x"], "abc"),
        ([b"theme=dark;sessionid=abc"], "abc"),
        ([b'sessionid="abc"'], "abc"),
        ([b'sessionid="a\\"b"'], 'a"b'),
        ([b'sessionid="a\\073b"'], "a;b"),
        ([b"sessionid="], None),
        ([b'sessionid=""'], None),
        ([b"sessionid"], None),
        ([b"xsessionid=abc"], None),
        ([b"SessionID=abc"], None),
        ([b"theme=sessionid"], None),
        ([b"sessionid=a=b"], "a=b"),
        ([b" sessionid = abc "], "abc"),
        ([b"sessionid=first; sessionid=second"], "second"),
        ([b"sessionid=first; sessionid="], None),
        (["sessionid=ä".encode()], "Ã¤"),
        ([b"theme=\xff\xfe; sessionid=abc"], "abc"),
        ([b";;=;sessionid=abc;"], "abc"),
    ],
)
def test_odd_cookies_are_read_as_django_reads_them(cookies: list[bytes], key: str | None) -> None:
    headers = [(b"host", b"x"), *((b"cookie", cookie) for cookie in cookies)]
    assert session_key(headers) == key
    assert of_django(headers) == key


@pytest.mark.parametrize("cookies", [[b"theme=dark", b"sessionid=abc"], [b"sessionid=abc", b"theme=dark"]])
def test_several_cookie_headers_are_one(cookies: list[bytes]) -> None:
    assert (
        session_key([(b"cookie", cookie) for cookie in cookies]) == "abc"
    )  # Django 5.2 joins them with a comma


def test_the_case_of_the_header_does_not_matter() -> None:
    assert session_key([(b"Cookie", b"sessionid=abc")]) == "abc"


PARTS = st.sampled_from(
    [NAME.encode(), b"theme", b"=", b";", b" ", b'"', b"\\", b"073", b"abc", b"\xe4", b""]
)


@given(st.lists(PARTS, max_size=12).map(b"".join))
def test_whatever_the_cookies_the_page_and_the_socket_belong_to_one_session(cookies: bytes) -> None:
    headers = [(b"cookie", cookies)]
    assert session_key(headers) == of_django(headers)
