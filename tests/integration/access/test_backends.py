"""Signing in by password has a limit, on the page and in the admin."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.test import Client

from windsock.access import signin
from windsock.access.limits import SIGN_IN_FAILURES

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def limited(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.AUTHENTICATION_BACKENDS = [
        "windsock.access.backends.LimitedBackend",
        "django.contrib.auth.backends.ModelBackend",
    ]
    monkeypatch.setattr(SIGN_IN_FAILURES, "_clock", lambda: 1_000_000.0)
    get_user_model().objects.create_superuser("ada", password="right")
    cache.clear()
    yield
    cache.clear()


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
    client.get(signin.link(get_user_model().objects.get(), "http://testserver"))
    assert "_auth_user_id" in client.session
    assert client.get("/api/v1/flights").status_code == 200


def test_names_with_any_sign_are_only_wrong(caplog: pytest.LogCaptureFixture) -> None:
    assert not sign_in("x", name="ä \x7f" * 40)
    assert not sign_in("x", name="x" * 10_000)
