"""Named cursors: durable positions from which a consumer reads the journal on, event after event, across restarts.

    cursor = NamedCursor("alerts", journal.current())
    page = cursor.read()
    with cursor.advancing(page):            # one transaction of the journal's database:
        Delivery.objects.bulk_create(...)   # the consumer's rows and the cursor move together, or neither does

Every event is read at least once, in order, by one runner at a time: `advance` moves a cursor only from where the page
began, so of two runners that read the same page the second gets CursorMoved and its transaction is rolled back.

A consumer that cannot read on gets an error, and decides: PositionTrimmed when events that it had not read were pruned,
JournalReplaced when the journal has a new epoch. `recover` sets it to the oldest event held or to the head.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

from django.db import connections
from django.db.models import QuerySet

from windsock.clock import system_clock
from windsock.errors import CursorMoved, JournalReplaced, PositionTrimmed, PositionUnknown
from windsock.journal.base import Head, check_position
from windsock.journal.connection import ask, durable_transaction
from windsock.journal.database import DatabaseJournal
from windsock.journal.follow import PAGE, Page, Start
from windsock.journal.head_row import HEAD_COLUMNS, head_columns, head_of, lock_head, read_head
from windsock.journal.models import CursorRow, EventRow
from windsock.protocol.positions import Position

logger = logging.getLogger(__name__)

MAX_NAME = 80
"""Characters of a cursor's name, as the column holds them."""


class NamedCursor:
    """A durable position in a journal, under a name of its own. Any thread may use it.

    It is created on first use, at `start`. With `holds_events`, pruning keeps the events that it has not read (see
    `windsock.journal.pruning`); without, it may lose events that are older than the settings keep them.
    """

    def __init__(
        self, name: str, journal: DatabaseJournal, *, start: Start = "head", holds_events: bool = True
    ) -> None:
        if not 0 < len(name) <= MAX_NAME:
            raise ValueError(f"The cursor name {name!r} has {len(name)} characters; use 1 to {MAX_NAME}.")
        self.name = name
        self._journal = journal
        self._using = journal.using
        self._start: Start = start
        self._holds_events = holds_events

    def __repr__(self) -> str:
        return f"NamedCursor({self.name!r}, {self._journal!r})"

    def position(self) -> Position:
        """Return where the cursor stands: every event up to there has been processed."""
        return self._stored()[0]

    def read(self, limit: int = PAGE) -> Page:
        """Return the events that follow the cursor, oldest first, at most `limit`; none when it is at the head.

        Raises:
            PositionTrimmed: Events that it has not read were pruned.
            JournalReplaced: The journal has another epoch now, or is behind the cursor: it was put back or reset.
        """
        position, head = self._stored()
        try:
            check_position(position, head)
            events = [] if position == head.position else self._journal.after(position, limit)
        except PositionTrimmed:
            raise PositionTrimmed(
                f"The cursor {self.name!r} stands at {position}, and events up to {head.epoch}:{head.floor} were "
                'pruned before it read them. Call recover("oldest") to continue with the oldest event held.'
            ) from None
        except PositionUnknown:
            raise JournalReplaced(
                f"The cursor {self.name!r} stands at {position}, and the journal, now at {head.position}, was replaced "
                'since. Call recover("oldest") to read all that it holds, or recover("head") to skip it.'
            ) from None
        end = Position(position.epoch, events[-1].offset) if events else position
        return Page(position, end, events)

    @contextmanager
    def advancing(self, page: Page) -> Iterator[None]:
        """Open a durable transaction in the journal's database that advances the cursor past `page`.

        Write what comes of the page within it. The cursor is advanced first, so a second runner waits, and then gets
        CursorMoved before it has done anything. Reports must be recorded outside: they have transactions of their own.
        """
        with durable_transaction(self._using):
            self._advance(page)
            yield

    def advance(self, page: Page) -> None:
        """Advance past `page`, in the caller's transaction if there is one, else in a transaction of its own.

        Raises CursorMoved, which must roll the caller's transaction back, when another runner has advanced it.
        """
        if connections[self._using].in_atomic_block:
            self._advance(page)
        else:
            with durable_transaction(self._using):
                self._advance(page)

    def recover(self, start: Start) -> Position:
        """Set a cursor that cannot read on to the oldest event held or to the head, and return where it stands.

        A cursor that can read on stays where it is: another runner has recovered it. What is skipped is logged.
        """
        with durable_transaction(self._using) as connection:
            head = lock_head(connection)
            position = self._position_in_transaction() or self._create(head)
            if state_of(position, head) == "reading":
                return position
            found = _place(start, head)
            _rows(self._using).filter(name=self.name).update(
                epoch=found.epoch, offset=found.offset, moved_at=system_clock()
            )
        if position.epoch == found.epoch and position.offset < found.offset:
            logger.error(
                "The cursor %s skipped events it had not read, from %s to %s", self.name, position, found
            )
        else:
            logger.warning(
                "The journal was replaced: the cursor %s, at %s, continues from %s",
                self.name,
                position,
                found,
            )
        return found

    # Inside -----------------------------------------------------------------------------------------------------------

    def _stored(self) -> tuple[Position, Head]:
        """Return where the cursor and the journal stand, by one query."""
        row = ask(self._using, self._look)
        if row is None or row[2] is None:
            with durable_transaction(self._using) as connection:
                head = lock_head(connection)
                position = self._position_in_transaction() or self._create(head)
            return position, head
        return Position(row[0], row[1]), head_of(row[2:])

    def _look(self) -> tuple[Any, ...] | None:
        rows = _rows(self._using).filter(name=self.name).annotate(**head_columns(self._using))
        return rows.values_list("epoch", "offset", *HEAD_COLUMNS).first()

    def _position_in_transaction(self) -> Position | None:
        row = _rows(self._using).filter(name=self.name).values_list("epoch", "offset").first()
        return None if row is None else Position(*row)

    def _create(self, head: Head) -> Position:
        """Create the row. The head is locked, so nothing is pruned between the look at its floor and the commit."""
        position = _place(self._start, head)
        _rows(self._using).create(
            name=self.name,
            epoch=position.epoch,
            offset=position.offset,
            moved_at=system_clock(),
            holds_events=self._holds_events,
        )
        return position

    def _advance(self, page: Page) -> None:
        if page.end.epoch != page.start.epoch or page.end.offset < page.start.offset:
            raise ValueError(f"A cursor moves forward within an epoch, not from {page.start} to {page.end}.")
        rows = _rows(self._using).filter(name=self.name, epoch=page.start.epoch, offset=page.start.offset)
        if not rows.update(offset=page.end.offset, moved_at=system_clock()):
            raise CursorMoved(
                f"The cursor {self.name!r} no longer stands at {page.start}: another runner advanced, recovered or "
                "removed it. Nothing was written; read again."
            )


State = Literal["reading", "left behind", "replaced"]


@dataclass(frozen=True, slots=True)
class CursorStatus:
    """Where a cursor stands, for operators.

    `events_behind` counts the events it has not read (0 if the journal was replaced), and `unread_since` is when the
    oldest of them that is still held was recorded; None: it has read everything.
    """

    name: str
    position: Position
    moved_at: datetime
    holds_events: bool
    state: State
    events_behind: int
    unread_since: datetime | None

    def lag(self, now: datetime) -> timedelta:
        """Return how old the oldest event is that it has not read."""
        return max(timedelta(0), now - self.unread_since) if self.unread_since is not None else timedelta(0)


def state_of(position: Position, head: Head) -> State:
    """Return whether a cursor at `position` can read on, and if not, why."""
    if position.epoch != head.epoch or position.offset > head.offset:
        return "replaced"
    return "left behind" if position.offset < head.floor else "reading"


def list_cursors(using: str) -> list[CursorStatus]:
    """Return the status of every cursor of the journal in this database, by name."""
    rows = ask(using, lambda: list(_rows(using).order_by("name")))
    if not rows:
        return []
    head = ask(using, lambda: read_head(connections[using]))
    return [_status(row, head, using) for row in rows]


def remove_cursor(name: str, using: str) -> bool:
    """Remove a cursor; return whether there was one. A consumer that still runs creates it anew, at its start."""
    with durable_transaction(using):
        return bool(_rows(using).filter(name=name).delete()[0])


def _status(row: CursorRow, head: Head, using: str) -> CursorStatus:
    position = Position(row.epoch, row.offset)
    state = state_of(position, head)
    unread_since = None
    if state != "replaced" and position.offset < head.offset:
        unread = EventRow.objects.using(using).filter(offset__gt=position.offset).order_by("offset")
        unread_since = ask(using, partial(unread.values_list("recorded_at", flat=True).first))
    return CursorStatus(
        name=row.name,
        position=position,
        moved_at=row.moved_at,
        holds_events=row.holds_events,
        state=state,
        events_behind=0 if state == "replaced" else head.offset - position.offset,
        unread_since=unread_since,
    )


def _rows(using: str) -> QuerySet[CursorRow, CursorRow]:
    return CursorRow.objects.using(using)


def _place(start: Start, head: Head) -> Position:
    return head.position if start == "head" else Position(head.epoch, head.floor)
