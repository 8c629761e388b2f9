"""A mailbox where a source's messages come by mail: each unseen one is taken in, then marked as seen.

It is marked only when what it said is recorded. Whatever fails before that leaves it unseen: it is read again, and told
twice changes nothing. Folders `done` and `failed` below the one that is read take the messages, if both they and the
server's MOVE exist; else they stay where they are.
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
"""A visit ends after so long; what is left is taken at the next. Other feeds wait meanwhile."""
MAX_MESSAGES = 100
MAX_BYTES = 5_000_000
"""Telexes have some hundred bytes, schedules as attachments some megabytes; more is left alone as failed."""
MAX_PARTS = 50

_SIZE = re.compile(rb"RFC822\.SIZE (\d{1,12})")
_LEVELS = re.compile(rb'\([^)]*\) "(\\?.)" ', re.DOTALL)

Take = Callable[[bytes], bool]
"""Takes in one text or attachment: True if it could be read; then it is recorded. If it raises, nothing is marked."""


@dataclass(slots=True)
class Visit:
    """What one visit found: how many messages were read, how many of them were unreadable, and whether more wait."""

    read: int = 0
    failed: int = 0
    more: bool = False


def visit(address: MailAddress, password: str, take: Take, *, whole_seconds: float = WHOLE_SECONDS) -> Visit:
    """Takes in the unseen messages, oldest first; raises FeedError if the mailbox cannot be read, or as `take` does."""
    if not password.isascii() or not password.isprintable():
        raise ConfigError(f"The password of {address} has characters that LOGIN does not take: use ASCII.")
    found = Visit()
    try:
        with _opened(address) as client, _ended(client, 2 * whole_seconds):
            try:
                client.login(_quoted(address.user), password)
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error:
                # Its text is the server's, which may repeat what it was given.
                raise FeedError(
                    f"{address.host} does not let {address.user} in; is the password right?"
                ) from None
            _empty(client, address, take, found, time.monotonic() + whole_seconds)
    except (OSError, imaplib.IMAP4.error) as error:
        raise FeedError(f"The mailbox {address} cannot be read: {_words(error)}.") from None
    return found


def _empty(client: imaplib.IMAP4, address: MailAddress, take: Take, found: Visit, ends: float) -> None:
    if client.select(_quoted(address.folder))[0] != "OK":
        raise FeedError(f"There is no folder {address.folder!r} for {address.user} at {address.host}.")
    unseen = (_asked(client, "SEARCH", "UNSEEN")[0] or b"").split()
    places = _places(client, address.folder) if unseen else {}
    for uid in unseen:
        if not uid.isdigit():
            raise FeedError(f"{address.host} gave {uid[:20]!r} as a message's number.")
        if found.read >= MAX_MESSAGES or time.monotonic() > ends:
            found.more = True
            return
        read = _message(client, uid.decode(), take, address)
        if read is None:
            continue  # gone since: somebody else has moved it
        found.read += 1
        found.failed += not read
        _asked(client, "STORE", uid.decode(), "+FLAGS.SILENT", r"(\Seen)")
        place = places.get("done" if read else "failed")
        if place is not None:
            _asked(client, "MOVE", uid.decode(), _quoted(place))


def _message(client: imaplib.IMAP4, uid: str, take: Take, address: MailAddress) -> bool | None:
    """Takes in one message: whether any part of it could be read. None if it is not there any more."""
    size = next(
        (int(m[1]) for m in map(_SIZE.search, _flat(_asked(client, "FETCH", uid, "(RFC822.SIZE)"))) if m),
        None,
    )
    if size is None:
        return None
    if size > MAX_BYTES:
        logger.warning(
            "Message %s in %s has %d bytes; more than %d are not read", uid, address, size, MAX_BYTES
        )
        return False
    answer = _asked(client, "FETCH", uid, "(BODY.PEEK[])")
    raw = next((part[1] for part in answer if isinstance(part, tuple)), None)
    if raw is None:
        return None
    try:
        pieces = list(texts(raw))
    except (
        Exception
    ):  # the standard library's parser fails at some headers; the message must not come back for ever
        logger.warning("Message %s in %s is no readable mail", uid, address)
        return False
    readable = [take(piece) for piece in pieces]  # all of them, also after the first that can be read
    return any(readable)


def texts(raw: bytes) -> Iterator[bytes]:
    """The plain texts of a mail, as UTF-8, and its attachments as they are; pictures and HTML are left out."""
    number = 0
    for part in message_from_bytes(raw, policy=policy.default).walk():
        try:
            piece = _piece(part)
        except Exception:
            # The standard library fails at some damaged headers with all kinds of errors; the other parts are whole.
            logger.warning("A part of a mail is damaged and left out")
            continue
        if piece is None or not piece.strip():
            continue
        number += 1
        if number > MAX_PARTS:
            logger.warning("A mail has more than %d texts and attachments; the rest is left out", MAX_PARTS)
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
    """Reads no literal beyond what a message may have, whatever the server announces."""

    def read(self, size: int) -> bytes:
        if size > MAX_BYTES + 1000:
            raise self.abort(f"the server wants to send {size} bytes at once")
        return super().read(size)


class _BoundedTLS(imaplib.IMAP4_SSL):
    """The same by TLS."""

    def read(self, size: int) -> bytes:
        if size > MAX_BYTES + 1000:
            raise self.abort(f"the server wants to send {size} bytes at once")
        return super().read(size)


def _opened(address: MailAddress) -> imaplib.IMAP4:
    if not address.tls:
        return _Bounded(address.host, address.port, timeout=TIMEOUT_SECONDS)
    # It checks the certificate and that it is that host's.
    context = ssl.create_default_context()
    return _BoundedTLS(address.host, address.port, ssl_context=context, timeout=TIMEOUT_SECONDS)


@contextmanager
def _ended(client: imaplib.IMAP4, seconds: float) -> Iterator[None]:
    """Ends the connection after so long: a byte now and then, within each timeout, must not hold us for ever."""

    def end() -> None:
        with suppress(OSError):
            # Not by the TLS socket's own method, which takes its state from under a read in another thread.
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
            f"The mail server refuses {command}: {_flat(answer)[0][:100].decode('ascii', 'replace')}."
        )
    return answer


def _flat(answer: list[Any]) -> list[bytes]:
    parts = [part[0] if isinstance(part, tuple) else part for part in answer]
    return [part for part in parts if isinstance(part, bytes)] or [b""]


def _places(client: imaplib.IMAP4, folder: str) -> dict[str, str]:
    """The folders that take messages which were read, by what became of them."""
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
        return f"no answer within {TIMEOUT_SECONDS:.0f} s"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    return (str(error) or type(error).__name__).rstrip(".")[:200]
