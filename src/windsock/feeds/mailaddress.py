"""Where a mailbox is: "imaps://user@host/INBOX" as checked parts. The password is never in it."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from windsock.errors import ConfigError

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_PORTS = {"imaps": 993, "imap": 143}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailAddress:
    """A folder of a mailbox. `folder` is as the server spells it, with "%2F" or "/" for its levels."""

    host: str
    port: int
    user: str
    folder: str = "INBOX"
    tls: bool = True

    def __str__(self) -> str:
        return f"{self.folder} of {self.user} at {self.host}"


def mail_address(text: str, *, feed: str) -> MailAddress:
    """Return the parts of a mailbox's address; raise ConfigError with what is wrong, but without a password in it."""

    def wrong(what: str) -> ConfigError:
        return ConfigError(f'The feed {feed!r}: mailbox {what}; use one like "imaps://user@host/INBOX".')

    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        raise wrong("is not an address") from None
    if parts.scheme not in _PORTS:
        raise wrong(f"has the scheme {parts.scheme[:20]!r}")
    if parts.password is not None:
        raise wrong("holds a password, which belongs in secret_env or secret_file")
    if not parts.hostname or not parts.username:
        raise wrong("names no host" if not parts.hostname else "names no user (write an @ in it as %40)")
    if parts.query or parts.fragment:
        raise wrong("has something after the folder (write a ? or # in it as %3F or %23)")
    if parts.scheme == "imap" and parts.hostname not in _LOOPBACK:
        # The password and all mail would go over the network in clear.
        raise wrong(f"has imap:// for {parts.hostname}, which is for this machine only")
    user, folder = unquote(parts.username), unquote(parts.path.strip("/")) or "INBOX"
    for name, value in (("user", user), ("folder", folder)):
        if not (value.isascii() and value.isprintable()):
            raise wrong(
                f"has a {name} with characters that IMAP does not allow (spell it as the server does)"
            )
    return MailAddress(
        host=parts.hostname,
        port=_PORTS[parts.scheme] if port is None else port,
        user=user,
        folder=folder,
        tls=parts.scheme == "imaps",
    )
