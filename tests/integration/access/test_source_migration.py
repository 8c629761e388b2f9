"""Tokens from before sources had owners keep their source and go on working; doctor names those to replace."""

import importlib
from types import SimpleNamespace
from typing import Any

import pytest

from windsock.access import tokens
from windsock.access.models import Token
from windsock.cli.diagnosis import access

pytestmark = pytest.mark.django_db


def test_old_tokens_keep_their_source_and_may_name_any_that_is_free() -> None:
    for name, scopes in (
        ("Ops", ["publish"]),
        ("ops", ["publish"]),
        ("windsock.x", ["publish"]),
        ("b", ["read"]),
    ):
        token, _ = tokens.create(None, name, scopes)
        Token.objects.filter(pk=token.pk).update(source="", speaks_for=[])
    migration = importlib.import_module("windsock.migrations.0008_reporter")
    apps: Any = SimpleNamespace(get_model=lambda *_: Token)
    migration.name_sources(apps, SimpleNamespace(connection=SimpleNamespace(alias="default")))
    found = list(Token.objects.order_by("pk"))
    assert [token.source for token in found] == ["ops", f"ops-{found[1].pk}", "user-windsock.x", ""]
    assert [token.speaks_for for token in found] == [["*"], ["*"], ["*"], []]
    (finding,) = access.tokens()
    assert finding.state == "warning"
    assert finding.found.startswith("3 ")
