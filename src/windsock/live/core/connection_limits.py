"""Limit the connections of this process: in all, per user, and per address."""

from collections import Counter
from functools import lru_cache
from ipaddress import ip_network
from typing import Any

from windsock.live.core.frames import Encoded
from windsock.live.core.ports import HubLimits
from windsock.protocol import close_reasons, codec, messages
from windsock.protocol.codes import CloseCode, ErrorCode

# When to retry: the journal is soon read, a full server stays full for as long as its clients stay.
SOON_SECONDS = 1.0
FULL_SECONDS = 5.0


class SessionRefused(Exception):
    """The hub takes no further session: send `message`, then close the connection with `code` and `reason`."""

    def __init__(self, code: CloseCode, reason: str, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.retry_after = retry_after

    @property
    def message(self) -> Encoded | None:
        """What a close frame has no room for: when to retry. None where that is at once."""
        if not self.retry_after:
            return None
        too_many = self.code == CloseCode.TOO_MANY_CONNECTIONS
        error = messages.Error(
            code=str(ErrorCode.TOO_MANY_CONNECTIONS if too_many else ErrorCode.OVERLOADED),
            message=self.reason,
            retryable=True,
            retry_after=self.retry_after,
        )
        return Encoded(codec.encode(error))


class ConnectionLimits:
    """Counts of the open connections by user and by address, and the refusal of one too many."""

    def __init__(self, limits: HubLimits) -> None:
        self._limits = limits
        self._per_user: Counter[str] = Counter()
        self._per_address: Counter[str] = Counter()

    def admit(self, identity: Any, address: str | None, *, connections: int) -> tuple[str, ...]:
        """Count a further connection, and return the names under which its address is counted, for `release`.

        Raises SessionRefused when it would be one too many: of the `connections` of the process, of its user, or of
        its address.
        """
        if connections >= self._limits.max_connections:
            raise SessionRefused(CloseCode.OVERLOADED, close_reasons.SERVER_FULL, FULL_SECONDS)
        user = _user(identity)
        limit = self._limits.max_connections_per_user
        if user is not None and self._per_user[user] >= limit:
            reason = close_reasons.too_many_connections(limit, "user")
            raise SessionRefused(CloseCode.TOO_MANY_CONNECTIONS, reason, FULL_SECONDS)
        by_address = self._limits_of(address, anonymous=user is None)
        for name, limit in by_address.items():
            if self._per_address[name] >= limit:
                reason = close_reasons.too_many_connections(limit, "address")
                raise SessionRefused(CloseCode.TOO_MANY_CONNECTIONS, reason, FULL_SECONDS)
        if user is not None:
            self._per_user[user] += 1
        self._per_address.update(by_address.keys())
        return tuple(by_address)

    def release(self, identity: Any, counted: tuple[str, ...]) -> None:
        """Take a connection that has ended out of the counts."""
        if (user := _user(identity)) is not None:
            _subtract(self._per_user, user)
        for name in counted:
            _subtract(self._per_address, name)

    def _limits_of(self, address: str | None, *, anonymous: bool) -> dict[str, int]:
        """Return the names under which a connection from `address` is counted, each with its limit."""
        if address is None:
            return {}
        counted = {}
        if limit := self._limits.max_connections_per_address:
            counted[address] = limit
        if anonymous and is_public(address) and (limit := self._limits.max_anonymous_per_address):
            counted[f"anonymous {address}"] = limit
        return counted


@lru_cache(maxsize=1024)
def is_public(address: str) -> bool:
    """Return whether an address or network, as text, belongs to one client rather than to a proxy or our own network.

    A proxy that nobody declared trusted has a loopback or private address, which all its clients then share.
    """
    try:
        return ip_network(address).network_address.is_global
    except ValueError:
        return False


def _user(identity: Any) -> str | None:
    return None if identity is None or identity.is_anonymous else identity.key


def _subtract(counts: Counter[str], name: str) -> None:
    counts[name] -= 1
    if counts[name] <= 0:
        del counts[name]
