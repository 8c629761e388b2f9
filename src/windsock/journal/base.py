"""The journal's contract. Every backend keeps it, and `tests/contract/test_journal.py` runs on each.

What is promised:

- Offsets of committed events are 1, 2, 3 … without a gap, in commit order. A rolled-back write leaves no hole.
- A reader that has read up to offset n reads n+1 onward next: nothing is ever committed behind a reader's back.
- `after` returns the whole tail (up to `limit`, from its beginning) or raises; it never returns a part with a hole.
- When the block of `write()` ends without an error, what it wrote is durable (fsync'ed, on backends with a disk).
- No other write can change the flights that a write has loaded until it ends.

What is not promised: that readers learn of new events at once (the doorbell is a hint), or that events are kept
forever.

All calls are synchronous and may block; call them from a thread. No Django here.
"""

import abc
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date as Day
from datetime import datetime
from typing import Literal

import msgspec

from windsock.clock import ReplayClock
from windsock.errors import PositionTrimmed, PositionUnknown
from windsock.flights import Change, Designator, Flight, FlightKey, FlightRecord, changes_from_json
from windsock.flights.programmes import ProgrammeChange, Standing, StandingChange
from windsock.protocol.positions import Position


@dataclass(frozen=True, slots=True)
class Head:
    """The head of the journal: it holds events `floor`+1 … `offset` of `epoch`. `clock` is set while a replay runs."""

    epoch: str
    offset: int
    floor: int
    clock: ReplayClock | None = None

    @property
    def position(self) -> Position:
        """The position of the newest event."""
        return Position(self.epoch, self.offset)


PROGRAMMES = "programmes:"
"""The prefix of the topics of programmes, which their events have in place of a flight id."""


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the journal: a flight, or the programmes of an airport, went from version-1 to `version`.

    For programmes, `flight_id` is their topic, such as `programmes:JFK`. `topics` are the canonical topics of the
    flight before and after. `body` is the wire JSON that follows the position:
    `"flight":{…},"changes":[…],"recorded_at":"…"}` (for programmes, `"standing"` in place of `"flight"`), so that an
    event is encoded once in its life.
    """

    offset: int
    flight_id: str
    version: int
    topics: tuple[str, ...]
    body: bytes
    recorded_at: datetime

    def message(self, epoch: str) -> bytes:
        """Return the complete `event` or `programmes` message, the same bytes for every client."""
        kind = b"programmes" if self.of_programmes else b"event"
        return b'{"type":"%s","position":"%s:%d",%s' % (kind, epoch.encode(), self.offset, self.body)

    @property
    def of_programmes(self) -> bool:
        """Whether the event is about the programmes of an airport, not about a flight."""
        return self.flight_id.startswith(PROGRAMMES)

    @property
    def content(self) -> bytes:
        """The body as a complete JSON object: the message without its type and position."""
        return b"{" + self.body

    def flight_json(self) -> bytes:
        """Return the flight after the changes, as JSON. Raises msgspec.DecodeError if the body is damaged."""
        return bytes(_flight_part(self.content).flight)

    def flight(self) -> Flight:
        """Return the flight after the changes. Raises msgspec.DecodeError if the body is damaged."""
        return _flight(_flight_part(self.content).flight)

    def changes(self) -> tuple[Change, ...]:
        """Return what changed, equal to what was written. Raises msgspec.DecodeError if the body is damaged.

        Not for an event of programmes, which has `programme_changes`.
        """
        return changes_from_json(_changes_part(self.content).changes)

    def standing_json(self) -> bytes:
        """Return the airport's programmes after the changes, as JSON; only for an event of programmes."""
        return bytes(_standing_part(self.content).standing)

    def standing(self) -> Standing:
        """Return the airport's programmes after the changes; only for an event of programmes."""
        return _standing(_standing_part(self.content).standing)

    def programme_changes(self) -> tuple[ProgrammeChange, ...]:
        """Return what changed about the airport's programmes; only for an event of programmes."""
        return _programme_changes(_changes_part(self.content).changes)

    @property
    def readable(self) -> bool:
        """Whether the body is JSON. Skip an event that is not: a client that receives a damaged message closes,
        reconnects, and would receive it again."""
        try:
            msgspec.json.decode(self.content)
        except (msgspec.DecodeError, UnicodeError):
            return False
        return True


class _FlightPart(msgspec.Struct):
    """The part of a body that holds the flight; the rest is skipped, not decoded."""

    flight: msgspec.Raw


class _ChangesPart(msgspec.Struct):
    changes: msgspec.Raw


class _StandingPart(msgspec.Struct):
    standing: msgspec.Raw


_flight_part = msgspec.json.Decoder(_FlightPart).decode
_changes_part = msgspec.json.Decoder(_ChangesPart).decode
_standing_part = msgspec.json.Decoder(_StandingPart).decode
_flight = msgspec.json.Decoder(Flight).decode
_standing = msgspec.json.Decoder(Standing).decode
_programme_changes = msgspec.json.Decoder(tuple[ProgrammeChange, ...]).decode


class Draft(msgspec.Struct, frozen=True, gc=False):
    """An event to be appended: the flight after the changes, and its topics before and after."""

    record: FlightRecord
    changes: tuple[Change, ...]
    topics: tuple[str, ...]
    recorded_at: datetime


class RawReport(msgspec.Struct, frozen=True, gc=False):
    """A report as received, kept for audit: its source, body, times and flight, and its outcome."""

    source: str
    received_at: datetime
    observed_at: datetime | None
    flight_id: str | None
    offset: int | None
    error: str | None
    body: bytes
    match: str | None = None  # how the flight was recognised, for people
    reporter: str | None = None  # the sender: "token:3 gate displays", "user:7 ann", "feed:oslo"
    entrance: str | None = (
        None  # how it arrived: rest, socket, webhook, poll, folder, mailbox, console, command, code
    )


class Writing(abc.ABC):
    """One transaction: load, then save or append. Append at most once, as the last call, since it locks the head."""

    @abc.abstractmethod
    def known(self, keys: Iterable[FlightKey]) -> set[FlightKey]:
        """Return the keys whose flights exist. Nothing is locked: other writes may add flights meanwhile."""

    @abc.abstractmethod
    def load(self, keys: Iterable[FlightKey]) -> dict[FlightKey, FlightRecord]:
        """Return the flights that exist among `keys`; lock all keys, also of missing flights, until this write ends.

        Locks are taken in key order: call it once per write, with all keys, and writers never deadlock.
        """

    @abc.abstractmethod
    def named(self, names: Iterable[tuple[Designator, Day]]) -> dict[tuple[Designator, Day], list[FlightKey]]:
        """Return, for each (designator, flight date), the flights that have it as their own or as a codeshare, sorted.

        Names without a flight are absent. Nothing is locked: a flight may gain a name meanwhile.
        """

    @abc.abstractmethod
    def save(self, records: Iterable[FlightRecord]) -> None:
        """Save flights whose provenance changed without an event (a repeat, a lower-ranked source)."""

    @abc.abstractmethod
    def remove(self, keys: Iterable[FlightKey]) -> None:
        """Remove flights that were loaded, or are new in this write: they turned out to be other flights, which have
        their ids in `former_ids`. Their events stay, as part of the history of those."""

    @abc.abstractmethod
    def append(self, drafts: Sequence[Draft], reports: Sequence[RawReport] = ()) -> list[Event]:
        """Write flights and events, advance the head by their number, and keep the raw reports.

        If a flight was also passed to `save`, that record is stored: it is newer, since a later report of the same
        write added to its provenance. `RawReport.offset` is an index into `drafts`, and is stored as the event's
        offset.
        """

    @abc.abstractmethod
    def standings(self) -> tuple[dict[str, Standing], dict[str, datetime]]:
        """Return the programmes of every airport that ever had any, and when each source's newest list was observed.

        Lock the head at once, so that no other write changes programmes until this one ends. Only for a write that does
        nothing but this and `append_programmes`: a write that holds the head must not wait for a flight.
        """

    @abc.abstractmethod
    def append_programmes(
        self, changes: Sequence[StandingChange], now: datetime, observed: Mapping[str, datetime]
    ) -> list[Event]:
        """Write the standings and their events, advance the head by their number, and store `observed` by source."""

    @abc.abstractmethod
    def head(self) -> Head:
        """Return the head as this write sees it; after `append`, as the commit will make it."""


Direction = Literal["departures", "arrivals", "both"]


@dataclass(frozen=True, slots=True)
class FlightQuery:
    """Which flights to find: those for which all given conditions hold.

    `since` (inclusive) and `until` (exclusive) bound the best known time at `airport` in that direction; without an
    airport, the departure. A diversion airport counts as arrival. `opposite` is the airport at the flight's other end,
    seen from `airport`, which it needs: its planned destination, or its origin.

    `text` is the beginning of a designator, or exactly a codeshare, registration, airport code or flight id; in any
    usual spelling (`DL 1`, `dal0001`, `GEUPT`). Flights that it names in full come first, the others in order of time.
    `designator` is a flight's own, in its canonical spelling; `registration` is an aircraft's, with hyphens or without.
    `after_id` continues after the last flight of a page.
    """

    airport: str | None = None
    direction: Direction = "both"
    opposite: str | None = None
    carrier: str | None = None
    date: Day | None = None
    designator: str | None = None
    registration: str | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 200
    after_id: str | None = None


class Journal(abc.ABC):
    """The durable, ordered list of events and the current state of every flight."""

    @abc.abstractmethod
    def head(self) -> Head:
        """Return the head of the journal; create the journal (a fresh epoch, offset 0) on first use."""

    @abc.abstractmethod
    def write(self) -> AbstractContextManager[Writing]:
        """Open a transaction, committed durably when the block ends, rolled back when it raises.

        Raises JournalUnavailable when the database cannot be reached, is locked for too long, or is full.
        """

    @abc.abstractmethod
    def after(self, position: Position, limit: int = 1000) -> list[Event]:
        """Return the events that follow `position`, oldest first, at most `limit`.

        Raises PositionTrimmed below the floor, PositionUnknown for another epoch or ahead of the head.
        """

    @abc.abstractmethod
    def snapshot(self, since: datetime | None = None) -> tuple[Head, list[FlightRecord]]:
        """Return the head and, as of exactly that head, the flights that matter at or after `since`.

        A flight matters while its latest known or scheduled time, or last update, is at or after `since`; None: all.
        """

    @abc.abstractmethod
    def standings(self) -> tuple[Head, list[Standing]]:
        """Return the head and, as of exactly that head, the programmes of every airport that ever had any, by code."""

    @abc.abstractmethod
    def programme_sources(self) -> dict[str, datetime]:
        """Return when the newest list of each source of programmes was observed."""

    @abc.abstractmethod
    def flight(self, key: FlightKey) -> FlightRecord | None:
        """Return the flight as now believed, with its provenance; also by an id that it had before (`former_ids`)."""

    @abc.abstractmethod
    def history(self, key: FlightKey, limit: int = 1000) -> list[Event]:
        """Return the events of one flight that are still held, oldest first, including those of its `former_ids`."""

    @abc.abstractmethod
    def find(self, query: FlightQuery) -> list[FlightRecord]:
        """Return the flights that match, by their time at the airport asked for (else of departure), then by id."""

    @abc.abstractmethod
    def reports(self, key: FlightKey, limit: int = 100) -> list[RawReport]:
        """Return the reports about one flight that are still kept, newest first."""

    @abc.abstractmethod
    def due(self, before: datetime, since: datetime | None = None, limit: int = 1000) -> list[FlightRecord]:
        """Return overdue flights, longest first: no report of a milestone that was expected at or before `before`.

        A flight already reported as n minutes overdue counts as expected n minutes after its schedule, so it is
        returned again only as time passes. `since` leaves out flights expected earlier than that, which were given up.
        """

    @abc.abstractmethod
    def ahead(self, of: datetime, limit: int = 1000) -> int:
        """Count the flights last changed later than `of`, up to `limit`. If `of` is now, a clock ran ahead."""

    @abc.abstractmethod
    def prune(
        self,
        *,
        events_before: datetime | None = None,
        reports_before: datetime | None = None,
        flights_before: datetime | None = None,
        unread_before: datetime | None = None,
    ) -> "Pruned":
        """Drop what is older, in short transactions; raise the floor. Never drop an event newer than one kept.

        Events that a named cursor has not read are kept as well; with `unread_before`, unless they are older than that.
        """

    @abc.abstractmethod
    def set_clock(self, clock: ReplayClock | None) -> None:
        """Set or clear the clock of the replay that drives this journal; every process sees it in `head()`."""

    @abc.abstractmethod
    def renew(self, seen: Position | None = None) -> Head:
        """Start a new epoch and keep everything: the journal was restored, and its positions now name other events.

        With `seen`, a position that this journal once reached, do so only if it is now behind that.
        """

    @abc.abstractmethod
    def reset(self) -> Head:
        """Remove every flight and event and start a new epoch. For replays, demos and restores."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows a pruning dropped, and what it kept for named cursors.

    `held` counts the events old enough to drop that are kept for the cursors `holding`, which have not read them;
    `left_behind` names the cursors that lost events.
    """

    events: int
    reports: int
    flights: int
    held: int = 0
    holding: tuple[str, ...] = ()
    left_behind: tuple[str, ...] = ()


def in_order(events: Iterable[Event], after: int) -> Iterator[Event]:
    """Yield the events; raise ValueError at the first that does not follow gap-free from `after`."""
    for event in events:
        if event.offset != after + 1:
            raise ValueError(f"event {event.offset} does not follow {after}")
        after = event.offset
        yield event


def new_epoch() -> str:
    """Return a name that no journal ever had: 60 random bits."""
    return secrets.token_hex(8)[:15]


def lost(seen: Position, head: Head) -> bool:
    """Return whether a journal that once reached `seen` was put back to an older state: same epoch, lower head."""
    return seen.epoch == head.epoch and seen.offset > head.offset


def check_position(position: Position, head: Head) -> None:
    """Raise PositionUnknown or PositionTrimmed unless all events after `position` are held."""
    if position.epoch != head.epoch:
        raise PositionUnknown(f"{position} is of another epoch than {head.position}. Take a fresh snapshot.")
    if position.offset > head.offset:
        raise PositionUnknown(f"{position} is ahead of the head {head.position}. Take a fresh snapshot.")
    if position.offset < head.floor:
        raise PositionTrimmed(
            f"Events up to {head.epoch}:{head.floor} are no longer held, so {position} cannot be resumed. "
            "Take a fresh snapshot."
        )
