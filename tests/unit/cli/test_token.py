"""`windsock token`: made, listed, revoked."""

from typing import Any

import pytest
import typer
from django.contrib.auth import get_user_model
from typer.testing import CliRunner, Result

from windsock.access import tokens
from windsock.access.models import Token
from windsock.cli import token as verb

pytestmark = pytest.mark.django_db

app = typer.Typer()
verb.register(app)
app.command("other")(lambda: None)


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["token", *words])


def test_create_prints_the_secret_alone_on_stdout_and_it_opens() -> None:
    result = run("create", "gate displays", "--scope", "read", "--scope", "publish", "--days", "3")
    assert result.exit_code == 0, result.output
    secret = result.stdout.strip()
    identity = tokens.authenticate(secret)
    assert identity is not None
    assert identity.may_read
    assert identity.may_publish
    token = Token.objects.get()
    assert token.expires_at is not None
    assert (token.expires_at - token.created_at).days in (2, 3)
    assert "one time only" in result.stderr
    assert secret not in result.stderr


def test_a_token_can_be_bound_to_a_user() -> None:
    ada = get_user_model().objects.create_user("ada")
    assert run("create", "board", "--user", "ada").exit_code == 0
    assert Token.objects.get().user == ada


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("create", "x", "--user", "nobody"), "No user 'nobody'"),
        (("revoke", "wsk_00000000"), "No token 'wsk_00000000'"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(words: tuple[str, ...], says: str) -> None:
    result = run(*words)
    assert result.exit_code == 1
    assert says in result.stderr


def test_an_unknown_scope_is_refused_with_those_that_exist() -> None:
    result = run("create", "x", "--scope", "admin")
    assert result.exit_code != 0
    assert "read, publish" in str(result.exception)


def test_list_shows_the_valid_ones_and_with_all_the_others_too() -> None:
    kept, _ = tokens.create(None, "kept")
    gone, _ = tokens.create(None, "gone")
    tokens.revoke(gone)
    result = run("list")
    assert kept.prefix in result.stdout
    assert gone.prefix not in result.stdout
    assert gone.prefix in run("list", "--all").stdout


def test_list_of_nothing_says_how_to_make_one() -> None:
    assert "windsock token create" in run("list").stderr


def test_revoke_ends_it_and_says_when_it_was_done_before() -> None:
    token, secret = tokens.create(None, "lost")
    assert "is revoked" in run("revoke", token.prefix).stderr
    assert tokens.authenticate(secret) is None
    assert "was revoked before" in run("revoke", "lost").stderr


def test_a_name_that_two_tokens_bear_is_not_guessed() -> None:
    for _ in range(2):
        tokens.create(None, "twin")
    result = run("revoke", "twin")
    assert result.exit_code == 1
    assert "names 2 tokens" in result.stderr
    assert not Token.objects.exclude(revoked_at=None).exists()


def test_the_secret_is_never_listed(capsys: Any) -> None:
    _, secret = tokens.create(None, "quiet")
    assert secret.split("_", 2)[2][:12] not in run("list", "--all").stdout
