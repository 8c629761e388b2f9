"""A bearer has the same rights by whichever way they come in: alone, among many, by ticket, and when asked again."""

import ast
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.test import RequestFactory

import windsock
from windsock.access import tickets, tokens
from windsock.access.http import identity_of_bearer
from windsock.access.lookup import bulk, redemption, session_users
from windsock.access.lookup.recheck import recheck
from windsock.access.lookup.single import identity_of_token
from windsock.access.models import Token
from windsock.access.problems import HttpProblem
from windsock.access.rights import Identity

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC)

# The user of a token: none, or what they have.
OWNERS = ("nobody", "plain", "publisher", "grouped", "root", "inactive")
SCOPES = (["read"], ["publish"], ["read", "publish"])
STATES = ("valid", "expiring", "expired", "revoked")


def owner(kind: str) -> Any:
    if kind == "nobody":
        return None
    user = get_user_model().objects.create_user(
        kind, password="x", is_superuser=kind == "root", is_active=kind != "inactive"
    )
    publish = Permission.objects.get(codename="publish", content_type__app_label="windsock")
    if kind in ("publisher", "inactive"):
        user.user_permissions.add(publish)
    if kind == "grouped":
        group = Group.objects.create(name="desk")
        group.permissions.add(publish)
        user.groups.add(group)
    return user


def made(kind: str, scopes: list[str], state: str) -> tuple[Token, str]:
    ends = {"expiring": NOW + timedelta(hours=1), "expired": NOW - timedelta(hours=1)}.get(state)
    more: dict[str, Any] = {"source": "ops", "speaks_for": ["tower"]} if "publish" in scopes else {}
    token, secret = tokens.create(owner(kind), "gate displays", scopes, ends, **more)
    if state == "revoked":
        tokens.revoke(token)
    return token, secret


def by_bearer(token: Token, secret: str) -> Identity | None:
    try:
        return identity_of_bearer(RequestFactory().get("/", headers={"Authorization": f"Bearer {secret}"}))
    except HttpProblem:
        return None


def by_ticket_where_only_one_is_redeemed(token: Token, secret: str) -> Identity | None:
    return tickets.redeem(tickets.issue(token.user, "socket", token=token), "socket")


def by_ticket_among_many(token: Token, secret: str) -> Identity | None:
    texts = [tickets.issue(token.user, "socket", token=token) for _ in range(3)]
    found = redemption.redeem_all(texts, "socket")
    assert len({found.get(text) for text in texts}) == 1
    return found.get(texts[0])


def asked_again(token: Token, secret: str) -> Identity | None:
    before = Identity(user_id=token.user_id, name="gate displays", token_id=token.pk)
    return recheck(before)


WAYS: dict[str, Callable[[Token, str], Identity | None]] = {
    "one": lambda token, secret: tokens.authenticate(secret),
    "row": lambda token, secret: identity_of_token(Token.objects.get(pk=token.pk)),
    "many": lambda token, secret: bulk.by_token_secrets([secret]).get(secret),
    "bearer": by_bearer,
    "ticket": by_ticket_where_only_one_is_redeemed,
    "tickets": by_ticket_among_many,
    "again": asked_again,
}


@pytest.mark.parametrize("one_statement", [True, False], ids=["one statement", "several"])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("scopes", SCOPES, ids="+".join)
@pytest.mark.parametrize("kind", OWNERS)
def test_a_token_gives_the_same_by_every_way(
    kind: str, scopes: list[str], state: str, one_statement: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not one_statement:
        monkeypatch.setattr(session_users, "can_use_single_query", lambda alias: False)
    token, secret = made(kind, scopes, state)
    right = None
    if state in ("valid", "expiring") and kind != "inactive":
        publishes = "publish" in scopes
        right = Identity(
            user_id=token.user_id,
            name="gate displays",
            may_read="read" in scopes,
            may_publish=publishes and kind != "plain",
            expires_at=token.expires_at,
            token_id=token.pk,
            own_source="ops" if publishes else "",
            speaks_for=("tower",) if publishes else (),
        )
    for name, way in WAYS.items():
        assert way(token, secret) == right, name


@pytest.mark.parametrize("one_statement", [True, False], ids=["one statement", "several"])
@pytest.mark.parametrize("kind", OWNERS[1:])
def test_a_users_ticket_gives_the_same_by_every_way(
    kind: str, one_statement: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not one_statement:
        monkeypatch.setattr(session_users, "can_use_single_query", lambda alias: False)
    user = owner(kind)
    right = None if kind == "inactive" else Identity(user_id=user.pk, name=kind, may_publish=kind != "plain")
    for found in (
        tickets.redeem(tickets.issue(user, "socket"), "socket"),
        next(iter(redemption.redeem_all([tickets.issue(user, "socket")], "socket").values()), None),
        recheck(Identity(user_id=user.pk, name="before")),
    ):
        assert found == right


def test_a_row_becomes_an_identity_in_one_place_and_a_ticket_is_used_up_in_one_statement() -> None:
    """A new scope, or a new reason for rights to end, must not have to be written twice."""
    source = Path(windsock.__file__).parent
    makers, redeemers = set(), []
    for path in source.rglob("*.py"):
        text = path.read_text("utf-8")
        redeemers += [path.relative_to(source).as_posix()] * text.count("SET used_at")
        for node in ast.walk(ast.parse(text)):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", getattr(node.func, "attr", "")) == "Identity"
            ):
                makers.add(path.relative_to(source).as_posix())
    assert makers == {"access/rights.py"}
    assert redeemers == ["access/lookup/redemption.py"]
