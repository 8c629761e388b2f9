"""Durable positions of those who read the journal on, each under a name: what was dealt with is not read again."""

from datetime import datetime

from windsock.journal.models import Cursor
from windsock.protocol.positions import Position


def position_of(name: str, using: str) -> Position | None:
    """Return the position of the last event that the reader `name` has dealt with; None: it has read nothing yet."""
    row = Cursor.objects.using(using).filter(name=name).values_list("epoch", "offset").first()
    return None if row is None else Position(*row)


def move(name: str, position: Position, now: datetime, using: str) -> None:
    """Note that `name` has dealt with everything up to `position`, in the caller's transaction if there is one."""
    Cursor.objects.using(using).update_or_create(
        name=name, defaults={"epoch": position.epoch, "offset": position.offset, "moved_at": now}
    )
