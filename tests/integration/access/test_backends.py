"""Signing in by password has a limit, on the page and in the admin."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.test import Client, RequestFactory

from windsock.access import passwords, tickets
from windsock.access.limits import SIGN_IN_ADDRESS_FAILURES, SIGN_IN_FAILURES
from windsock.api.bodylimit import BodyLimit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def limited(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.AUTHENTICATION_BACKENDS = [
        "windsock.access.backends.LimitedBackend",
        "django.contrib.auth.backends.ModelBackend",
    ]
    for limit in (SIGN_IN_FAILURES, SIGN_IN_ADDRESS_FAILURES):
        monkeypatch.setattr(limit, "_clock", lambda: 1_000_000.0)
    get_user_model().objects.create_superuser("ada", password="right")
    cache.clear()
    passwords._turned_away.clear()
    yield
    cache.clear()
    passwords._turned_away.clear()


def sign_in(password: str, name: str = "ada", address: str = "198.51.100.7", path: str = "/sign-in/") -> bool:
    client = Client(REMOTE_ADDR=address)
    client.post(path, {"username": name, "password": password})
    return "_auth_user_id" in client.session


@pytest.mark.parametrize("path", ["/sign-in/", "/admin/login/"])
def test_after_ten_wrong_passwords_the_right_one_is_not_listened_to(path: str) -> None:
    assert sign_in("right", path=path)
    assert not any(sign_in(f"wrong {attempt}", path=path) for attempt in range(10))
    assert not sign_in("right", path=path)


def test_others_are_not_locked_out_by_it() -> None:
    get_user_model().objects.create_user("ben", password="right")
    for attempt in range(10):
        sign_in(f"wrong {attempt}")
    assert sign_in("right", address="198.51.100.8")
    assert sign_in("right", name="ben")


def test_a_one_time_link_still_signs_in() -> None:
    client = Client()
    client.get(tickets.sign_in_link(get_user_model().objects.get(), "http://testserver"))
    assert "_auth_user_id" in client.session
    assert client.get("/api/v1/flights").status_code == 200


def test_names_with_any_sign_are_only_wrong(caplog: pytest.LogCaptureFixture) -> None:
    assert not sign_in("x", name="ä \x7f" * 40)
    assert not sign_in("x", name="x" * 10_000)


def test_one_password_over_many_names_has_a_limit_too() -> None:
    answers = [
        Client(REMOTE_ADDR="198.51.100.9").post("/sign-in/", {"username": f"n{n}", "password": "x"})
        for n in range(52)
    ]
    assert [answer.status_code for answer in answers] == [200] * 50 + [429] * 2
    assert "Retry-After" in answers[-1].headers
    assert sign_in("right", address="198.51.100.10")


def test_what_is_one_too_many_is_never_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    for attempt in range(10):
        sign_in(f"wrong {attempt}")

    def never(*_: Any) -> bool:
        raise AssertionError("a password was hashed")

    monkeypatch.setattr(passwords, "_right", never)
    answer = Client(REMOTE_ADDR="198.51.100.7").post("/sign-in/", {"username": "ada", "password": "right"})
    assert answer.status_code == 429


def test_an_address_is_what_one_household_has_of_ipv6() -> None:
    tried = [
        Client(REMOTE_ADDR=f"2001:db8:1:2::{n:x}").post("/sign-in/", {"username": f"n{n}", "password": "x"})
        for n in range(1, 53)
    ]
    assert [answer.status_code for answer in tried] == [200] * 50 + [429] * 2
    assert sign_in("right", address="2001:db8:1:3::1")


async def test_whoever_has_to_wait_is_refused_before_django_does_anything(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: Any) -> None:
        raise AssertionError("Django was asked")

    async def post(address: str) -> tuple[int, dict[bytes, bytes]]:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"username=a&password=b", "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = {
            "type": "http", "method": "POST", "path": "/sign-in/", "root_path": "", "query_string": b"",
            "headers": [(b"content-length", b"21")], "client": (address, 5),
        }  # fmt: skip
        await BodyLimit(never)(scope, receive, send)
        return sent[0]["status"], dict(sent[0]["headers"])

    monkeypatch.setattr(SIGN_IN_ADDRESS_FAILURES, "_tries", 0)
    assert await sync_to_async(passwords.begin)("198.51.100.7", "ada") is not None
    status, headers = await post("198.51.100.7")
    assert (status, b"retry-after" in headers) == (429, True)
    monkeypatch.setitem(passwords._pending, "198.51.100.8", passwords.PER_ADDRESS)
    assert (await post("198.51.100.8"))[0] == 429
    with pytest.raises(AssertionError, match="Django was asked"):
        await post("198.51.100.9")
    monkeypatch.setitem(passwords._turned_away, "198.51.100.7", 0.0)  # it waited
    with pytest.raises(AssertionError, match="Django was asked"):
        await post("198.51.100.7")


async def test_of_one_address_two_attempts_are_under_way_at_once_and_others_are_heard(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    gate, hashed = threading.Event(), []

    def slow(password: str, encoded: str | None) -> bool:
        assert gate.wait(60)
        hashed.append(password)
        return False

    async def attempt(address: str) -> int | None:
        request = RequestFactory(REMOTE_ADDR=address).post("/sign-in/")
        return await passwords.check(request, address, "x")

    monkeypatch.setattr(passwords, "_right", slow)
    monkeypatch.setattr(passwords, "_stored", lambda name: None)
    crowd = [asyncio.create_task(attempt("198.51.100.7")) for _ in range(32)]
    honest = asyncio.create_task(attempt("198.51.100.8"))
    async with asyncio.timeout(60):
        while sum(task.done() for task in crowd) < 30:
            await asyncio.sleep(0)
    gate.set()
    assert await honest is None
    assert [await task for task in crowd].count(None) == 2
    assert len(hashed) == 3


def test_a_host_has_one_way_in_and_it_is_its_own(settings: Any) -> None:
    settings.LOGIN_URL = "/accounts/login/"
    for path in ("/", "/airports/JFK/departures/", "/console/"):
        assert Client().get(path)["Location"] == f"/accounts/login/?next={path}"
    for answer in (
        Client().get("/sign-in/?next=/console/"),
        Client().post("/sign-in/?next=/console/", {"username": "ada", "password": "right"}),
    ):
        assert answer["Location"] == "/accounts/login/?next=/console/"
        assert "sessionid" not in answer.cookies


@pytest.mark.parametrize("backends", [["django.contrib.auth.backends.ModelBackend"]])
def test_our_page_is_limited_whatever_the_backends(settings: Any, backends: list[str]) -> None:
    settings.AUTHENTICATION_BACKENDS = backends
    assert not any(sign_in(f"wrong {attempt}") for attempt in range(10))
    assert not sign_in("right")
