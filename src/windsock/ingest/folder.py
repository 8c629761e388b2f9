"""A folder where a source leaves files: each is taken in, then moved to `done/`, or to `failed/` if unreadable."""

import os
from pathlib import Path

SETTLED_SECONDS = 2.0
"""A file that was written to more recently may not be complete."""

MOST_BYTES = 20_000_000


def waiting(folder: Path, now: float) -> list[Path]:
    """The files to take, oldest first; hidden ones and those still being written are left."""
    found: list[tuple[float, str]] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") or not entry.is_file(follow_symlinks=False):
                continue
            written = entry.stat(follow_symlinks=False).st_mtime
            if now - written >= SETTLED_SECONDS:
                found.append((written, entry.path))
    return [Path(path) for _, path in sorted(found)]


def put_away(path: Path, where: str) -> None:
    """Moves a file into a folder beside it; a name that is there already gets a number."""
    target = path.parent / where
    target.mkdir(exist_ok=True)
    free = target / path.name
    number = 1
    while free.exists():
        number += 1
        free = target / f"{path.stem}-{number}{path.suffix}"
    path.rename(free)
