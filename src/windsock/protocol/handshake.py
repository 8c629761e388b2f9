"""What the offered subprotocols say, before a connection is accepted."""

from collections.abc import Iterable
from dataclasses import dataclass

from windsock.errors import ProtocolError
from windsock.protocol.codes import SUBPROTOCOL, TICKET_PREFIX, CloseCode


@dataclass(frozen=True, slots=True)
class Offer:
    """A client's offer: `subprotocol` is to be echoed (None: a plain client), `ticket` to be redeemed."""

    subprotocol: str | None
    ticket: str | None

    @property
    def plain(self) -> bool:
        """Whether the client knows nothing of our protocol."""
        return self.subprotocol is None


def negotiate(offered: Iterable[str]) -> Offer:
    """Return what the client offers; the order of its subprotocols does not matter.

    Raises ProtocolError (code `version`, close code 4006) when it offers subprotocols, and none that we speak.
    """
    names = [name.strip() for name in offered if name.strip()]
    tickets = [name.removeprefix(TICKET_PREFIX) for name in names if name.startswith(TICKET_PREFIX)]
    if SUBPROTOCOL in names:
        return Offer(SUBPROTOCOL, tickets[0] if tickets else None)
    if names:
        spoken = [name for name in names if not name.startswith(TICKET_PREFIX)]
        raise ProtocolError(
            f"The offered subprotocols ({', '.join(spoken)[:100] or 'only a ticket'}) do not include {SUBPROTOCOL!r}. "
            "Offer it too, or none at all to be a plain client.",
            code="version",
            close_code=CloseCode.VERSION,
        )
    return Offer(None, None)
