"""The range of a close code is the client's rule."""

import pytest

from windsock.errors import ProtocolError
from windsock.protocol.codes import CloseCode, Reaction, reaction
from windsock.protocol.handshake import negotiate


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ((1000, 1009, 4000, 4001, 4042, 4099), Reaction.STOP),
        ((None, 1001, 1005, 1006, 1011, 1012, 3000, 4100, 4150, 4199, 4300, 4999), Reaction.BACK_OFF),
        ((4200, 4203, 4299), Reaction.AT_ONCE),
    ],
)
def test_known_and_unknown_codes_follow_their_range(
    codes: tuple[int | None, ...], expected: Reaction
) -> None:
    assert {reaction(code) for code in codes} == {expected}


def test_every_code_of_ours_lies_in_a_range() -> None:
    assert all(code in (1000, 1001, 1009) or 4000 <= code <= 4299 for code in CloseCode)


def test_an_offer_names_subprotocol_and_ticket_in_any_order() -> None:
    offer = negotiate(["windsock.ticket.abc", "windsock.v1.json"])

    assert (offer.subprotocol, offer.ticket, offer.plain) == ("windsock.v1.json", "abc", False)


def test_offering_nothing_makes_a_plain_client() -> None:
    assert negotiate([]).plain
    assert negotiate(["", " "]).plain


@pytest.mark.parametrize("offered", [["windsock.v2.json"], ["graphql-ws", "mqtt"], ["windsock.ticket.abc"]])
def test_offering_only_what_we_do_not_speak_is_refused_without_telling_the_ticket(offered: list[str]) -> None:
    with pytest.raises(ProtocolError, match=r"do not include 'windsock\.v1\.json'") as caught:
        negotiate(offered)
    assert caught.value.close_code == CloseCode.VERSION
    assert "abc" not in caught.value.message
