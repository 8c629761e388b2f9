"""Error pages, each asked for as it comes about: our look, a search, a way back, nothing from the database."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError, connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.test import Client
from django.test.utils import override_settings
from django.urls import include, path

from windsock import hosting
from windsock.pages import error_pages
from windsock.service import urls as service_urls


def bad(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation("bad")


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("broken")


def form(request: HttpRequest) -> HttpResponse:
    return HttpResponse("sent")


urlpatterns = [
    path("bad/", bad),
    path("forbidden/", forbidden),
    path("broken/", broken),
    path("form/", form),
    path("", include("windsock.urls")),
]
handler400, handler403 = service_urls.handler400, service_urls.handler403
handler404, handler500 = service_urls.handler404, service_urls.handler500


class Case(NamedTuple):
    ask: Callable[[Client], HttpResponseBase]
    status: int
    heading: str


CASES = {
    "400": Case(lambda client: client.get("/bad/"), 400, "This request cannot be read"),
    "403": Case(lambda client: client.get("/forbidden/"), 403, "This page is not open to you"),
    "404": Case(lambda client: client.get("/nowhere/"), 404, "There is no such page"),
    "500": Case(lambda client: client.get("/broken/"), 500, "Something went wrong here"),
    "csrf": Case(lambda client: client.post("/form/"), 403, "This form has expired"),
    "host": Case(lambda client: client.get("/", headers={"host": "a b"}), 400, "This request cannot be read"),
}


@pytest.fixture
def visitor() -> Client:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.cookies["sessionid"] = "x" * 32  # whoever has a session must not cost a query either
    return client


@pytest.fixture(autouse=True)
def _our_pages(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    settings.CSRF_FAILURE_VIEW = "windsock.hosting.csrf_failure"


@pytest.mark.parametrize("name", CASES)
def test_an_error_page_has_our_look_a_search_and_a_way_back_without_the_database(
    visitor: Client, name: str
) -> None:
    # No mark django_db: a query would fail the test.
    case = CASES[name]
    answer: Any = case.ask(visitor)
    assert answer.status_code == case.status
    page = answer.content.decode()
    assert f'<h1 id="title">{case.heading}</h1>' in page
    assert f"<title>{case.heading} · Windsock</title>" in page
    assert 'name="q"' in page
    assert 'class="door" href="/"' in page
    assert "windsock/error.css" in page
    assert "Traceback" not in page
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", CASES)
def test_an_error_page_speaks_the_readers_language(visitor: Client, name: str) -> None:
    visitor.defaults["HTTP_ACCEPT_LANGUAGE"] = "ar"
    answer: Any = CASES[name].ask(visitor)
    assert 'lang="ar" dir="rtl"' in answer.content.decode()


def test_an_error_page_that_cannot_be_rendered_is_a_plain_one(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(error_pages, "TEMPLATE", "windsock/no-such-template.html")
    answer: Any = visitor.get("/broken/")
    assert answer.status_code == 500
    assert "<h1>Something went wrong here</h1>" in answer.content.decode()


def test_the_ready_made_service_uses_them_all() -> None:
    named = {
        service_urls.handler400,
        service_urls.handler403,
        service_urls.handler404,
        service_urls.handler500,
    }
    named.add("windsock.hosting.csrf_failure")
    settings = Path(service_urls.__file__).with_name("settings.py").read_text()
    assert 'CSRF_FAILURE_VIEW = "windsock.hosting.csrf_failure"' in settings
    for name in named:
        module, _, view = name.rpartition(".")
        assert module == hosting.__name__
        assert callable(getattr(hosting, view))


@pytest.mark.django_db(transaction=True)
def test_one_sign_in_too_many_gets_a_page_that_says_how_long(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(*_: Any) -> int:
        return 42

    monkeypatch.setattr("windsock.access.passwords.check", refused)
    monkeypatch.setattr("windsock.access.passwords.begin", lambda *_: 42)
    with override_settings(LOGIN_URL="/sign-in/"):
        answer: Any = Client().post("/sign-in/", {"username": "ada", "password": "x"})
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "42"
    assert "Try again in 42 seconds." in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_an_error_is_said_while_the_database_is_away_too(visitor: Client) -> None:
    def refuse(*_: Any) -> Any:
        raise OperationalError("could not connect to server: Connection refused")

    with connections["default"].execute_wrapper(refuse):
        answer: Any = visitor.get("/broken/")
    assert answer.status_code == 500
    assert "Something went wrong here" in answer.content.decode()
