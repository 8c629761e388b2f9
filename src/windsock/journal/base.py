"""The journal's contract. Every backend keeps all of it; `tests/contract/test_journal.py` runs on each.

What is promised:

- Offsets of committed events are 1, 2, 3 … without a gap, in commit order. A rolled-back write leaves no hole.
- Whoever has read up to offset n and asks again gets n+1 onward: nothing is ever committed behind a reader's back.
- `after` answers with the whole tail (up to `limit`, from its beginning) or raises;
  never with a part that hides a hole.
- When `write()` has left its block without an error, what it wrote is durable (fsync'ed, on backends with a disk).
- A write sees the flights it loads as no other write can change them until it ends.

What is not: that readers are told of new events (that is the doorbell's hint), or that old events are kept for ever.

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
    """Where the journal stands: events `floor`+1 … `offset` of `epoch` are held; `clock` is set while a replay runs."""

    epoch: str
    offset: int
    floor: int
    clock: ReplayClock | None = None

    @property
    def position(self) -> Position:
        """The position of the newest event."""
        return Position(self.epoch, self.offset)


PROGRAMMES = "programmes:"
"""How the topics of programmes begin, by which their events go in place of a flight's id."""


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the journal: a flight, or the programmes of an airport, went from version-1 to `version`.

    Of programmes `flight_id` is their topic, as `programmes:JFK`, which is no flight's id. `topics` are the canonical
    names it concerns, of the flight before and after. `body` is the wire JSON that follows the position:
    `"flight":{…},"changes":[…],"recorded_at":"…"}` (of programmes `"standing"` comes first), so that an event is
    encoded once in its life.
    """

    offset: int
    flight_id: str
    version: int
    topics: tuple[str, ...]
    body: bytes
    recorded_at: datetime

    def message(self, epoch: str) -> bytes:
        """The complete `event` or `programmes` message, the same bytes for every client."""
        kind = b"programmes" if self.of_programmes else b"event"
        return b'{"type":"%s","position":"%s:%d",%s' % (kind, epoch.encode(), self.offset, self.body)

    @property
    def of_programmes(self) -> bool:
        """Whether it is about the programmes of an airport, not about a flight."""
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
    """An event to be: the flight as it is after the changes, and the topics before and after."""

    record: FlightRecord
    changes: tuple[Change, ...]
    topics: tuple[str, ...]
    recorded_at: datetime


class RawReport(msgspec.Struct, frozen=True, gc=False):
    """A report as it came, kept for audit: what source said what, when, about which flight, and what became of it."""

    source: str
    received_at: datetime
    observed_at: datetime | None
    flight_id: str | None
    offset: int | None
    error: str | None
    body: bytes
    match: str | None = None  # by what the flight was recognised, for people
    reporter: str | None = None  # who handed it in: "token:3 gate displays", "user:7 ann", "feed:oslo"
    entrance: str | None = (
        None  # by which way: rest, socket, webhook, poll, folder, mailbox, console, command, code
    )


class Writing(abc.ABC):
    """One transaction. Load, then save or append; append at most once, as the last call: it takes the head's lock."""

    @abc.abstractmethod
    def known(self, keys: Iterable[FlightKey]) -> set[FlightKey]:
        """Those of `keys` whose flights exist. Not locked: other writes may add flights while this one goes on."""

    @abc.abstractmethod
    def load(self, keys: Iterable[FlightKey]) -> dict[FlightKey, FlightRecord]:
        """The flights that exist among `keys`, locked until the end of this write, and those that do not exist as well.

        Locks are taken in key order; call it once per write, with all keys, and writers never deadlock.
        """

    @abc.abstractmethod
    def named(self, names: Iterable[tuple[Designator, Day]]) -> dict[tuple[Designator, Day], list[FlightKey]]:
        """For each (designator, flight date): the flights that bear it as their own or as a codeshare, sorted.

        Names that nobody bears are absent. Not locked: a flight may gain a name while this write goes on.
        """

    @abc.abstractmethod
    def save(self, records: Iterable[FlightRecord]) -> None:
        """Keeps flights whose provenance changed without an event (a repeat, a lower-ranked source)."""

    @abc.abstractmethod
    def remove(self, keys: Iterable[FlightKey]) -> None:
        """Drops flights that were loaded, or are new in this write: they turned out to be others, which bear their ids
        in `former_ids`. Their events stay, as history of those."""

    @abc.abstractmethod
    def append(self, drafts: Sequence[Draft], reports: Sequence[RawReport] = ()) -> list[Event]:
        """Writes flights and events, advances the head by their number, and keeps the raw reports.

        Of a flight that was also given to `save`, the record saved is kept: it is the newer one, in which a later
        report of the same write added to the provenance. `RawReport.offset` counts within this write (index into
        `drafts`) and is stored as the event's real offset.
        """

    @abc.abstractmethod
    def standings(self) -> tuple[dict[str, Standing], dict[str, datetime]]:
        """The programmes of every airport that ever had any, and of each source when its newest list was observed.

        Takes the head's lock at once, so nobody else tells programmes until this write ends. For a write that does
        nothing but this and `append_programmes`: whoever holds the head must wait for no flight.
        """

    @abc.abstractmethod
    def append_programmes(
        self, changes: Sequence[StandingChange], now: datetime, observed: Mapping[str, datetime]
    ) -> list[Event]:
        """Writes the standings and their events, advances the head by their number, and keeps `observed` by source."""

    @abc.abstractmethod
    def head(self) -> Head:
        """The head as this write sees it; after `append` it is what the commit will make it."""


Direction = Literal["departures", "arrivals", "both"]


@dataclass(frozen=True, slots=True)
class FlightQuery:
    """Which flights to find: all given conditions hold.

    `since` (inclusive) and `until` (exclusive) bound the best known time at `airport` in that direction; without an
    airport, the departure. A diversion airport counts as arrival. `text` is the beginning of a designator, or exactly
    a codeshare, registration, airport code or flight id; in any usual spelling (`DL 1`, `dal0001`, `GEUPT`). Flights of
    which it is a whole name come first, the others in order of time. `after_id` continues behind a page's last flight.
    """

    airport: str | None = None
    direction: Direction = "both"
    carrier: str | None = None
    date: Day | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 200
    after_id: str | None = None


class Journal(abc.ABC):
    """The durable, ordered list of events and the current state of every flight."""

    @abc.abstractmethod
    def head(self) -> Head:
        """Where the journal stands now; creates it (a fresh epoch, offset 0) on first use."""

    @abc.abstractmethod
    def write(self) -> AbstractContextManager[Writing]:
        """A transaction, committed durably when the block ends, rolled back when it raises.

        Raises JournalUnavailable when the database cannot be reached, is locked for too long, or is full.
        """

    @abc.abstractmethod
    def after(self, position: Position, limit: int = 1000) -> list[Event]:
        """The events that follow `position`, oldest first, at most `limit`.

        Raises PositionTrimmed below the floor, PositionUnknown for another epoch or ahead of the head.
        """

    @abc.abstractmethod
    def snapshot(self, since: datetime | None = None) -> tuple[Head, list[FlightRecord]]:
        """The head and, as of exactly that head, the flights that matter at or after `since`.

        A flight matters while its latest known or scheduled time, or last update, is at or after `since`; None: all.
        """

    @abc.abstractmethod
    def standings(self) -> tuple[Head, list[Standing]]:
        """The head and, as of exactly that head, the programmes of every airport that ever had any, by its code."""

    @abc.abstractmethod
    def programme_sources(self) -> dict[str, datetime]:
        """Of each source of programmes, when its newest list was observed."""

    @abc.abstractmethod
    def flight(self, key: FlightKey) -> FlightRecord | None:
        """The flight as now believed, with its provenance; also by an id that it had before (`former_ids`)."""

    @abc.abstractmethod
    def history(self, key: FlightKey, limit: int = 1000) -> list[Event]:
        """The events of one flight that are still held, oldest first, those of its `former_ids` included."""

    @abc.abstractmethod
    def find(self, query: FlightQuery) -> list[FlightRecord]:
        """The flights that match, in order of their time at the airport asked for (else of departure), then id."""

    @abc.abstractmethod
    def reports(self, key: FlightKey, limit: int = 100) -> list[RawReport]:
        """What was reported about one flight, newest first, as far as it is kept."""

    @abc.abstractmethod
    def due(self, before: datetime, since: datetime | None = None, limit: int = 1000) -> list[FlightRecord]:
        """Flights overdue, longest first: nothing was heard of a milestone expected at or before `before`.

        A flight already said to be n minutes overdue counts as expected n minutes after its schedule, so it comes up
        again only as time goes by. `since` leaves out those expected earlier than that (given up on).
        """

    @abc.abstractmethod
    def ahead(self, of: datetime, limit: int = 1000) -> int:
        """Count the flights last changed later than `of`, up to `limit`. Where that is now, a clock ran ahead."""

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
        """Says that a replay drives (or no longer drives) this journal; every process sees it in `head()`."""

    @abc.abstractmethod
    def renew(self, seen: Position | None = None) -> Head:
        """Starts a new epoch and keeps everything: the journal came from a backup, its positions now name other events.

        With `seen`, a position that was once in this journal, only if the journal has lost it since.
        """

    @abc.abstractmethod
    def reset(self) -> Head:
        """Forgets every flight and event and starts a new epoch. For replays, demos and restores."""


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
    """The events themselves, checked: raises ValueError at the first that does not follow gap-free from `after`."""
    for event in events:
        if event.offset != after + 1:
            raise ValueError(f"event {event.offset} does not follow {after}")
        after = event.offset
        yield event


def new_epoch() -> str:
    """A name no journal ever had: 60 random bits."""
    return secrets.token_hex(8)[:15]


def lost(seen: Position, head: Head) -> bool:
    """Whether a journal that once was at `seen` has been put back to an older state: the same epoch, a lower head."""
    return seen.epoch == head.epoch and seen.offset > head.offset


def check_position(position: Position, head: Head) -> None:
    """Raises PositionUnknown or PositionTrimmed unless the events after `position` are all there."""
    if position.epoch != head.epoch:
        raise PositionUnknown(f"{position} is of another epoch than {head.position}. Take a fresh snapshot.")
    if position.offset > head.offset:
        raise PositionUnknown(f"{position} is ahead of the head {head.position}. Take a fresh snapshot.")
    if position.offset < head.floor:
        raise PositionTrimmed(
            f"Events up to {head.epoch}:{head.floor} are no longer held, so {position} cannot be resumed. "
            "Take a fresh snapshot."
        )
