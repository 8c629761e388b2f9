"""Only exactly the right pages may open a socket."""

import pytest

from windsock.live.admission.origin import allowed


@pytest.mark.parametrize(
    ("origin", "secure", "answer"),
    [
        ("http://delays.example", False, True),
        ("http://delays.example:80", False, True),
        ("https://delays.example", False, True),  # TLS ends in front of us
        ("https://delays.example", True, True),
        ("http://delays.example", True, False),
        ("http://delays.example:8000", False, False),
        ("http://delays.example.evil.org", False, False),
        ("http://evil.org/delays.example", False, False),
        ("http://evildelays.example", False, False),
        ("http://user@delays.example", False, False),
        ("null", False, False),
        ("", False, False),
        ("file://", False, False),
        ("https://boards.example", True, True),
        ("https://boards.example:443", True, True),
        ("http://boards.example", True, False),
        ("https://sub.boards.example", True, False),
    ],
)
def test_exactly_the_own_host_and_the_listed_origins(origin: str, secure: bool, answer: bool) -> None:
    assert allowed(origin, host="delays.example", secure=secure, origins=["https://boards.example"]) is answer


def test_a_host_that_is_not_ours_is_nobodys_origin() -> None:
    assert not allowed("http://evil.org", host="", secure=False, origins=[])
