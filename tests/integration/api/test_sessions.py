"""The API for a signed-in browser: CSRF, visitors, too many wrong tokens, and a database that does not answer."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client

from windsock.access import tokens
from windsock.access.limits import TOKEN_FAILURES
from windsock.errors import JournalUnavailable
from windsock.ingest import stop

pytestmark = pytest.mark.django_db(transaction=True)

REPORT = {
    "flight": "DL1865",
    "date": "2015-01-02",
    "origin": "ATL",
    "departure": {"scheduled": "2015-01-02T13:55:00Z"},
}


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()
    stop()


@pytest.fixture
def browser() -> Client:
    """A browser in which one who may publish is signed in."""
    user = get_user_model().objects.create_user("ben", password="x")
    user.user_permissions.add(Permission.objects.get(codename="publish", content_type__app_label="windsock"))
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    return client


def post(client: Client, report: Any = REPORT, **headers: str) -> Any:
    return client.post(
        "/api/v1/reports", json.dumps(report), content_type="application/json", headers=headers
    )


def test_a_session_publishes_with_its_csrf_token_and_not_without(browser: Client) -> None:
    refused = post(browser)
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")
    browser.get("/sign-in/?next=/")
    browser.get("/admin/login/")
    token = browser.cookies["csrftoken"].value
    assert post(browser, **{"X-CSRFToken": token}).status_code == 200


def test_a_session_reads_without_a_csrf_token(browser: Client) -> None:
    assert browser.get("/api/v1/flights").status_code == 200


def test_a_bearer_token_needs_no_csrf_token() -> None:
    _, secret = tokens.create(None, "feed", ["publish"])
    assert post(Client(enforce_csrf_checks=True), Authorization=f"Bearer {secret}").status_code == 200


def test_visitors_read_only_where_that_is_public_and_never_publish(settings: Any) -> None:
    visitor = Client()
    assert visitor.get("/api/v1/flights").status_code == 401
    settings.WINDSOCK = {"PUBLIC_READ": True}
    from windsock.conf import config

    config.cache_clear()
    assert visitor.get("/api/v1/flights").status_code == 200
    assert post(visitor).status_code == 401
    assert visitor.post("/api/v1/tickets").status_code == 401


def test_too_many_wrong_tokens_are_429_and_the_right_one_still_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TOKEN_FAILURES, "_clock", lambda: 1_000_000.0)
    client = Client()
    answers = [client.get("/api/v1/flights", headers={"Authorization": "Bearer wrong"}) for _ in range(31)]
    assert {answer.status_code for answer in answers[:30]} == {401}
    assert answers[30].status_code == 429
    assert int(answers[30].headers["Retry-After"]) > 0
    _, secret = tokens.create(None, "board", ["read"])
    assert client.get("/api/v1/flights", headers={"Authorization": f"Bearer {secret}"}).status_code == 200


def test_a_journal_that_does_not_answer_is_503_and_says_when_to_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from windsock.journal.database import DatabaseJournal

    def unavailable(*_: Any) -> Any:
        raise JournalUnavailable("The database did not answer within 20 s.")

    _, secret = tokens.create(None, "feed", ["publish", "read"])
    monkeypatch.setattr(DatabaseJournal, "write", unavailable)
    monkeypatch.setattr(DatabaseJournal, "find", unavailable)
    answer = post(Client(), Authorization=f"Bearer {secret}")
    assert (answer.status_code, answer.json()["code"]) == (503, "journal_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert "Nothing" in answer.json()["detail"]
    assert Client().get("/api/v1/flights", headers={"Authorization": f"Bearer {secret}"}).status_code == 503


def test_a_database_that_cannot_say_who_asks_is_503(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise OperationalError("database is locked")

    monkeypatch.setattr("windsock.access.tokens.authenticate", broken)
    answer = post(Client(), Authorization="Bearer whatever")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")


def test_our_own_fault_is_a_500_that_tells_nothing_of_our_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    from windsock.journal.database import DatabaseJournal

    def faulty(*_: Any) -> Any:
        raise ZeroDivisionError("a secret of the house")

    _, secret = tokens.create(None, "board", ["read"])
    monkeypatch.setattr(DatabaseJournal, "find", faulty)
    answer = Client().get("/api/v1/flights", headers={"Authorization": f"Bearer {secret}"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert b"secret of the house" not in answer.content


def test_readiness_says_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    from windsock.api import health

    monkeypatch.setitem(health._checks, "hub", lambda: "it is 12 s behind the journal")
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["hub"] == "it is 12 s behind the journal"
    assert answer.json()["checks"]["database"] == "ok"
