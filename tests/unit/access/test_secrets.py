"""How secrets look, and what is kept of them. No database."""

import pytest

from windsock.access import secrets


def test_a_secret_is_well_formed_and_its_prefix_is_its_beginning() -> None:
    secret = secrets.make(secrets.TOKEN_MARK)
    assert secrets.well_formed(secret, secrets.TOKEN_MARK)
    assert secret.startswith(secrets.prefix(secret))
    assert len(secrets.prefix(secret)) == 12


def test_two_secrets_are_never_the_same() -> None:
    assert len({secrets.make(secrets.TOKEN_MARK) for _ in range(1000)}) == 1000


@pytest.mark.parametrize("place", [0, 5, 20, 40, -1])
def test_one_wrong_character_is_found_without_a_database(place: int) -> None:
    secret = secrets.make(secrets.TOKEN_MARK)
    wrong = list(secret)
    wrong[place] = "a" if wrong[place] != "a" else "b"
    assert not secrets.well_formed("".join(wrong), secrets.TOKEN_MARK)


def test_a_ticket_is_no_token() -> None:
    assert not secrets.well_formed(secrets.make(secrets.TICKET_MARK), secrets.TOKEN_MARK)


@pytest.mark.parametrize(
    "text", ["", "x", "wsk_", "wsk_12345678_", "Bearer x", "wsk_\x00" + "a" * 60, "ä" * 64]
)
def test_anything_else_is_not_well_formed(text: str) -> None:
    assert not secrets.well_formed(text, secrets.TOKEN_MARK)


def test_a_ticket_fits_a_subprotocol() -> None:
    token_signs = set("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    assert set(f"windsock.ticket.{secrets.make(secrets.TICKET_MARK)}") <= token_signs
