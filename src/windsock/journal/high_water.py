"""How far each database's journal has been seen: who has seen more than there is knows that it was put back.

A backup that is restored brings its epoch along, and soon its offsets name other events than before. Whichever process
still knows better starts a new epoch with its next write or look. So that somebody does, also when the backup was put
back while no process ran, a node notes it in a file of its own (`SEEN_FILE`).
"""

import importlib.util
import logging
import os
import threading
from pathlib import Path

from windsock.conf import config
from windsock.errors import ProtocolError
from windsock.protocol.positions import Position

log = logging.getLogger("windsock.journal")

_lock = threading.Lock()
_highest: dict[str, Position] = {}

# Without (Windows) each process knows only what it has seen itself.
LOCKS = importlib.util.find_spec("fcntl") is not None

# A position with its epoch is far shorter; one write of one length leaves nothing of a longer one behind.
_WIDTH = 80


def remember(using: str, position: Position) -> None:
    """The journal in `using` has been here. A position behind one that was seen in the same epoch is not remembered.

    Called before anybody is told of the position.
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
    """The highest_seen position seen in the newest epoch seen, by this process or, with a file, on this node."""
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
        log.warning("What was seen of the journal cannot be read from %s: %s", path, error)
        return None
    return _highest.setdefault(using, found)


def _note(path: Path, position: Position) -> None:
    """Writes the position, unless another process of this node has seen more. Survives a killed process, as it must;
    not a power failure, which nobody's memory survives either."""
    import fcntl

    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        log.warning("What was seen of the journal cannot be noted in %s: %s", path, error)
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        held = os.pread(file, _WIDTH, 0).decode(errors="replace").strip()
        epoch, _, offset = held.rpartition(":")
        if epoch == position.epoch and offset.isdigit() and int(offset) >= position.offset:
            return
        os.pwrite(file, str(position).ljust(_WIDTH - 1).encode() + b"\n", 0)
    except OSError as error:
        log.warning("What was seen of the journal cannot be noted in %s: %s", path, error)
    finally:
        os.close(file)
