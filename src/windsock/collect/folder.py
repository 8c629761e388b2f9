"""Empty a folder where a source leaves files: record each, then move it to `done/`, or to `failed/` if unreadable."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from windsock.errors import FeedError, JournalUnavailable

SETTLED_SECONDS = 1.0
"""A file that was written to more recently may be incomplete. A telex has to be in the journal within two seconds."""

MAX_BYTES = 20_000_000

RETRY_SECONDS = (2.0, 5.0, 15.0, 60.0, 300.0)
"""Pauses before a file that could not be recorded or moved is tried again; the last one repeats."""

Take = Callable[[bytes], bool]
"""Records a file; returns whether it could be read. Raises JournalUnavailable if it has to be tried again."""

_Stamp = tuple[int, int]  # modified (ns), bytes


@dataclass(slots=True)
class _Retry:
    """A file that stays in the folder for now."""

    stamp: _Stamp
    tries: int
    at: float  # monotonic
    why: str
    place: str = ""  # set: it was recorded, and only has to be moved there


class Folder:
    """A folder as one process empties it. Not for several threads at once."""

    def __init__(
        self, where: Path, *, now: Callable[[], float] = time.time, tick: Callable[[], float] = time.monotonic
    ) -> None:
        self.where = where
        self._now, self._tick = now, tick
        self._seen: dict[str, tuple[_Stamp, float]] = {}
        self._retries: dict[str, _Retry] = {}

    def look(self) -> list[Path]:
        """Return the files to record now, oldest first, without hidden files and those still being written."""
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
        for known in (self._seen, self._retries):
            for path in [path for path in known if path not in names]:
                del known[path]
        return [Path(path) for _, path in sorted(found)]

    def empty(self, files: list[Path], take: Take) -> None:
        """Record the files and move them away. Try each, then raise FeedError for the first that has to stay."""
        for path in files:
            self._empty_file(str(path), path, take)
        if why := next((retry.why for retry in self._retries.values()), ""):
            raise FeedError(why)

    @property
    def stuck(self) -> bool:
        """Return whether the folder has a file that could not be recorded or moved away."""
        return bool(self._retries)

    def _empty_file(self, name: str, path: Path, take: Take) -> None:
        retry = self._retries.get(name)
        try:
            stamp = _stamp(path)
            place = retry.place if retry is not None and retry.stamp == stamp else ""
            if not place:
                place = "failed" if stamp[1] > MAX_BYTES else self._taken(path, take)
                if _stamp(path) != stamp:
                    return  # it is still being written: it is read again, and a report recorded twice changes nothing
        except FileNotFoundError:
            return  # another process has moved it
        except JournalUnavailable as error:
            self._later(name, stamp, str(error))
            return
        except OSError as error:
            why = (
                f"The file {path.name} cannot be read: {error.strerror}. Give Windsock permission to read it."
            )
            self._later(name, stamp, why)
            return
        try:
            put_away(path, place)
        except OSError as error:
            why = (
                f"The file {path.name} was recorded, but cannot be moved to {path.parent / place}: {error.strerror}. "
                f"Make that a folder Windsock can write to; until then the file stays and is not read again."
            )
            self._later(name, stamp, why, place)
            return
        self._retries.pop(name, None)

    def _taken(self, path: Path, take: Take) -> str:
        try:
            return "done" if take(path.read_bytes()) else "failed"
        except (JournalUnavailable, OSError):
            raise
        except Exception:
            # An internal error, which the intake has recorded: the input is kept, and the console can reprocess it.
            return "failed"

    def _later(self, name: str, stamp: _Stamp, why: str, place: str = "") -> None:
        before = self._retries.get(name)
        tries = before.tries + 1 if before is not None and before.stamp == stamp else 0
        wait = RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)]
        self._retries[name] = _Retry(stamp, tries, self._tick() + wait, why, place)

    def _settled(self, name: str, stamp: _Stamp) -> bool:
        """Return whether the file has been unchanged long enough, by its own time or by ours (clocks differ)."""
        if self._now() - stamp[0] / 1e9 >= SETTLED_SECONDS:
            return True
        known = self._seen.get(name)
        if known is None or known[0] != stamp:
            self._seen[name] = (stamp, self._tick())
            return False
        return self._tick() - known[1] >= SETTLED_SECONDS

    def _is_due(self, name: str, stamp: _Stamp) -> bool:
        retry = self._retries.get(name)
        return retry is None or retry.stamp != stamp or self._tick() >= retry.at


def _stamp(path: Path) -> _Stamp:
    status = path.stat()
    return status.st_mtime_ns, status.st_size


def put_away(path: Path, where: str) -> None:
    """Move a file into a folder beside it; if the name is taken there, add a number."""
    target = path.parent / where
    target.mkdir(exist_ok=True)
    free = target / path.name
    number = 1
    while free.exists():
        number += 1
        free = target / f"{path.stem}-{number}{path.suffix}"
    path.rename(free)
