"""The address by which connections and failed attempts are counted."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any


def client_address(scope: Any) -> str | None:
    """Return the client's address as the server names it; of IPv6 the /64, which belongs to one household or host.

    Headers are ignored: behind a proxy the server reads them, if it is configured to trust it (TRUSTED_PROXY).
    """
    client = scope.get("client")
    return network(str(client[0])) if client else None


@lru_cache(maxsize=1024)  # behind a proxy, or at a fair, many come from few
def network(address: str) -> str | None:
    """Do what `client_address` does, for an address as text."""
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return address or None
    if not isinstance(known, IPv6Address):
        return str(known)
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return f"{IPv6Address(int(known) >> 64 << 64)}/64"
