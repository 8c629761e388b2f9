"""Many looked up at once get the very answers that each alone would get, for a few queries to the database.

Each test runs on SQLite and on PostgreSQL.
"""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connections, router
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from windsock.access import signed_in, tickets, tokens
from windsock.access.lookup import bulk, redemption
from windsock.access.lookup.single import identity_of_user
from windsock.access.models import SignedIn

OWN = "django.contrib.auth.backends.ModelBackend"


class OnPostgreSQL:
    """A router of a host whose data are all in PostgreSQL."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "postgresql"

    db_for_write = db_for_read


@pytest.fixture(
    autouse=True,
    params=[
        pytest.param("default", id="sqlite", marks=pytest.mark.django_db),
        pytest.param(
            "postgresql", id="postgresql", marks=pytest.mark.django_db(databases=["default", "postgresql"])
        ),
    ],
)
def database(request: pytest.FixtureRequest, db: None, settings: Any) -> str:
    """The alias of the database that holds everything."""
    alias = str(request.param)
    if alias == "postgresql":
        settings.DATABASE_ROUTERS = [OnPostgreSQL()]
    return alias


@pytest.fixture
def questions(database: str, django_assert_num_queries: Any) -> Any:
    """`with questions(1):` – so many statements reach the database."""
    return partial(django_assert_num_queries, connection=connections[database])


def user(name: str, **more: Any) -> Any:
    return get_user_model().objects.create_user(name, password="x", **more)


def session(of: Any, **changes: Any) -> str:
    store = SessionStore()
    signed = {SESSION_KEY: str(of.pk), BACKEND_SESSION_KEY: OWN, HASH_SESSION_KEY: of.get_session_auth_hash()}
    for key, value in (signed | changes).items():
        store[key] = value
    store.create()
    assert store.session_key
    return store.session_key


def test_sessions_give_what_each_user_has(questions: Any) -> None:
    publish = Permission.objects.get(codename="publish", content_type__app_label="windsock")
    plain, own, grouped = user("plain"), user("own"), user("grouped")
    root = get_user_model().objects.create_superuser("root", password="x")
    own.user_permissions.add(publish)
    group = Group.objects.create(name="desk")
    group.permissions.add(publish)
    grouped.groups.add(group)
    keys = {session(who): who for who in (plain, own, grouped, root)}
    with questions(1):
        found = bulk.by_session_keys(keys)
    assert set(found) == set(keys)
    for key, who in keys.items():
        fresh = get_user_model().objects.get(pk=who.pk)
        assert found[key] == identity_of_user(fresh, session_key=key)
    assert [found[key].may_publish for key in keys] == [False, True, True, True]


def test_sessions_that_say_nothing_are_left_out() -> None:
    ann, gone, changed = user("ann"), user("gone"), user("changed")
    good, over, broken = session(ann), session(ann), session(ann, **{HASH_SESSION_KEY: "wrong"})
    foreign = session(ann, **{BACKEND_SESSION_KEY: "elsewhere.Backend"})
    inactive, old_password = session(gone), session(changed)
    empty = SessionStore()
    empty.create()
    Session.objects.filter(pk=over).update(expire_date=timezone.now() - timedelta(seconds=1))
    gone.is_active = False
    gone.save()
    changed.set_password("another")
    changed.save()
    asked = [good, over, broken, foreign, inactive, old_password, str(empty.session_key), "unknown"]
    assert set(bulk.by_session_keys(asked)) == {good}
    assert bulk.by_session_keys([]) == {}


def test_another_store_of_sessions_is_asked_key_by_key(settings: Any) -> None:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
    key = session(user("ann"))
    assert bulk.by_session_keys([key, "unknown"])[key].name == "ann"


def test_rights_that_a_backend_of_the_host_gives_are_asked_of_it(settings: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = [OWN, "tests.integration.access.test_lookup.EverybodyPublishes"]
    key = session(user("ann"))
    assert bulk.by_session_keys([key])[key].may_publish


class EverybodyPublishes:
    """A host's own backend."""

    def get_user(self, user_id: Any) -> Any:
        return get_user_model().objects.filter(pk=user_id).first()

    def has_perm(self, user: Any, permission: str, obj: Any = None) -> bool:
        return permission == "windsock.publish"


def test_tokens_answer_as_each_alone_would(questions: Any) -> None:
    good = [tokens.create(None, f"board {number}", ["read"])[1] for number in range(20)]
    revoked, old = tokens.create(None, "revoked"), tokens.create(None, "old", expires=timezone.now())
    tokens.revoke(revoked[0])
    with questions(2, exact=False):
        found = bulk.by_token_secrets([*good, revoked[1], old[1], "nonsense"])
    assert set(found) == set(good)
    assert found[good[0]] == tokens.authenticate(good[0])


def test_tickets_open_once_for_the_right_door() -> None:
    ann = user("ann")
    good = [tickets.issue(ann, "socket") for _ in range(20)]
    late = tickets.issue(ann, "socket", seconds=-1)
    door = tickets.issue(ann, "sign-in")
    found = redemption.redeem_all([*good, late, door, "nonsense"], "socket")
    assert set(found) == set(good)
    assert found[good[0]].user_id == ann.pk
    assert redemption.redeem_all(good, "socket") == {}
    assert tickets.redeem(good[0], "socket") is None
    one = tickets.issue(ann, "socket")
    assert set(redemption.redeem_all([one], "socket")) == {one}


@pytest.mark.parametrize("many_at_once", [False, True])
def test_whatever_a_ticket_is_for_one_statement_says_it(questions: Any, many_at_once: bool) -> None:
    publish = Permission.objects.get(codename="publish", content_type__app_label="windsock")
    ann, bob = user("ann"), user("bob")
    root = get_user_model().objects.create_superuser("root", password="x")
    bob.user_permissions.add(publish)
    machine, _ = tokens.create(None, "machine", ["read", "publish"])
    plain, _ = tokens.create(ann, "ann's", ["read", "publish"])
    able, _ = tokens.create(bob, "bob's", ["publish"], expires=timezone.now() + timedelta(days=1))
    ways: list[dict[str, Any]] = [
        {"user": ann},
        {"user": bob},
        {"user": root},
        {"user": None, "token": machine},
        {"user": ann, "token": plain},
        {"user": bob, "token": able},
        {"user": bob, "session_key": session(bob)},
    ]
    alone = [tickets.redeem(tickets.issue(purpose="socket", **way), "socket") for way in ways]
    assert all(alone)
    texts = [tickets.issue(purpose="socket", **way) for way in ways]
    redemption.redeem_all([tickets.issue(ann, "socket")], "socket")  # what is made once per process is made
    if many_at_once:
        with questions(1):
            found = redemption.redeem_all(texts, "socket")
    else:
        found = {}
        for text in texts:
            with questions(1):
                found |= redemption.redeem_all([text], "socket")
    assert [found[text] for text in texts] == alone


def test_a_ticket_gives_no_more_than_is_there_when_it_is_used() -> None:
    gone, ann = user("gone"), user("ann")
    revoked, _ = tokens.create(None, "revoked")
    owned, _ = tokens.create(gone, "of one who went")
    ended, others = session(ann), session(user("bob"))
    texts = [
        tickets.issue(gone, "socket"),
        tickets.issue(None, "socket", token=revoked),
        tickets.issue(None, "socket", token=owned),
        tickets.issue(ann, "socket", session_key=ended),
        tickets.issue(ann, "socket", session_key=others),
        tickets.issue(ann, "socket", session_key="unknown"),
    ]
    changed = user("changed")
    texts.append(tickets.issue(changed, "socket", session_key=session(changed)))
    changed.set_password("another")
    changed.save()
    gone.is_active = False
    gone.save()
    tokens.revoke(revoked)
    Session.objects.filter(pk=ended).update(expire_date=timezone.now() - timedelta(seconds=1))
    assert redemption.redeem_all(texts, "socket") == {}
    assert redemption.redeem_all(texts, "socket") == {}


def test_a_session_costs_one_question_the_first_time_too(questions: Any) -> None:
    ann, root = user("ann"), get_user_model().objects.create_superuser("root", password="x")
    keys = [session(ann), session(root), session(ann)]
    with questions(1):
        assert set(bulk.by_session_keys(keys)) == set(keys)
    with questions(1):
        assert bulk.by_session_keys(keys[1:2])[keys[1]].may_publish
    SignedIn.objects.filter(pk=keys[0]).delete()  # as of one begun by an older version, or by raw SQL
    with questions(2):
        assert set(bulk.by_session_keys([keys[0], keys[1]])) == {keys[0], keys[1]}


def test_any_number_of_sessions_is_one_question(questions: Any) -> None:
    people = [user(f"user {number}") for number in range(9)]
    keys = {session(who): who.pk for who in people}
    for most in (1, 2, 3, 5, 8, 9):
        some = dict(list(keys.items())[:most])
        with questions(1):
            found = bulk.by_session_keys(some)
        assert {key: identity.user_id for key, identity in found.items()} == some
    with questions(0):
        assert bulk.by_session_keys([]) == {}


@pytest.mark.parametrize("before", [False, True], ids=["a fresh browser", "after another user"])
def test_who_signs_in_with_django_is_noted(questions: Any, before: bool) -> None:
    browser = Client()
    if before:
        browser.force_login(user("bob"))
    ann = user("ann")
    browser.force_login(ann)
    key = str(browser.session.session_key)
    with questions(1):
        assert bulk.by_session_keys([key])[key].user_id == ann.pk
    browser.logout()
    assert bulk.by_session_keys([key]) == {}
    assert signed_in.forget_ended() == 1 + before
    assert not SignedIn.objects.exists()


def test_a_session_saved_again_and_again_is_noted_once(questions: Any) -> None:
    store = SessionStore(session(user("ann")))
    store["colour"] = "red"
    store.save()
    store["colour"] = "blue"
    with CaptureQueriesContext(connections[router.db_for_read(SignedIn)]) as asked:
        store.save()
    assert not any("windsock_signed_in" in question["sql"] for question in asked.captured_queries)


def test_a_session_whose_user_is_gone_can_still_be_saved() -> None:
    gone = user("gone")
    key = session(gone)
    gone.delete()
    store = SessionStore(key)
    store["colour"] = "red"
    signed_in._record.cache_clear()
    store.save()
    assert bulk.by_session_keys([key, session(user("ann"), **{SESSION_KEY: "nonsense"})]) == {}


def test_what_was_noted_of_a_session_opens_nothing() -> None:
    ann, bob = user("ann"), user("bob")
    keys = [session(ann), session(ann), session(bob), session(bob)]
    assert len(bulk.by_session_keys(keys)) == 4
    SessionStore(keys[0]).flush()
    Session.objects.filter(pk=keys[1]).update(session_data=Session.objects.get(pk=keys[2]).session_data)
    bob.set_password("another")
    bob.save()
    assert bulk.by_session_keys(keys) == {}  # the second is now bob's, whose password is another
    keys = [session(bob)]
    assert len(bulk.by_session_keys(keys)) == 1
    bob.is_active = False
    bob.save()
    assert bulk.by_session_keys(keys) == {}
    lost = session(ann)
    SignedIn.objects.filter(pk=lost).update(user=bob)
    assert bulk.by_session_keys([lost])[lost].user_id == ann.pk  # whatever the hint says
