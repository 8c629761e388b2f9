"""Remember the highest position seen of each journal, to detect one that was restored from an older backup.

A restored backup has the epoch it was made in, and soon its offsets name other events than before. A process that has
seen a higher position starts a new epoch with its next write or look. So that this also happens when the backup was
restored while no process ran, a node keeps the position in a file (`SEEN_FILE`).
"""

import importlib.util
import logging
import os
import threading
from pathlib import Path

from windsock.conf import config
from windsock.errors import ProtocolError
from windsock.protocol.positions import Position

logger = logging.getLogger(__name__)

_lock = threading.Lock()
_highest: dict[str, Position] = {}

# Without it (Windows), each process knows only what it has seen itself.
LOCKS = importlib.util.find_spec("fcntl") is not None

# Longer than any position: writes of the same length leave nothing of an earlier one behind.
_WIDTH = 80


def remember(using: str, position: Position) -> None:
    """Note that the journal in `using` has reached this position, unless a higher one of the same epoch is known.

    Call it before the position is given to anybody.
    """
    with _lock:
        known = _highest.get(using)
        if known is None:
            known = _highest_of(using)
        if known is None or known.epoch != position.epoch or known.offset < position.offset:
            _highest[using] = position
            if (path := _file(using)) is not None:
                _note(path, position)


def highest_seen(using: str) -> Position | None:
    """Return the highest position seen in the newest epoch, by this process or, with a file, on this node."""
    with _lock:
        known = _highest.get(using)
        return known if known is not None else _highest_of(using)


def _file(using: str) -> Path | None:
    settings = config()
    if not settings.seen_file or not LOCKS or using != settings.database:
        return None
    return Path(settings.seen_file)


def _highest_of(using: str) -> Position | None:
    path = _file(using)
    if path is None:
        return None
    try:
        found = Position.parse(path.read_text().strip())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, ProtocolError) as error:
        logger.warning("The highest position seen cannot be read from %s: %s", path, error)
        return None
    return _highest.setdefault(using, found)


def _note(path: Path, position: Position) -> None:
    """Write the position, unless another process of this node has seen a higher one. It survives a killed process, but
    not a power failure, which no process survives either."""
    import fcntl

    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        logger.warning("The highest position seen cannot be written to %s: %s", path, error)
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        held = os.pread(file, _WIDTH, 0).decode(errors="replace").strip()
        epoch, _, offset = held.rpartition(":")
        if epoch == position.epoch and offset.isdigit() and int(offset) >= position.offset:
            return
        os.pwrite(file, str(position).ljust(_WIDTH - 1).encode() + b"\n", 0)
    except OSError as error:
        logger.warning("The highest position seen cannot be written to %s: %s", path, error)
    finally:
        os.close(file)
