"""Notes of changed rights: what makes one, who reads it, and what many askers cost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from windsock.access import revocations, tokens
from windsock.access.lookup.recheck import recheck_all
from windsock.access.lookup.single import identity_of_user
from windsock.access.models import AccessChange
from windsock.access.revocations import Kind, RightsChange, RightsChangeReader
from windsock.access.rights import Identity

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reader(clock: Clock) -> RightsChangeReader:
    made = RightsChangeReader(clock)
    assert made.read() is None  # what was noted before is unknown
    assert made.read() == []
    return made


@pytest.fixture
def ann() -> Any:
    return get_user_model().objects.create_user("ann", password="x")


def publish() -> Permission:
    return Permission.objects.get(codename="publish", content_type__app_label="windsock")


# --- What is noted ------------------------------------------------------------------------------------------------


def test_a_saved_user_is_noted_and_a_sign_in_or_a_new_one_is_not(
    reader: RightsChangeReader, ann: Any, client: Any
) -> None:
    client.force_login(ann)  # saves `last_login`, and the browser's earlier session ends
    assert [change.kind for change in reader.read() or ()] == [Kind.SESSION]
    ann.is_active = False
    ann.save()
    assert reader.read() == [RightsChange(Kind.USER, str(ann.pk))]
    ann.delete()
    assert RightsChange(Kind.USER, "None") not in (reader.read() or [])


def test_permissions_and_groups_are_noted_for_whom_they_concern(reader: RightsChangeReader, ann: Any) -> None:
    group = Group.objects.create(name="operations")
    me, everybody = RightsChange(Kind.USER, str(ann.pk)), RightsChange(Kind.EVERYBODY, "")
    deeds = (
        (lambda: ann.user_permissions.add(publish()), me),
        (lambda: ann.user_permissions.clear(), me),
        (lambda: ann.groups.add(group), me),
        (lambda: group.user_set.remove(ann), me),
        (lambda: group.permissions.add(publish()), everybody),
        (lambda: group.permissions.clear(), everybody),
        (lambda: group.delete(), everybody),
    )
    for number, (deed, expected) in enumerate(deeds):
        deed()
        assert reader.read() == [expected], number


def test_a_revoked_token_is_noted_once_and_not_again(reader: RightsChangeReader) -> None:
    token, _ = tokens.create(None, "board")
    assert tokens.revoke(token)
    assert reader.read() == [RightsChange(Kind.TOKEN, str(token.pk))]
    assert not tokens.revoke(token)
    assert reader.read() == []


def test_a_session_is_noted_by_its_hash_and_only_while_it_lived(reader: RightsChangeReader) -> None:
    store = SessionStore()
    store.create()
    key = str(store.session_key)
    store.flush()
    assert reader.read() == [RightsChange(Kind.SESSION, revocations.digest(key))]
    assert not AccessChange.objects.filter(subject__contains=key).exists()
    Session.objects.create(session_key="old", session_data="", expire_date=timezone.now() - timedelta(days=1))
    call_command("clearsessions")
    assert reader.read() == []


def test_a_note_goes_with_its_transaction(reader: RightsChangeReader, ann: Any) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        ann.is_active = False
        ann.save()
        raise RuntimeError
    assert reader.read() == []


def test_a_note_that_cannot_be_written_breaks_nobodys_transaction(ann: Any) -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE windsock_access_change RENAME TO elsewhere")
        ann.is_active = False
        ann.save()
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO windsock_access_change")
    ann.refresh_from_db()
    assert not ann.is_active


# --- Reading ------------------------------------------------------------------------------------------------------


def add(id: int, subject: str) -> None:
    AccessChange.objects.create(id=id, kind=Kind.USER, subject=subject)


def test_a_lower_number_that_commits_later_is_not_missed(reader: RightsChangeReader, clock: Clock) -> None:
    first = AccessChange.objects.count() + 100
    add(first + 2, "late's successor")
    assert reader.read() == [RightsChange(Kind.USER, "late's successor")]
    clock.now += 30
    add(first + 1, "late")
    assert reader.read() == [RightsChange(Kind.USER, "late")]
    assert reader.read() == []


def test_old_notes_are_not_asked_for_again(reader: RightsChangeReader, clock: Clock) -> None:
    for number in range(1_000, 1_010):
        add(number, str(number))
    assert len(reader.read() or ()) == 10
    clock.now += 61
    assert reader.read() == []
    with CaptureQueriesContext(connection) as queries:
        assert reader.read() == []
    assert "1009" in queries.captured_queries[0]["sql"]


def test_after_a_restore_of_an_older_database_notes_are_read_again(
    reader: RightsChangeReader, clock: Clock
) -> None:
    add(1_000, "before")
    reader.read()
    clock.now += 61
    reader.read()
    AccessChange.objects.all().delete()
    reader.settle()
    add(5, "after")
    assert reader.read() == [RightsChange(Kind.USER, "after")]


def test_notes_are_dropped_after_an_hour(reader: RightsChangeReader, clock: Clock) -> None:
    AccessChange.objects.create(kind=Kind.USER, subject="old", at=timezone.now() - timedelta(hours=2))
    AccessChange.objects.create(kind=Kind.USER, subject="new")
    clock.now += 601
    reader.settle()
    assert [change.subject for change in AccessChange.objects.all()] == ["new"]


# --- Asking again -------------------------------------------------------------------------------------------------


@pytest.fixture
def crowd() -> list[Identity]:
    """Nine hundred askers of all kinds."""
    model = get_user_model()
    users = model.objects.bulk_create([model(username=f"user-{n}", password="x") for n in range(300)])
    identities = [identity for user in users if (identity := identity_of_user(user)) is not None]
    for user in users:
        store = SessionStore()
        store["_auth_user_id"] = str(user.pk)
        store["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
        store["_auth_user_hash"] = user.get_session_auth_hash()
        store.create()
        identities.append(Identity(user_id=user.pk, name=user.username, session_key=store.session_key))
        token, _ = tokens.create(user, user.username, ["read", "publish"])
        identities.append(
            Identity(user_id=user.pk, name=user.username, token_id=token.pk, own_source=token.source)
        )
    return identities


def test_many_are_asked_in_a_few_questions(crowd: list[Identity]) -> None:
    with CaptureQueriesContext(connection) as queries:
        found = recheck_all(crowd)
    assert len(queries) <= 5
    assert found == {identity: identity for identity in crowd}


def test_of_many_only_those_lose_who_lost(crowd: list[Identity]) -> None:
    by_user, by_session, by_token = crowd[0], crowd[300], crowd[301]
    assert by_user.user_id == by_session.user_id == by_token.user_id
    get_user_model().objects.get(pk=crowd[1].user_id).user_permissions.add(publish())
    get_user_model().objects.filter(pk=by_user.user_id).update(is_active=False)
    SessionStore(crowd[302].session_key).flush()
    found = recheck_all(crowd)
    assert found[by_user] is found[by_session] is found[by_token] is None
    assert found[crowd[302]] is None
    promoted = found[crowd[1]]
    assert promoted is not None
    assert promoted.may_publish
    assert sum(1 for fresh in found.values() if fresh is None) == 4
