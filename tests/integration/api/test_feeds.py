"""POST /api/v1/feeds/{name}: who may send, what becomes of it, and how it is answered."""

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings
from django.core.cache import cache
from django.db import connections
from django.test import Client
from standardwebhooks import Webhook

from tests.group_app import application
from windsock.access import tokens
from windsock.collect import health as feedhealth
from windsock.collect.intake import Intake
from windsock.collect.models import FeedInput, FeedState
from windsock.conf import config
from windsock.feeds.configuration import read
from windsock.ingest import pipeline, stop

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "whsec_" + base64.b64encode(b"twenty-four bytes at least").decode()


@pytest.fixture(autouse=True)
def feeds(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEX_SECRET", SECRET)
    settings.WINDSOCK = {
        **settings.WINDSOCK,
        "FEEDS": {"telex": {"format": "mvt", "secret_env": "TELEX_SECRET"}, "open": {"format": "mvt"}},
    }
    config.cache_clear()
    stop()


@pytest.fixture
def bearer() -> dict[str, str]:
    _, secret = tokens.create(None, "telex gateway", ["publish"], None)
    return {"Authorization": f"Bearer {secret}"}


def telex() -> bytes:
    now = datetime.now(UTC)
    return f"MVT\nWF588/{now:%d}.LNWDE.BGO\nED{now:%d}2359\n".encode()


def send(body: bytes, path: str = "telex", headers: dict[str, str] | None = None) -> Any:
    return Client().post(f"/api/v1/feeds/{path}", body, content_type="text/plain", headers=headers)


def test_a_token_that_may_publish_may_send(bearer: dict[str, str]) -> None:
    answer = send(telex(), headers=bearer)
    assert answer.status_code == 200
    assert answer.json()["recorded"] == 1
    assert answer.json()["changed"] == 1
    again = send(telex(), headers=bearer).json()
    assert (again["recorded"], again["changed"]) == (1, 0)


def test_a_token_that_may_only_read_may_not() -> None:
    _, secret = tokens.create(None, "board", ["read"], None)
    answer = send(telex(), headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 403
    assert FeedInput.objects.count() == 0


def test_the_secret_in_the_address_lets_in_and_a_wrong_one_does_not() -> None:
    assert send(telex(), f"telex/{SECRET}").status_code == 200
    assert send(telex(), "telex/wrong").status_code == 401
    assert send(telex(), "open/").status_code == 404
    assert send(telex(), "open/anything").status_code == 401


def test_a_signature_lets_in_and_not_for_another_body() -> None:
    now = datetime.now(UTC)
    body = telex().decode()
    signed = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("msg_1", now, body),
    }
    assert send(body.encode(), headers=signed).status_code == 200
    assert send(body.encode() + b" ", headers=signed).status_code == 401
    assert send(body.encode(), headers={**signed, "webhook-signature": "nonsense"}).status_code == 401


def test_nobody_is_told_which_feeds_there_are() -> None:
    assert send(telex()).status_code == 401
    assert send(telex(), "no-such-feed").status_code == 401


def test_an_unknown_feed_is_named_to_who_may_publish(bearer: dict[str, str]) -> None:
    answer = send(telex(), "no-such-feed", bearer)
    assert answer.status_code == 404
    assert answer.json()["code"] == "no_such_feed"


def test_faults_are_told_with_their_place_and_the_rest_is_kept(bearer: dict[str, str]) -> None:
    answer = send(telex() + b"ZZ nobody knows this line\n", headers=bearer)
    assert answer.status_code == 207
    assert answer.json()["recorded"] == 1
    assert "line 4" in answer.json()["faults"][0]["where"] or answer.json()["faults"][0]["where"] == "4"


def test_an_input_that_cannot_be_read_is_refused_and_kept(bearer: dict[str, str]) -> None:
    answer = send(bytes(range(256)), headers=bearer)
    assert answer.status_code == 422
    assert answer.json()["code"] == "unreadable_input"
    assert bytes(FeedInput.objects.get().body) == bytes(range(256))


def test_a_paused_feed_asks_to_come_again(bearer: dict[str, str]) -> None:
    FeedState.objects.create(name="telex", paused=True)
    answer = send(telex(), headers=bearer)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "60"


def test_only_post_is_possible(bearer: dict[str, str]) -> None:
    answer = Client().get("/api/v1/feeds/telex", headers=bearer)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"


def test_a_feed_whose_secret_is_not_set_is_failing_alone_and_sending_to_it_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, bearer: dict[str, str]
) -> None:
    monkeypatch.delenv("TELEX_SECRET")
    states = {feed.name: (feed.state, feed.error) for feed in feedhealth.feeds()}
    assert states["telex"][0] == "failing"
    assert "TELEX_SECRET" in states["telex"][1]
    assert states["open"] == ("on", "")
    answer = send(telex(), "telex/whatever")
    assert (answer.status_code, answer.json()["code"]) == (503, "feed_not_set_up")
    assert "TELEX_SECRET" not in answer.content.decode()
    assert send(telex(), "open", headers=bearer).status_code == 200


@pytest.mark.parametrize("error", [ValueError("a fault of ours"), KeyError("departure"), RecursionError()])
def test_whatever_is_raised_for_an_input_is_answered_as_json_and_makes_the_feed_failing(
    error: Exception, bearer: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def raises(*args: Any, **kwargs: Any) -> Any:
        raise error

    monkeypatch.setattr(Intake, "_settle", raises)
    answer = send(telex(), headers=bearer)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert FeedInput.objects.count() == 1, "it is kept"
    state = FeedState.objects.get(name="telex")
    assert feedhealth.fails(state)
    assert type(error).__name__ in state.error
    monkeypatch.undo()
    # Read again once it is mended: the feed fails no longer.
    monkeypatch.setenv("TELEX_SECRET", SECRET)
    settings = read(config().feeds)["telex"]
    Intake("telex", settings.format.parser("telex", {}), pipeline()).replay(FeedInput.objects.get())
    assert not feedhealth.fails(FeedState.objects.get(name="telex"))


@pytest.fixture
def fresh_limits() -> Any:
    cache.clear()
    yield
    cache.clear()


def test_secrets_cannot_be_tried_without_end(fresh_limits: None, bearer: dict[str, str]) -> None:
    assert send(telex(), f"telex/{SECRET}").status_code == 200
    tried = [send(telex(), f"telex/wrong-{number}").status_code for number in range(12)]
    assert tried[:10] == [401] * 10
    assert tried[10:] == [429, 429]
    late = send(telex(), f"telex/{SECRET}")
    assert (late.status_code, "Retry-After" in late.headers) == (429, True)
    assert send(telex(), headers=bearer).status_code == 200


@pytest.mark.parametrize("size", [None, 100, 100_000], ids=["chunked", "small", "large"])
def test_while_secrets_are_not_looked_at_the_right_one_is_answered_as_every_other(
    fresh_limits: None, size: int | None
) -> None:
    for number in range(12):
        send(telex(), f"telex/wrong-{number}")
    answers = []
    for secret in (SECRET, "wrong-wrong-wrong-wrong"):
        status, headers, read = async_to_sync(through_the_application)(f"/api/v1/feeds/telex/{secret}", size)
        answers.append((status, sorted(name for name, _ in headers), read))
    assert answers[0] == answers[1]
    assert answers[0][0] == 429


async def through_the_application(path: str, size: int | None) -> tuple[int, list[tuple[bytes, bytes]], int]:
    """What a server gets of a POST from 127.0.0.1: the status, the headers, and how much of the body was asked for
    before the answer."""
    sent: list[dict[str, Any]] = []
    taken = 0

    async def receive() -> dict[str, Any]:
        nonlocal taken
        if not sent:
            taken += 1
        return {"type": "http.request", "body": b"x" * (size or 100), "more_body": False}

    async def send_(message: dict[str, Any]) -> None:
        sent.append(message)

    length = [(b"transfer-encoding", b"chunked")] if size is None else [(b"content-length", b"%d" % size)]
    scope = {
        "type": "http", "method": "POST", "path": path, "root_path": "", "query_string": b"", "scheme": "http",
        "headers": [(b"host", b"testserver"), (b"content-type", b"text/plain"), *length],
        "client": ("127.0.0.1", 5), "server": ("testserver", 80), "http_version": "1.1",
    }  # fmt: skip
    await application(scope, receive, send_)
    return sent[0]["status"], list(sent[0]["headers"]), taken


@pytest.mark.parametrize("secret", ["", "short", "fifteen-letters"])
def test_a_secret_that_protects_nothing_is_never_right(
    fresh_limits: None, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("TELEX_SECRET", secret)
    answer = send(telex(), f"telex/{secret or 'x'}")
    assert answer.status_code == 503
    assert answer.json()["code"] == "feed_not_set_up"
    health = {feed.name: (feed.state, feed.error) for feed in feedhealth.feeds()}
    assert health["telex"][0] == "failing"
    assert "TELEX_SECRET" in health["telex"][1]


def test_copies_of_a_message_that_come_at_once_are_taken_once(fresh_limits: None) -> None:
    body, now = telex().decode(), datetime.now(UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("msg_1", now, body),
    }

    def sent(_: int) -> Any:
        try:
            return send(body.encode(), headers=headers)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as senders:
        answers = list(senders.map(sent, range(8)))
    assert FeedInput.objects.count() == 1
    assert {answer.status_code for answer in answers} <= {200, 503}
    refused = [answer for answer in answers if answer.status_code == 503]
    assert all(answer.json()["code"] == "message_under_way" for answer in refused)
    assert send(body.encode(), headers=headers).json()["repeated"] is True


def test_a_signed_message_is_taken_once_whichever_process_gets_it(fresh_limits: None) -> None:
    def sent(identifier: str, body: str) -> Any:
        now = datetime.now(UTC)
        headers = {
            "webhook-id": identifier,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(SECRET).sign(identifier, now, body),
        }
        return send(body.encode(), headers=headers)

    body = telex().decode()
    first = sent("msg_1", body).json()
    cache.clear()  # what it is remembered by is in the database, which all processes share
    again = sent("msg_1", body)
    assert again.status_code == 200
    assert again.json() == {**first, "repeated": True}
    assert FeedInput.objects.count() == 1
    assert "repeated" not in sent("msg_2", body).json()
    assert FeedInput.objects.count() == 2
