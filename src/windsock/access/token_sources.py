"""Choose the source that a new token reports as: check the one that was asked for, or make one from its name."""

import re
from collections.abc import Iterable

from windsock.access.models import Token
from windsock.conf import config
from windsock.errors import AccessDenied
from windsock.flights.sources import MAX_LENGTH, alike, first_alike, is_own

ANY = "*"
"""In a token's `speaks_for`: any source that is not reserved."""

USERS = "user:"
"""Users report as this prefix and their name."""

_UNNAMED = "unnamed"


def own_source(name: str) -> str:
    """Return a free source made from a token's name: lower case, no special characters, numbered if it is taken."""
    plain = re.sub(r"[^a-z0-9_.@+-]+", "-", name.lower()).strip("-.")[: MAX_LENGTH - 10] or _UNNAMED
    if _refusal(plain) is not None:
        plain = f"token-{plain}"
    taken = _taken()
    number, found = 1, plain
    while any(alike(found, other) for other in taken):
        number += 1
        found = f"{plain}-{number}"
    return found


def checked_source(source: str) -> str:
    """Return the source that a new token asks for; raise AccessDenied if it may not have it."""
    name = _named(source)
    if (holder := next((other for other in sorted(_taken()) if alike(name, other)), None)) is not None:
        like = "" if holder == name else f", which looks like {name!r}"
        raise AccessDenied(
            f"Another token reports as {holder!r}{like}. Revoke that one first, or give this one another source of its "
            f"own and let it speak for {holder!r}."
        )
    return name


def checked_list(sources: Iterable[str]) -> list[str]:
    """Return the sources that a new token may name besides its own; raise AccessDenied for a reserved one."""
    return list(dict.fromkeys(ANY if source.strip() == ANY else _named(source) for source in sources))


def _named(source: str) -> str:
    name = source.strip()
    if not name or not name.isprintable() or len(name) > MAX_LENGTH or name == ANY:
        raise AccessDenied(
            f"{source[:80]!r} cannot be a source. Give a name of 1 to {MAX_LENGTH} printable characters, such as 'ops'."
        )
    if (why := _refusal(name)) is not None:
        raise AccessDenied(f"No token may report as {name!r}: {why}. Give it another name.")
    return name


def _refusal(name: str) -> str | None:
    if is_own(name):
        return "'windsock' and whatever begins with 'windsock.' is Windsock itself, in any spelling"
    if name.casefold().startswith(USERS):
        return f"users report as {USERS!r} and their name"
    if (feed := first_alike(name, config().feed_sources)) is not None:
        return f"the feed {feed!r} does" if feed == name else f"it looks like the feed {feed!r}"
    return None


def _taken() -> list[str]:
    return list(Token.objects.filter(revoked_at=None).exclude(source="").values_list("source", flat=True))
