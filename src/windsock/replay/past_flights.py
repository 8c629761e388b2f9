"""The flights of a past day as a file contains them, and the plain lines of a compressed file."""

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, cast

from windsock.errors import FeedError
from windsock.feeds.encoding import UTF_16_MARKS
from windsock.flights.identity import FlightKey


@dataclass(frozen=True, slots=True, kw_only=True)
class PastFlight:
    """One flight of a past day as its source recorded it. All times are aware UTC; None: unknown to the source.

    `out`, `off`, `on` and `in_` are when it left the gate, took off, landed and reached the gate. `date` is the
    scheduled departure date, local at the origin. `reasons` are pairs of BTS cause and minutes, `cancellation` is the
    BTS letter (A carrier, B weather, C air system, D security).
    """

    line: int
    carrier: str
    number: int
    date: date
    origin: str
    destination: str
    registration: str | None
    scheduled_out: datetime
    scheduled_in: datetime | None
    out: datetime | None = None
    off: datetime | None = None
    on: datetime | None = None
    in_: datetime | None = None
    cancelled: bool = False
    cancellation: str | None = None
    diverted: bool = False
    diverted_to: str | None = None
    reasons: tuple[tuple[str, int], ...] = ()

    @property
    def key(self) -> FlightKey:
        """The key of the flight."""
        return FlightKey(self.carrier, self.number, None, self.date, self.origin)


@contextmanager
def lines_of(source: Path | str | bytes) -> Iterator[Iterator[str]]:
    """Yield the text lines of a file or of bytes: plain, gzip, or the first .csv in a zip, by its first bytes.

    Lines are read as needed, so a month of flights does not have to fit into memory.

    Raises:
        FeedError: The file cannot be opened, contains no .csv, or ends in the middle of its compressed data.
    """
    name = "the data" if isinstance(source, bytes) else str(source)
    try:
        # Closed by the `with` below; opened here, so that only its own errors are reported as such.
        raw: IO[bytes] = io.BytesIO(source) if isinstance(source, bytes) else Path(source).open("rb")
    except OSError as error:
        raise FeedError(f"{name} cannot be read: {error.strerror}.") from error
    with raw:
        magic = raw.read(4)
        raw.seek(0)
        try:
            if magic.startswith(b"PK"):
                with zipfile.ZipFile(raw) as archive:
                    members = sorted(m for m in archive.namelist() if m.lower().endswith(".csv"))
                    if not members:
                        raise FeedError(
                            f"{name} is a zip without a .csv in it; it holds {archive.namelist()[:5]}."
                        )
                    with archive.open(members[0]) as member:
                        yield _text(member)
            elif magic.startswith(b"\x1f\x8b"):
                with gzip.GzipFile(fileobj=raw) as unpacked:
                    yield _text(unpacked)
            else:
                yield _text(raw)
        except (EOFError, zlib.error, zipfile.BadZipFile, gzip.BadGzipFile) as error:
            raise FeedError(
                f"{name} is damaged: its compressed data cannot be read ({error}). Fetch it again."
            ) from error


def _text(binary: IO[bytes] | gzip.GzipFile) -> Iterator[str]:
    buffered = io.BufferedReader(cast(io.RawIOBase, binary))  # which can look ahead without taking
    encoding = "utf-16" if buffered.peek(2)[:2] in UTF_16_MARKS else "utf-8-sig"
    # Old files hold single bytes of other encodings in tail numbers: they must not cost the rest of the file.
    return iter(io.TextIOWrapper(buffered, encoding=encoding, errors="replace", newline=None))
