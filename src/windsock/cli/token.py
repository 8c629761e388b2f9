"""`windsock token`: keys for programs, made, listed and revoked."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from windsock.cli.console import Data, console, fail, open_existing, say

token_app = typer.Typer(
    name="token",
    help="Create, list and revoke tokens for programs.",
    no_args_is_help=True,
    add_completion=False,
)


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.add_typer(token_app)


@token_app.command()
def create(
    name: Annotated[str, typer.Argument(help="The program or person that will use it: 'gate displays'.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="read or publish; may be repeated. Default: read.")
    ] = None,
    user: Annotated[
        str | None, typer.Option(help="A user whose rights limit it. Default: a token of its own.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Days until it expires. Default: never.")] = None,
    source: Annotated[
        str | None,
        typer.Option(help="The source of its reports; unique per token. Default: made from the name."),
    ] = None,
    speaks_for: Annotated[
        list[str] | None,
        typer.Option(
            help="Another source that its reports may name; may be repeated. '*': any source except those of feeds."
        ),
    ] = None,
    data: Data = None,
) -> None:
    """Create a token and print its secret once, on stdout, so that it can be piped.

    Example: windsock token create "ops feed" --scope publish --days 365 --data /var/lib/windsock
    """
    open_existing(data)
    from django.utils import timezone

    from windsock.access import tokens

    expires = timezone.now() + timedelta(days=days) if days else None
    token, secret = tokens.create(
        _user(user), name, scope or ["read"], expires, source=source, speaks_for=speaks_for or ()
    )
    say(f"Token {token.prefix} for {token.name!r}: {' and '.join(token.scopes)}, {_until(token)}.")
    if token.source:
        say(f"It reports as {_sources(token)}.")
    say("It is shown this one time only. Use it as: Authorization: Bearer TOKEN")
    print(secret)


@token_app.command(name="list")
def list_tokens(
    every: Annotated[bool, typer.Option("--all", help="Include expired and revoked tokens.")] = False,
    data: Data = None,
) -> None:
    """List the tokens, newest first."""
    open_existing(data)
    from django.utils import timezone
    from rich.table import Table

    from windsock.access.models import Token

    now = timezone.now()
    shown = [token for token in Token.objects.select_related("user") if every or token.is_valid(now)]
    if not shown:
        say("There are no tokens. Create one with: windsock token create NAME")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("TOKEN", "NAME", "USER", "SCOPES", "REPORTS AS", "VALID", "LAST USED"):
        table.add_column(title, overflow="fold")
    for token in shown:
        used = token.last_used_at.strftime("%Y-%m-%d %H:%M") if token.last_used_at else "never"
        owner = token.user.get_username() if token.user else "-"
        table.add_row(
            token.prefix, token.name, owner, ", ".join(token.scopes), _sources(token), _until(token), used
        )
    console().print(table)


@token_app.command()
def revoke(
    which: Annotated[
        str, typer.Argument(help="The prefix as listed (wsk_…), the number, or the exact name.")
    ],
    data: Data = None,
) -> None:
    """Revoke a token for good. Connections opened with it are closed soon after.

    Example: windsock token revoke "gate displays"
    """
    open_existing(data)
    from windsock.access import tokens

    found = tokens.find(which)
    if not found:
        fail(f"No token {which!r} is known. List them with: windsock token list --all")
    if len(found) > 1:
        prefixes = ", ".join(token.prefix for token in found)
        fail(f"{which!r} names {len(found)} tokens. Give the prefix of one: {prefixes}")
    say(
        f"Token {found[0]} is revoked."
        if tokens.revoke(found[0])
        else f"Token {found[0]} was revoked before."
    )


def _user(name: str | None) -> Any:
    if name is None:
        return None
    from django.contrib.auth import get_user_model

    model = get_user_model()
    try:
        return model._default_manager.get(**{model.USERNAME_FIELD: name})
    except model.DoesNotExist:
        fail(f"No user {name!r} is known. Make one with: python -m django createsuperuser")


def _sources(token: Any) -> str:
    """Its own source, and those that it may name besides."""
    others = ["any other" if source == "*" else source for source in token.speaks_for]
    return f"{token.source} or {', '.join(others)}" if others else token.source or "-"


def _until(token: Any) -> str:
    if token.revoked_at is not None:
        return f"revoked {token.revoked_at:%Y-%m-%d}"
    return f"until {token.expires_at:%Y-%m-%d %H:%M} UTC" if token.expires_at else "until revoked"
