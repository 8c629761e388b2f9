"""Choose by the flight and not by chance: the same on every machine, in every order, on every run."""

from collections.abc import Sequence
from typing import TypeVar
from zlib import crc32

T = TypeVar("T")


def number(*of: object, below: int) -> int:
    """Return a number from 0 to `below` - 1 that depends only on `of`."""
    return crc32("|".join(str(part) for part in of).encode()) % below


def one(among: Sequence[T], *of: object) -> T:
    """Return one of `among`, depending only on `of`."""
    return among[number(*of, below=len(among))]


def between(low: int, high: int, *of: object) -> int:
    """Return a whole number from `low` to `high`, both included, depending only on `of`."""
    return low + number(*of, below=high - low + 1)
