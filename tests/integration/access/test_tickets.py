"""Tickets: one door, once, soon. On a real database, with real threads."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connections

from windsock.access import tickets, tokens
from windsock.access.models import Ticket
from windsock.access.rights import Identity
from windsock.errors import AccessDenied

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def user(db: None) -> Any:
    return get_user_model().objects.create_user("ada", password="x")


def test_a_ticket_opens_once(user: Any) -> None:
    text = tickets.issue(user, "socket", now=NOW)
    identity = tickets.redeem(text, "socket", now=NOW)
    assert identity is not None
    assert identity.user_id == user.pk
    assert identity.name == "ada"
    assert tickets.redeem(text, "socket", now=NOW) is None
    assert text not in str(Ticket.objects.values_list().get())


def test_a_ticket_ends_after_its_seconds(user: Any, settings: Any) -> None:
    settings.WINDSOCK = {"TICKET_SECONDS": 30}
    text = tickets.issue(user, "socket", now=NOW)
    assert tickets.redeem(text, "socket", now=NOW + timedelta(seconds=30)) is None
    assert tickets.redeem(text, "socket", now=NOW + timedelta(seconds=29)) is not None


def test_a_ticket_for_one_door_does_not_open_another(user: Any) -> None:
    text = tickets.issue(user, "socket", now=NOW)
    assert tickets.redeem(text, "sign-in", now=NOW) is None
    assert tickets.redeem(text, "socket", now=NOW) is not None


def test_a_sign_in_ticket_lives_longer(user: Any) -> None:
    text = tickets.issue(user, "sign-in", now=NOW)
    assert tickets.redeem(text, "sign-in", now=NOW + timedelta(minutes=14)) is not None


def test_a_ticket_carries_the_rights_of_the_token_that_asked_for_it(db: None) -> None:
    token, _ = tokens.create(None, "display", ["read"])
    text = tickets.issue(None, "socket", token=token, now=NOW)
    assert tickets.redeem(text, "socket", now=NOW) == Identity(
        name="display", may_read=True, may_publish=False, token_id=token.pk
    )


def test_a_ticket_of_a_token_revoked_meanwhile_opens_nothing(db: None) -> None:
    token, _ = tokens.create(None, "display", ["read"])
    text = tickets.issue(None, "socket", token=token, now=NOW)
    tokens.revoke(token, NOW)
    assert tickets.redeem(text, "socket", now=NOW) is None


def test_a_ticket_of_a_user_deactivated_meanwhile_opens_nothing(user: Any) -> None:
    text = tickets.issue(user, "socket", now=NOW)
    user.is_active = False
    user.save()
    assert tickets.redeem(text, "socket", now=NOW) is None


def test_nobody_gets_no_ticket_and_a_token_gets_no_sign_in(user: Any) -> None:
    with pytest.raises(AccessDenied, match="somebody"):
        tickets.issue(None, "socket")
    token, _ = tokens.create(user, "x", ["read"])
    with pytest.raises(AccessDenied, match="sign-in"):
        tickets.issue(user, "sign-in", token=token)


def test_old_tickets_are_cleared_away(user: Any) -> None:
    tickets.issue(user, "socket", now=NOW - timedelta(days=2))
    tickets.issue(user, "socket", now=NOW)
    assert Ticket.objects.count() == 1


@pytest.mark.parametrize("text", ["", "wst_", "x" * 500, "wst_00000000_" + "a" * 43 + "00000000"])
def test_what_is_no_ticket_costs_no_look_into_the_database(
    text: str, db: None, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        assert tickets.redeem(text, "socket", now=NOW) is None


def _redeem_at_once(text: str, attempts: int) -> list[Identity | None]:
    threads = 20
    start = Barrier(threads)

    def several(_: int) -> list[Identity | None]:
        try:
            start.wait(timeout=60)
            return [tickets.redeem(text, "socket", now=NOW) for _ in range(attempts // threads)]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(threads) as pool:
        return [answer for answers in pool.map(several, range(threads)) for answer in answers]


@pytest.mark.django_db(transaction=True)
def test_of_a_hundred_who_redeem_at_once_exactly_one_is_let_in() -> None:
    user = get_user_model().objects.create_user("ada", password="x")
    answers = _redeem_at_once(tickets.issue(user, "socket", now=NOW), attempts=100)
    assert len(answers) == 100
    assert sum(answer is not None for answer in answers) == 1


def test_a_sign_in_link_leads_in_once(user: Any, client: Any) -> None:
    address = tickets.sign_in_link(user, "http://testserver/", next_path="/airports/JFK/departures/")
    assert address.startswith("http://testserver/sign-in/link/wst_")
    assert address.endswith("?next=/airports/JFK/departures/")
    answer = client.get(address)
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/airports/JFK/departures/"
    assert client.session["_auth_user_id"] == str(user.pk)
    client.logout()
    assert client.get(address).status_code == 410
    assert "_auth_user_id" not in client.session


def test_a_ticket_of_a_session_lasts_no_longer_than_the_session(user: Any) -> None:
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from windsock.access.lookup import redemption
    from windsock.access.lookup.recheck import recheck

    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    one, two, three, late = (tickets.issue(user, "socket", session_key=store.session_key) for _ in range(4))
    identity = tickets.redeem(one, "socket")
    assert identity is not None
    assert identity.session_key == store.session_key
    assert set(redemption.redeem_all([two, three], "socket")) == {two, three}
    store.flush()
    assert recheck(identity) is None
    assert tickets.redeem(late, "socket") is None
