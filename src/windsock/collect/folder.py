"""A folder where a source leaves files: each is taken in, then moved to `done/`, or to `failed/` if unreadable."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from windsock.errors import FeedError, JournalUnavailable

SETTLED_SECONDS = 1.0
"""A file that was written to more recently may not be complete. A telex has to be in the journal within two seconds."""

MAX_BYTES = 20_000_000

RETRY_SECONDS = (2.0, 5.0, 15.0, 60.0, 300.0)
"""A file that could not be recorded, or moved away, is tried again after this long, the last one for good."""

Take = Callable[[bytes], bool]
"""Takes in one file: True if it could be read. Raises JournalUnavailable where it is to be taken again."""

_Stamp = tuple[int, int]  # modified (ns), bytes


@dataclass(slots=True)
class _Again:
    """A file that stays where it is for now."""

    stamp: _Stamp
    tries: int
    at: float  # monotonic
    why: str
    place: str = ""  # it was taken in and only has to be moved there


class Folder:
    """One folder, as one process empties it. Not for several threads at once."""

    def __init__(
        self, where: Path, *, now: Callable[[], float] = time.time, tick: Callable[[], float] = time.monotonic
    ) -> None:
        self.where = where
        self._now, self._tick = now, tick
        self._seen: dict[str, tuple[_Stamp, float]] = {}
        self._again: dict[str, _Again] = {}

    def look(self) -> list[Path]:
        """Return the files to take in now, oldest first; hidden ones and those still being written are left."""
        found: list[tuple[int, str]] = []
        names = set()
        try:
            with os.scandir(self.where) as entries:
                for entry in entries:
                    if entry.name.startswith(".") or not entry.is_file(follow_symlinks=False):
                        continue
                    try:
                        status = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue  # its writer has renamed it since
                    names.add(entry.path)
                    stamp = (status.st_mtime_ns, status.st_size)
                    if self._settled(entry.path, stamp) and self._is_due(entry.path, stamp):
                        found.append((status.st_mtime_ns, entry.path))
        except OSError as error:
            raise FeedError(f"The folder {self.where} cannot be read: {error.strerror}.") from error
        for known in (self._seen, self._again):
            for path in [path for path in known if path not in names]:
                del known[path]
        return [Path(path) for _, path in sorted(found)]

    def empty(self, files: list[Path], take: Take) -> None:
        """Take the files in and move them away. Each is tried; raises FeedError for the first that has to stay."""
        for path in files:
            self._one(str(path), path, take)
        if stays := next((again.why for again in self._again.values()), ""):
            raise FeedError(stays)

    @property
    def stuck(self) -> bool:
        """Whether a file lies there that could not be taken in or moved away."""
        return bool(self._again)

    def _one(self, name: str, path: Path, take: Take) -> None:
        again = self._again.get(name)
        try:
            stamp = _stamp(path)
            place = again.place if again is not None and again.stamp == stamp else ""
            if not place:
                place = "failed" if stamp[1] > MAX_BYTES else self._taken(path, take)
                if _stamp(path) != stamp:
                    return  # somebody still writes to it: it is read again, and told twice changes nothing
        except FileNotFoundError:
            return  # somebody else has taken it away
        except JournalUnavailable as error:
            self._later(name, stamp, str(error))
            return
        except OSError as error:
            why = (
                f"The file {path.name} cannot be read: {error.strerror}. Give Windsock the right to read it."
            )
            self._later(name, stamp, why)
            return
        try:
            put_away(path, place)
        except OSError as error:
            why = (
                f"The file {path.name} was taken in, but cannot be moved to {path.parent / place}: {error.strerror}. "
                f"Make that a folder to which Windsock may write; until then the file stays and is not read again."
            )
            self._later(name, stamp, why, place)
            return
        self._again.pop(name, None)

    def _taken(self, path: Path, take: Take) -> str:
        try:
            return "done" if take(path.read_bytes()) else "failed"
        except (JournalUnavailable, OSError):
            raise
        except Exception:
            # A fault of ours, which the intake has noted: the input is kept and can be read again from the console.
            return "failed"

    def _later(self, name: str, stamp: _Stamp, why: str, place: str = "") -> None:
        before = self._again.get(name)
        tries = before.tries + 1 if before is not None and before.stamp == stamp else 0
        wait = RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)]
        self._again[name] = _Again(stamp, tries, self._tick() + wait, why, place)

    def _settled(self, name: str, stamp: _Stamp) -> bool:
        """Whether the file has been as it is for long enough, by its own time or by ours (clocks differ)."""
        if self._now() - stamp[0] / 1e9 >= SETTLED_SECONDS:
            return True
        known = self._seen.get(name)
        if known is None or known[0] != stamp:
            self._seen[name] = (stamp, self._tick())
            return False
        return self._tick() - known[1] >= SETTLED_SECONDS

    def _is_due(self, name: str, stamp: _Stamp) -> bool:
        again = self._again.get(name)
        return again is None or again.stamp != stamp or self._tick() >= again.at


def _stamp(path: Path) -> _Stamp:
    status = path.stat()
    return status.st_mtime_ns, status.st_size


def put_away(path: Path, where: str) -> None:
    """Move a file into a folder beside it; a name that is there already gets a number."""
    target = path.parent / where
    target.mkdir(exist_ok=True)
    free = target / path.name
    number = 1
    while free.exists():
        number += 1
        free = target / f"{path.stem}-{number}{path.suffix}"
    path.rename(free)
