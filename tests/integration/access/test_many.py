"""Many askers at once get the very answers that each alone would get, for a few questions to the database."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from windsock.access import many, tickets, together, tokens
from windsock.access.identity import identity_of_user

DATABASES = pytest.mark.django_db
OWN = "django.contrib.auth.backends.ModelBackend"


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


@DATABASES
def test_sessions_give_what_each_user_has(django_assert_num_queries: Any) -> None:
    publish = Permission.objects.get(codename="publish", content_type__app_label="windsock")
    plain, own, grouped = user("plain"), user("own"), user("grouped")
    root = get_user_model().objects.create_superuser("root", password="x")
    own.user_permissions.add(publish)
    group = Group.objects.create(name="desk")
    group.permissions.add(publish)
    grouped.groups.add(group)
    keys = {session(who): who for who in (plain, own, grouped, root)}
    with django_assert_num_queries(2):
        found = many.sessions(keys)
    assert set(found) == set(keys)
    for key, who in keys.items():
        fresh = get_user_model().objects.get(pk=who.pk)
        assert found[key] == identity_of_user(fresh, session_key=key)
    assert [found[key].may_publish for key in keys] == [False, True, True, True]


@DATABASES
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
    assert set(many.sessions(asked)) == {good}
    assert many.sessions([]) == {}


@DATABASES
def test_another_store_of_sessions_is_asked_key_by_key(settings: Any) -> None:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
    key = session(user("ann"))
    assert many.sessions([key, "unknown"])[key].name == "ann"


@DATABASES
def test_rights_that_a_backend_of_the_host_gives_are_asked_of_it(settings: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = [OWN, "tests.integration.access.test_many.EverybodyPublishes"]
    key = session(user("ann"))
    assert many.sessions([key])[key].may_publish


class EverybodyPublishes:
    """A host's own backend."""

    def get_user(self, user_id: Any) -> Any:
        return get_user_model().objects.filter(pk=user_id).first()

    def has_perm(self, user: Any, permission: str, obj: Any = None) -> bool:
        return permission == "windsock.publish"


@DATABASES
def test_tokens_answer_as_each_alone_would(django_assert_max_num_queries: Any) -> None:
    good = [tokens.create(None, f"board {number}", ["read"])[1] for number in range(20)]
    revoked, old = tokens.create(None, "revoked"), tokens.create(None, "old", expires=timezone.now())
    tokens.revoke(revoked[0])
    with django_assert_max_num_queries(2):
        found = many.tokens([*good, revoked[1], old[1], "nonsense"])
    assert set(found) == set(good)
    assert found[good[0]] == tokens.authenticate(good[0])


@DATABASES
def test_tickets_open_once_for_the_right_door() -> None:
    ann = user("ann")
    good = [tickets.issue(ann, "socket") for _ in range(20)]
    late = tickets.issue(ann, "socket", seconds=-1)
    door = tickets.issue(ann, "sign-in")
    found = many.redeemed([*good, late, door, "nonsense"], "socket")
    assert set(found) == set(good)
    assert found[good[0]].user_id == ann.pk
    assert many.redeemed(good, "socket") == {}
    assert tickets.redeem(good[0], "socket") is None
    one = tickets.issue(ann, "socket")
    assert set(many.redeemed([one], "socket")) == {one}


@DATABASES
@pytest.mark.parametrize("many_at_once", [False, True])
def test_whatever_a_ticket_is_for_one_statement_says_it(
    django_assert_num_queries: Any, many_at_once: bool
) -> None:
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
    many.redeemed([tickets.issue(ann, "socket")], "socket")  # what is made once per process is made
    if many_at_once:
        with django_assert_num_queries(1):
            found = many.redeemed(texts, "socket")
    else:
        found = {}
        for text in texts:
            with django_assert_num_queries(1):
                found |= many.redeemed([text], "socket")
    assert [found[text] for text in texts] == alone


@DATABASES
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
    assert many.redeemed(texts, "socket") == {}
    assert many.redeemed(texts, "socket") == {}


@DATABASES
def test_a_session_seen_before_costs_one_question(django_assert_num_queries: Any) -> None:
    ann, root = user("ann"), get_user_model().objects.create_superuser("root", password="x")
    seen = [session(ann), session(root)]
    first = many.sessions(seen)
    with django_assert_num_queries(1):
        assert many.sessions(seen) == first
    with django_assert_num_queries(1):
        assert many.sessions(seen[:1]) == {seen[0]: first[seen[0]]}
    new = session(user("bob"))
    with django_assert_num_queries(2):
        assert set(many.sessions([*seen, new])) == {*seen, new}


@DATABASES
def test_what_is_remembered_of_a_session_opens_nothing() -> None:
    ann, bob = user("ann"), user("bob")
    keys = [session(ann), session(ann), session(bob), session(bob)]
    assert len(many.sessions(keys)) == 4
    SessionStore(keys[0]).flush()
    Session.objects.filter(pk=keys[1]).update(session_data=Session.objects.get(pk=keys[2]).session_data)
    bob.set_password("another")
    bob.save()
    assert many.sessions(keys) == {}  # the second is now bob's, whose password is another
    keys = [session(bob)]
    assert len(many.sessions(keys)) == 1
    bob.is_active = False
    bob.save()
    assert many.sessions(keys) == {}
    guesses = together.Guesses(2)
    guesses.learn({"a": "1", "b": "2", "c": "3"})
    assert guesses.of(["a", "b", "c"]) == {"2", "3"}
