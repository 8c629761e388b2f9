"""Tokens and the rights they give, on a real database."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission

from windsock.access import tokens
from windsock.access.lookup.recheck import recheck
from windsock.access.lookup.single import identity_of_user
from windsock.access.models import Token
from windsock.access.rights import Identity, require_publish, require_read
from windsock.errors import AccessDenied

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def reader() -> Any:
    return get_user_model().objects.create_user("ada", password="x")


@pytest.fixture
def publisher() -> Any:
    user = get_user_model().objects.create_user("ben", password="x")
    user.user_permissions.add(Permission.objects.get(codename="publish", content_type__app_label="windsock"))
    return user


def test_the_secret_opens_and_is_nowhere_in_the_database(publisher: Any) -> None:
    token, secret = tokens.create(publisher, "gate displays", ["read", "publish"])
    identity = tokens.authenticate(secret, NOW)
    assert identity == Identity(
        user_id=publisher.pk, name="gate displays", may_read=True, may_publish=True, token_id=token.pk,
        own_source="gate-displays",
    )  # fmt: skip
    stored = " ".join(str(value) for value in Token.objects.values_list().get())
    assert secret not in stored
    assert secret.split("_", 2)[2] not in stored


def test_a_token_never_has_more_rights_than_its_user(reader: Any) -> None:
    _, secret = tokens.create(reader, "hopeful", ["read", "publish"])
    identity = tokens.authenticate(secret, NOW)
    assert identity is not None
    assert not identity.may_publish


def test_a_token_has_only_its_scopes(publisher: Any) -> None:
    _, secret = tokens.create(publisher, "board", ["read"])
    identity = tokens.authenticate(secret, NOW)
    assert identity is not None
    with pytest.raises(AccessDenied, match="scope 'publish'"):
        require_publish(identity)
    _, secret = tokens.create(None, "feed", ["publish"])
    feed = tokens.authenticate(secret, NOW)
    assert feed is not None
    assert feed.may_publish
    with pytest.raises(AccessDenied, match="scope 'read'"):
        require_read(feed)


def test_a_revoked_token_opens_nothing_and_stays_revoked_since_the_first_time(publisher: Any) -> None:
    token, secret = tokens.create(publisher, "lost laptop")
    assert tokens.revoke(token, NOW)
    assert not tokens.revoke(token, NOW + timedelta(days=1))
    assert tokens.authenticate(secret, NOW) is None
    assert Token.objects.get().revoked_at == NOW


def test_an_expired_token_opens_nothing(publisher: Any) -> None:
    _, secret = tokens.create(publisher, "for a day", expires=NOW)
    assert tokens.authenticate(secret, NOW - timedelta(seconds=1)) is not None
    assert tokens.authenticate(secret, NOW) is None


def test_a_deactivated_user_takes_the_tokens_along(publisher: Any) -> None:
    _, secret = tokens.create(publisher, "was here")
    publisher.is_active = False
    publisher.save()
    assert tokens.authenticate(secret, NOW) is None


def test_last_use_is_noted_coarsely(publisher: Any) -> None:
    _, secret = tokens.create(publisher, "busy")
    for seconds in (0, 1, 599):
        tokens.authenticate(secret, NOW + timedelta(seconds=seconds))
        assert Token.objects.get().last_used_at == NOW
    tokens.authenticate(secret, NOW + timedelta(seconds=600))
    assert Token.objects.get().last_used_at == NOW + timedelta(seconds=600)


@pytest.mark.parametrize("scopes", [[], ["admin"], ["read", "write"]])
def test_scopes_nobody_knows_are_refused_by_name(scopes: list[str]) -> None:
    with pytest.raises(AccessDenied, match="read, publish"):
        tokens.create(None, "x", scopes)


def test_a_token_needs_a_name() -> None:
    with pytest.raises(AccessDenied, match="name"):
        tokens.create(None, "  ")


def test_a_token_is_found_by_prefix_number_or_name() -> None:
    token, _ = tokens.create(None, "gate displays")
    tokens.create(None, "other")
    for text in (token.prefix, str(token.pk), "gate displays"):
        assert tokens.find(text) == [token]
    assert tokens.find("nothing like it") == []


# --- What happens to rights while a connection lasts -----------------------------------------------------------------


def test_recheck_sees_a_revoked_token(publisher: Any) -> None:
    token, secret = tokens.create(publisher, "x", ["read", "publish"])
    identity = tokens.authenticate(secret, NOW)
    assert identity is not None
    assert recheck(identity, NOW) == identity
    tokens.revoke(token, NOW)
    assert recheck(identity, NOW) is None


def test_recheck_sees_a_lost_permission_and_a_deactivated_user(publisher: Any) -> None:
    identity = identity_of_user(publisher)
    assert identity is not None
    assert identity.may_publish
    publisher.user_permissions.clear()
    after = recheck(identity, NOW)
    assert after is not None
    assert not after.may_publish
    publisher.is_active = False
    publisher.save()
    assert recheck(identity, NOW) is None


def test_recheck_sees_a_logout_and_a_changed_password(client: Any, reader: Any) -> None:
    def signed_in() -> Identity:
        client.force_login(reader)
        identity = identity_of_user(reader, session_key=client.session.session_key)
        assert identity is not None
        assert recheck(identity, NOW) == identity
        return identity

    identity = signed_in()
    client.logout()
    assert recheck(identity, NOW) is None

    identity = signed_in()
    reader.set_password("another")
    reader.save()
    assert recheck(identity, NOW) is None


def test_recheck_sees_the_end_of_an_expiring_right(reader: Any) -> None:
    identity = Identity(user_id=reader.pk, name="ada", expires_at=NOW)
    assert recheck(identity, NOW - timedelta(seconds=1)) is not None
    assert recheck(identity, NOW) is None


# --- As which source ---------------------------------------------------------------------------------------------


def own(name: str, **more: Any) -> str:
    """The source of a new token that publishes."""
    return tokens.create(None, name, ["publish"], **more)[0].source


def test_a_token_has_a_source_made_from_its_name_that_no_other_token_has(settings: Any) -> None:
    settings.WINDSOCK = {"FEEDS": {"oslo": {"format": "avinor", "airport": "OSL", "source": "Avinor"}}}
    assert own("Gate Displays") == "gate-displays"
    assert [own("Gate Displays") for _ in range(2)] == ["gate-displays-2", "gate-displays-3"]
    assert [own(name) for name in ("windsock.overdue", "oslo", "AVINOR", "—")] == [
        "token-windsock.overdue", "token-oslo", "token-avinor", "unnamed",
    ]  # fmt: skip
    assert tokens.create(None, "board", ["read"])[0].source == ""


@pytest.mark.parametrize(
    "source",
    ["windsock", "windsock.x", "WINDSOCK.X", "wind\u200bsock.x", "wіndsock.x", "ｗindsock.x",
     "oslo", "OSLO", "оslo", "0slo", "user:ann", "", " ", "x" * 65, "a\nb", "*"],
)  # fmt: skip
def test_no_token_is_given_a_source_that_is_reserved_or_none(settings: Any, source: str) -> None:
    settings.WINDSOCK = {"FEEDS": {"oslo": {"format": "avinor", "airport": "OSL"}}}
    with pytest.raises(AccessDenied):
        tokens.create(None, "rogue", ["publish"], source=source)
    if source != "*":
        with pytest.raises(AccessDenied):
            tokens.create(None, "rogue", ["publish"], speaks_for=[source])


def test_a_source_is_of_one_valid_token_however_it_is_spelt() -> None:
    holder, _ = tokens.create(None, "one", ["publish"], source="ops")
    for source in ("ops", "OPS", "орs"):
        with pytest.raises(AccessDenied, match="'ops'"):
            tokens.create(None, "two", ["publish"], source=source)
    assert tokens.create(None, "two", ["publish"], speaks_for=["ops", "*", "ops"])[0].speaks_for == [
        "ops",
        "*",
    ]
    tokens.revoke(holder)
    assert own("three", source="ops") == "ops"


def test_only_a_token_that_publishes_has_sources() -> None:
    for given in ({"source": "ops"}, {"speaks_for": ["ops"]}):
        with pytest.raises(AccessDenied, match="publish"):
            tokens.create(None, "board", ["read"], **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("ann", "user:ann"),
        ("Ann", "user:Ann"),
        ("x" * 60, "user:#7"),
        (" ann", "user:#7"),
        ("a\nb", "user:#7"),
    ],
)
def test_a_user_reports_under_a_name_that_nobody_else_can_have(name: str, source: str) -> None:
    assert Identity(user_id=7, name=name).source == source
