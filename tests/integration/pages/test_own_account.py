"""The reader's own account: a new password, sessions listed and ended, and whom to ask who cannot sign in."""

import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.test import Client
from django.test.utils import override_settings

from tests.integration.pages.snowy_day import BOARD, text
from windsock.access.own_sessions import sessions_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("snowy_day")]

OLD, NEW = "an old password 1", "quite another one 2"


@pytest.fixture(autouse=True)
def _limits() -> None:
    cache.clear()


@pytest.fixture
def user() -> Any:
    return get_user_model().objects.create_user("ada", password=OLD)


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def change(client: Client, old: str = OLD, new: str = NEW, again: str | None = None) -> Any:
    fields = {"old_password": old, "new_password1": new, "new_password2": again or new}
    return client.post("/account/password/", fields)


def test_a_new_password_keeps_this_session_and_ends_all_others(user: Any) -> None:
    here, elsewhere = signed_in(user), signed_in(user)

    assert change(here)["Location"] == "/account/?changed=1"

    assert "Your password is changed" in text(here, "/account/?changed=1")
    assert elsewhere.get(BOARD).status_code == 302
    assert Client().post("/sign-in/", {"username": "ada", "password": OLD}).status_code == 200
    assert Client().post("/sign-in/", {"username": "ada", "password": NEW}).status_code == 302


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"old": "wrong"}, "The old password is wrong."),
        ({"new": "short"}, "too short"),
        ({"new": "password123"}, "too common"),
        ({"again": "something else 3"}, "didn’t match"),
    ],
)
def test_a_wrong_or_weak_password_changes_nothing(
    user: Any, fields: dict[str, str], said: str, settings: Any
) -> None:
    validation = "django.contrib.auth.password_validation."
    settings.AUTH_PASSWORD_VALIDATORS = [
        {"NAME": f"{validation}{name}"} for name in ("MinimumLengthValidator", "CommonPasswordValidator")
    ]
    response = change(signed_in(user), **fields)

    assert response.status_code == 422
    assert said in response.content.decode()
    user.refresh_from_db()
    assert user.check_password(OLD)


def test_who_holds_a_session_cannot_guess_the_password(user: Any) -> None:
    thief = signed_in(user)

    answers = [change(thief, old=f"guess {number}").status_code for number in range(11)]

    assert answers == [422] * 10 + [429]
    assert change(thief).status_code == 429  # nor the right one, meanwhile
    user.refresh_from_db()
    assert user.check_password(OLD)


def test_sessions_are_listed_and_ended(user: Any) -> None:
    here, phone, laptop = (signed_in(user) for _ in range(3))
    page = text(here, "/account/")
    keys = [client.session.session_key or "" for client in (here, phone, laptop)]
    ids = re.findall(r'name="session" value="([^"]+)"', page)

    assert len(ids) == 2
    assert "This browser" in page
    assert not any(key in page for key in keys)
    key = phone.session.session_key
    (wanted,) = [each.id for each in sessions_of(user, key) if each.current]
    assert here.post("/account/sessions/", {"session": wanted})["Location"] == "/account/?ended=1"
    assert [client.get(BOARD).status_code for client in (here, phone, laptop)] == [200, 302, 200]
    assert here.post("/account/sessions/")["Location"] == "/account/?ended=1"
    assert [client.get(BOARD).status_code for client in (here, laptop)] == [200, 302]


def test_nobody_sees_or_ends_the_sessions_of_others(user: Any) -> None:
    theirs = signed_in(user)
    bob = signed_in(get_user_model().objects.create_user("bob", password="x"))
    (wanted,) = [each.id for each in sessions_of(user, theirs.session.session_key)]

    assert wanted not in text(bob, "/account/")
    assert bob.post("/account/sessions/", {"session": wanted})["Location"] == "/account/?ended=0"
    assert theirs.get(BOARD).status_code == 200


@pytest.mark.parametrize("path", ["/account/password/", "/account/sessions/"])
def test_another_site_can_change_nothing(user: Any, path: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user)

    assert (
        strict.post(path, {"old_password": OLD, "new_password1": NEW, "new_password2": NEW}).status_code
        == 403
    )
    user.refresh_from_db()
    assert user.check_password(OLD)


def test_a_visitor_is_asked_to_sign_in(client: Client) -> None:
    assert client.get("/account/")["Location"] == "/sign-in/?next=/account/"
    assert change(client)["Location"] == "/account/"
    assert client.post("/account/sessions/")["Location"] == "/sign-in/?next=/account/"


def test_who_cannot_sign_in_reads_whom_to_ask(client: Client, settings: Any) -> None:
    assert 'href="/sign-in/help/"' in text(client, "/sign-in/")
    assert "Ask the person who gave you your account." in text(client, "/sign-in/help/")
    with override_settings(WINDSOCK={**settings.WINDSOCK, "CONTACT": "the <control> room, 4711"}):
        assert "the &lt;control&gt; room, 4711" in text(client, "/sign-in/help/")


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(user: Any) -> None:
    def answer(name: str) -> str:
        page = Client().post("/sign-in/", {"username": name, "password": "guess"}).content.decode()
        return re.sub(r'(csrfmiddlewaretoken" value|value)="[^"]*"', "", page).replace(name, "")

    assert answer("ada") == answer("nobody")


def test_a_host_with_accounts_of_its_own_has_none_of_these_pages(user: Any) -> None:
    client = signed_in(user)
    with override_settings(LOGIN_URL="/accounts/login/"):
        for path in ("/account/", "/account/password/", "/sign-in/help/"):
            assert client.get(path).status_code == 404
        assert change(client).status_code == 404
        assert client.post("/account/sessions/").status_code == 404
        assert "/account/" not in text(client, BOARD)
