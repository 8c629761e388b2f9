"""Make and recognize secrets: 256 random bits with a prefix, of which only the SHA-256 is stored."""

import hashlib
import re
import secrets
import zlib

TOKEN_MARK = "wsk"  # "windsock key": recognizable for secret scanners and for people
TICKET_MARK = "wst"
CALENDAR_MARK = "wsc"
_SHAPE = re.compile(
    r"(?P<body>(?P<mark>ws[ckt])_(?P<prefix>[0-9a-z]{8})_[0-9a-zA-Z_-]{43})(?P<check>[0-9a-f]{8})"
)


def make(mark: str) -> str:
    """Return a new secret `MARK_PREFIX_RANDOM+CHECK`.

    The prefix may be shown; the check detects typing errors without a database. Only letters, digits, `_` and `-`: it
    fits a header, a URL path and a WebSocket subprotocol.
    """
    body = f"{mark}_{secrets.token_hex(4)}_{secrets.token_urlsafe(32)}"
    return f"{body}{_check(body)}"


def prefix(secret: str) -> str:
    """Return the part of a secret that may be shown, to recognize it by."""
    return "_".join(secret.split("_", 2)[:2])


def well_formed(secret: str, mark: str) -> bool:
    """Return whether it has the form of our secrets. Anything else never costs a database query."""
    match = _SHAPE.fullmatch(secret)
    return match is not None and match["mark"] == mark and match["check"] == _check(match["body"])


def digest(secret: str) -> str:
    """Return what is stored instead of the secret: 64 hexadecimal digits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _check(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"
