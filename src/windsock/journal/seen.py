"""How far this process has seen each database's journal: who has seen more than there is knows that it was put back.

A backup that is restored brings its epoch along, and soon its offsets name other events than before. Whichever process
still knows better starts a new epoch with its next write or look.
"""

import threading

from windsock.protocol.positions import Position

_lock = threading.Lock()
_furthest: dict[str, Position] = {}


def remember(using: str, position: Position) -> None:
    """The journal in `using` has been here. A position behind one that was seen in the same epoch is not remembered."""
    with _lock:
        known = _furthest.get(using)
        if known is None or known.epoch != position.epoch or known.offset < position.offset:
            _furthest[using] = position


def furthest(using: str) -> Position | None:
    """The furthest position seen in the newest epoch seen; None before the first look."""
    return _furthest.get(using)
