"""Empty a mailbox that receives a source's messages: record each unseen message, then mark it as seen.

A message is marked only after its reports were recorded. If anything fails before that, it stays unseen and is read
again; a report recorded twice changes nothing. If the folder has subfolders `done` and `failed` and the server supports
MOVE, messages are moved there; otherwise they stay where they are.
"""

import imaplib
import logging
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from windsock.errors import ConfigError, FeedError
from windsock.feeds.mailaddress import MailAddress

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 20.0
WHOLE_SECONDS = 30.0
"""A visit ends after this long; the next one continues with the rest."""
MAX_MESSAGES = 100
MAX_BYTES = 5_000_000
"""Telexes have a few hundred bytes, schedules as attachments a few megabytes; a larger message counts as failed."""
MAX_PARTS = 50

_SIZE = re.compile(rb"RFC822\.SIZE (\d{1,12})")
_LEVELS = re.compile(rb'\([^)]*\) "(\\?.)" ', re.DOTALL)

Take = Callable[[bytes], bool]
"""Records a text or attachment; returns whether it could be read. If it raises, the message is not marked."""


@dataclass(slots=True)
class Visit:
    """The outcome of a visit: messages read, how many of them were unreadable, and whether more are waiting."""

    read: int = 0
    failed: int = 0
    more: bool = False


def visit(address: MailAddress, password: str, take: Take, *, whole_seconds: float = WHOLE_SECONDS) -> Visit:
    """Record the unseen messages, oldest first; raise FeedError if the mailbox cannot be read, or as `take` does."""
    if not password.isascii() or not password.isprintable():
        raise ConfigError(f"The password of {address} has characters that LOGIN does not accept; use ASCII.")
    found = Visit()
    try:
        with _opened(address) as client, _ended(client, 2 * whole_seconds):
            try:
                client.login(_quoted(address.user), password)
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error:
                # The error's text is the server's, which may repeat the password.
                raise FeedError(
                    f"{address.host} refused the login of {address.user}. Check the password."
                ) from None
            _empty(client, address, take, found, time.monotonic() + whole_seconds)
    except (OSError, imaplib.IMAP4.error) as error:
        raise FeedError(f"The mailbox {address} cannot be read: {_words(error)}.") from None
    return found


def _empty(client: imaplib.IMAP4, address: MailAddress, take: Take, found: Visit, ends: float) -> None:
    if client.select(_quoted(address.folder))[0] != "OK":
        raise FeedError(f"{address.user} has no folder {address.folder!r} at {address.host}.")
    unseen = (_asked(client, "SEARCH", "UNSEEN")[0] or b"").split()
    places = _places(client, address.folder) if unseen else {}
    for uid in unseen:
        if not uid.isdigit():
            raise FeedError(f"{address.host} sent {uid[:20]!r} as a message number.")
        if found.read >= MAX_MESSAGES or time.monotonic() > ends:
            found.more = True
            return
        read = _message(client, uid.decode(), take, address)
        if read is None:
            continue  # another client has moved it since
        found.read += 1
        found.failed += not read
        _asked(client, "STORE", uid.decode(), "+FLAGS.SILENT", r"(\Seen)")
        place = places.get("done" if read else "failed")
        if place is not None:
            _asked(client, "MOVE", uid.decode(), _quoted(place))


def _message(client: imaplib.IMAP4, uid: str, take: Take, address: MailAddress) -> bool | None:
    """Record a message; return whether any part of it could be read, None if the message is gone."""
    size = next(
        (int(m[1]) for m in map(_SIZE.search, _flat(_asked(client, "FETCH", uid, "(RFC822.SIZE)"))) if m),
        None,
    )
    if size is None:
        return None
    if size > MAX_BYTES:
        logger.warning(
            "Message %s in %s skipped: %d bytes exceed the limit of %d", uid, address, size, MAX_BYTES
        )
        return False
    answer = _asked(client, "FETCH", uid, "(BODY.PEEK[])")
    raw = next((part[1] for part in answer if isinstance(part, tuple)), None)
    if raw is None:
        return None
    try:
        pieces = list(texts(raw))
    except Exception:
        # The standard library's parser fails on some headers; the message must not be tried forever.
        logger.warning("Message %s in %s cannot be parsed as mail", uid, address)
        return False
    readable = [take(piece) for piece in pieces]  # all of them, also after the first that can be read
    return any(readable)


def texts(raw: bytes) -> Iterator[bytes]:
    """Yield the plain texts of a mail, as UTF-8, and its attachments as they are; leave out images and HTML."""
    number = 0
    for part in message_from_bytes(raw, policy=policy.default).walk():
        try:
            piece = _piece(part)
        except Exception:
            # The standard library raises all kinds of errors for some damaged headers; the other parts are fine.
            logger.warning("Part of a mail skipped: it is damaged")
            continue
        if piece is None or not piece.strip():
            continue
        number += 1
        if number > MAX_PARTS:
            logger.warning("A mail has more than %d texts and attachments; the rest are skipped", MAX_PARTS)
            return
        yield piece


def _piece(part: EmailMessage) -> bytes | None:
    if part.is_multipart() or part.get_content_maintype() in ("image", "multipart"):
        return None
    if part.get_content_disposition() == "attachment" or part.get_filename() is not None:
        return _bytes(part)
    if part.get_content_type() != "text/plain":
        return None
    try:
        return str(part.get_content()).encode("utf-8", "replace")
    except LookupError:  # a charset that does not exist
        return _bytes(part)


def _bytes(part: EmailMessage) -> bytes:
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


class _Bounded(imaplib.IMAP4):
    """Read no literal larger than a message may be, whatever the server announces."""

    def read(self, size: int) -> bytes:
        if size > MAX_BYTES + 1000:
            raise self.abort(f"the server announced a literal of {size} bytes")
        return super().read(size)


class _BoundedTLS(imaplib.IMAP4_SSL):
    """The same over TLS."""

    def read(self, size: int) -> bytes:
        if size > MAX_BYTES + 1000:
            raise self.abort(f"the server announced a literal of {size} bytes")
        return super().read(size)


def _opened(address: MailAddress) -> imaplib.IMAP4:
    if not address.tls:
        return _Bounded(address.host, address.port, timeout=TIMEOUT_SECONDS)
    # This context verifies the certificate and the host name.
    context = ssl.create_default_context()
    return _BoundedTLS(address.host, address.port, ssl_context=context, timeout=TIMEOUT_SECONDS)


@contextmanager
def _ended(client: imaplib.IMAP4, seconds: float) -> Iterator[None]:
    """Close the connection after `seconds`: a byte now and then, within each timeout, must not hold us forever."""

    def end() -> None:
        with suppress(OSError):
            # Not with the TLS socket's own method, which pulls its state from under a read in another thread.
            socket.socket.shutdown(client.sock, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _asked(client: imaplib.IMAP4, command: str, *args: str) -> list[Any]:
    kind, answer = client.uid(command, *args)
    if kind != "OK":
        raise FeedError(
            f"The mail server refused {command}: {_flat(answer)[0][:100].decode('ascii', 'replace')}."
        )
    return answer


def _flat(answer: list[Any]) -> list[bytes]:
    parts = [part[0] if isinstance(part, tuple) else part for part in answer]
    return [part for part in parts if isinstance(part, bytes)] or [b""]


def _places(client: imaplib.IMAP4, folder: str) -> dict[str, str]:
    """Return the folders for processed messages, by outcome."""
    if "MOVE" not in client.capabilities:
        return {}
    level = next((m for m in map(_LEVELS.match, _flat(client.list('""', '""')[1])) if m), None)
    if level is None:
        return {}
    found = {}
    for name in ("done", "failed"):
        place = f"{folder}{level[1][-1:].decode('ascii', 'replace')}{name}"
        if _flat(client.list('""', _quoted(place))[1])[0]:
            found[name] = place
    return found


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _words(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "no such host"
    if isinstance(error, TimeoutError):
        return f"no response within {TIMEOUT_SECONDS:.0f} s"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    return (str(error) or type(error).__name__).rstrip(".")[:200]
