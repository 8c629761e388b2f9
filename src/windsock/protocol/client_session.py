"""The client's end, sans-I/O, over all its connections: frames and time in; connections, frames and news out."""

from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any

from msgspec import UNSET

from windsock.clock import ReplayClock
from windsock.errors import ProtocolError
from windsock.flights import Flight
from windsock.flights.programmes import Standing
from windsock.protocol import messages
from windsock.protocol.backoff import BackOff
from windsock.protocol.board import Board
from windsock.protocol.client_link import Asked, Link, collect
from windsock.protocol.client_outputs import (
    FAILED_HERE,
    Answered,
    Happened,
    Loaded,
    Noticed,
    Open,
    Output,
    Problem,
    ProgrammesChanged,
    RenewRight,
    Send,
    Shut,
    State,
    StateChanged,
    Stopped,
)
from windsock.protocol.client_progress import Progress
from windsock.protocol.client_reconnect import BACK_OFF_ATTEMPT, Reconnect, may_retry
from windsock.protocol.client_topics import ClientTopics
from windsock.protocol.codec import decode_server, encode, event_position
from windsock.protocol.codes import CloseCode, ErrorCode, Reaction, reaction
from windsock.protocol.positions import Position
from windsock.protocol.standings import Standings

# Silence for this many heartbeats means that the connection is dead: one may be late, two in a row are not.
SILENT_HEARTBEATS = 2.5


class ClientSession:
    """Keeps a board current over connections that come and go.

    The I/O layer calls the methods and then does what `outputs()` gives, in order. Promises: an event is given once
    (`Happened`), in the order of its flight's versions; after any loss the client resumes or takes a snapshot before it
    is `live` again; a server that asked the client to stop is left alone. One caller at a time: not for threads.
    """

    def __init__(
        self,
        topics: Iterable[str] = (),
        *,
        after: str | None = None,
        board: Iterable[Flight] = (),
        programmes: Iterable[Standing] = (),
        mode: messages.Mode = "every",
        now: Callable[[], float] = monotonic,
        backoff: BackOff | None = None,
    ) -> None:
        self.state = State.CONNECTING
        self.board = Board()
        self.programmes = Standings()
        self.clock: ReplayClock | None = None
        self.welcome: messages.Welcome | None = None
        self._now = now
        self._reconnect = Reconnect(backoff or BackOff())
        self._mode: messages.Mode = mode
        self._topics = ClientTopics(topics, confirmed=after is not None)
        self._progress = Progress(Position.parse(after) if after else None)
        offset = 0 if self._progress.position is None else self._progress.position.offset
        for flight in board:
            self.board.put(flight, offset, self._topics.confirmed)
        for standing in programmes:
            self.programmes.put(standing, offset, self._topics.confirmed)
        self._links: dict[int, Link] = {}
        self._current: Link | None = None
        self._opened = 0
        self._requests = 0
        self._reports: dict[str, dict[str, Any]] = {}  # not yet answered; sent again after a reconnect
        self._outputs: list[Output] = []

    # What the I/O layer reads -----------------------------------------------------------------------------------------

    def outputs(self) -> list[Output]:
        """Return the actions and updates since the last call."""
        done, self._outputs = self._outputs, []
        return done

    @property
    def position(self) -> str | None:
        """Where a resume would begin; keep it, with the board, to continue after a restart."""
        at = self._resume_from()
        return str(at) if at else None

    @property
    def topics(self) -> frozenset[str]:
        """The canonical names of all topics, answered or not."""
        return frozenset(self._topics.confirmed)

    def next_due(self) -> float | None:
        """When `tick` is to be called at the latest (on the injected clock); None: no need."""
        times = [link.heard_at + link.silence_seconds for link in self._links.values() if link.open]
        times += [link.retry_at for link in self._links.values() if link.retry_at is not None]
        return min(times, default=None)

    # What the user does -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Asks for the first connection."""
        self._open(0.0)

    def subscribe(self, topics: Iterable[str]) -> None:
        """Add topics; each that is new is answered by `Loaded`, or by a `Problem` if the server does not know it."""
        new = self._topics.add(topics)
        if new and self._current and self._current.welcomed:
            self._ask(self._current, frozenset(new), resume=False)

    def unsubscribe(self, topics: Iterable[str]) -> None:
        """Remove topics, and from the board the flights that no other topic claims."""
        gone = self._topics.remove(topics)
        self._keep()
        if gone and self._current and self._current.welcomed:
            self._send(self._current, messages.Unsubscribe(id=self._next_id(), topics=gone))

    def report(self, report: dict[str, Any]) -> str:
        """Publish a report, now or when connected again; its `Answered` carries the id returned here.

        A report whose answer was lost with its connection is sent again; the same report twice changes nothing.
        """
        id = self._next_id()
        self._reports[id] = report
        if self._current and self._current.welcomed:
            self._send(self._current, messages.SendReport(id=id, report=report))
        return id

    def withdraw(self, id: str) -> None:
        """Forget a report that nobody waits for."""
        self._reports.pop(id, None)

    def renewed(self, ticket: str) -> None:
        """Extend the session with a fresh ticket."""
        if self._current and self._current.welcomed:
            self._send(self._current, messages.Auth(id=self._next_id(), ticket=ticket))

    def close(self) -> None:
        """End the session; do not reconnect."""
        if self.state is not State.CLOSED:
            self._stop(CloseCode.DONE, "closed by this side")

    def fail(self, why: str) -> None:
        """End it all because of a fault on this side, which trying again would only repeat."""
        if self.state is not State.CLOSED:
            self._stop(FAILED_HERE, why)

    # What happens to connections --------------------------------------------------------------------------------------

    def opened(self, connection: int) -> None:
        """Note that the handshake is done; the server sends first."""
        if link := self._links.get(connection):
            link.open, link.heard_at = True, self._now()

    def refused(self, connection: int, status: int, *, retry_after: float = 0.0, why: str = "") -> None:
        """Note that the server answered the handshake with an HTTP status instead."""
        if connection not in self._links:
            return
        text = f"refused with HTTP {status}{': ' + why if why else ''}"
        if may_retry(status):
            self._gone(connection, text, BACK_OFF_ATTEMPT, retry_after)
        else:
            self._stop(status, text)

    def unreachable(self, connection: int, why: str) -> None:
        """No connection came about, or it broke during the handshake."""
        self._gone(connection, why, 0)

    def lost(self, connection: int, code: int | None, reason: str = "") -> None:
        """Note that the connection was closed with `code` (None: it broke without a close frame)."""
        if connection not in self._links:
            return
        why = f"closed with {code}{': ' + reason if reason else ''}" if code else "the connection broke"
        match reaction(code):
            case Reaction.STOP:
                self._stop(code or CloseCode.DONE, why)
            case Reaction.AT_ONCE:
                self._gone(connection, why, 0, at_once=True)
            case Reaction.BACK_OFF:
                asked_for = code is not None and 4100 <= code <= 4199
                self._gone(connection, why, BACK_OFF_ATTEMPT if asked_for else 0, self._reconnect.retry_after)

    def tick(self) -> None:
        """Act on the time: give up silent connections, and repeat requests that were refused for now."""
        now = self._now()
        for link in list(self._links.values()):
            if link.open and now >= link.heard_at + link.silence_seconds:
                self._outputs.append(Shut(link.number, CloseCode.NO_HEARTBEAT, "no heartbeat"))
                self._gone(link.number, f"nothing heard for {link.silence_seconds:.0f} s", 0, at_once=True)
            elif link.retry_at is not None and now >= link.retry_at:
                link.retry_at = None
                self._ask_all(link)

    def received(self, connection: int, frame: str | bytes) -> None:
        """Receive one frame from the server. One that cannot be read becomes a Problem and is skipped."""
        link = self._links.get(connection)
        if link is None:
            return  # its last words, after we have left it
        link.heard_at = self._now()
        try:
            message = decode_server(frame)
            if message is not None:
                self._take(link, message)
        except ProtocolError as error:
            self._outputs.append(Problem(messages.Error(code=str(error.code), message=error.message)))
            if (position := event_position(frame)) is not None:
                self._came(link, position)  # it did come: to ask for it again would only bring it again

    # Messages ---------------------------------------------------------------------------------------------------------

    def _take(self, link: Link, message: messages.ServerMessage) -> None:
        match message:
            case messages.Event():
                self._event(link, message)
            case messages.Programmes():
                self._programmes(link, message)
            case messages.Head():
                self._head(link, message)
            case messages.Snapshot():
                self._snapshot(link, message)
            case messages.Resumed():
                self._resumed(link, message)
            case messages.Welcome():
                self._welcome(link, message)
            case messages.Recorded():
                if self._reports.pop(str(message.id), None) is not None:
                    self._outputs.append(Answered(str(message.id), message))
            case messages.Error():
                self._error(link, message)
            case messages.Notice():
                if link is self._current:
                    self._outputs.append(Noticed(message.data))
            case messages.AuthExpiring():
                self._outputs.append(RenewRight())
            case messages.Moving():
                if link is self._current and len(self._links) == 1:
                    # Every client was asked at the same moment: spread over the first half of the time that is left.
                    self._open(self._reconnect.backoff.random() * message.delay_seconds / 2)
                    self._become(State.MOVING, "the server is moving")
            case messages.Pong():
                pass

    def _welcome(self, link: Link, message: messages.Welcome) -> None:
        link.welcomed = True
        link.silence_seconds = max(1.0, SILENT_HEARTBEATS * message.heartbeat_seconds)
        self.welcome = message
        self.clock = None if message.clock is UNSET else message.clock
        if self._current is None:
            self._current = link
        self._ask_all(link)
        if link is self._current:
            self._send_reports(link)
            if any(asked.resume for asked in link.asked.values()):
                self._become(State.RESUMING, f"connected, catching up from {self.position}")
        self._settle(link)

    def _event(self, link: Link, message: messages.Event) -> None:
        position, flight = Position.parse(message.position), message.flight
        if not self._progress.is_foreign(position):
            link.count_jump(self.board.get(flight.id), flight)
            if self.board.put(flight, position.offset, self._topics.confirmed):
                self._outputs.append(Happened(message))
        self._came(link, position)

    def _programmes(self, link: Link, message: messages.Programmes) -> None:
        position, standing = Position.parse(message.position), message.standing
        if not self._progress.is_foreign(position):
            link.count_jump(self.programmes.get(standing.airport), standing)
            if self.programmes.put(standing, position.offset, self._topics.confirmed):
                self._outputs.append(ProgrammesChanged(message))
        self._came(link, position)

    def _came(self, link: Link, position: Position) -> None:
        """Account for an event, whether or not it could be read."""
        link.received += 1
        if self._progress.is_foreign(position):
            self._recover(link, "the journal was replaced")
        elif link.to_come:
            link.to_come -= 1
            self._progress.advance(position)
            if not link.to_come:
                self._caught_up(link)
        elif not link.resuming:
            self._progress.advance(position)

    def _head(self, link: Link, message: messages.Head) -> None:
        self.clock = None if message.clock is UNSET else message.clock
        link.skipped = message.skipped
        position = Position.parse(message.position)
        missing = message.sent - link.received - link.sent_forgiven
        if link.to_come and missing:
            # Heartbeats come behind the events of a `resumed`, never between: those that are missing will not come.
            link.to_come, link.resumed_to = 0, None
        if link.resuming:
            return
        if self._progress.is_foreign(position):
            self._recover(link, "the journal was replaced")
        elif missing or link.jumps_open:
            link.sent_forgiven += missing
            link.jumps_forgiven += link.jumps_open
            self._recover(link, f"{abs(missing) or 'some'} events did not come")
        elif not link.asked:
            self._progress.verify(position)

    def _snapshot(self, link: Link, message: messages.Snapshot) -> None:
        id = str(message.id) if message.id is not UNSET else ""
        asked = link.asked.get(id)
        if asked is None:
            if id:
                return  # of a subscription that was withdrawn
            asked = link.asked[""] = Asked(self.topics, resume=True)
        if not collect(asked, message):
            return
        del link.asked[id]
        position, covered = Position.parse(message.position), frozenset(message.topics)
        others = not self._topics.known() <= asked.topics
        if id:
            self._topics.answer(asked.topics, covered)
        else:
            # It crossed what we sent: topics asked for since then are not in it, topics withdrawn since then are.
            self._topics.confirm(covered)
        other = self._progress.is_foreign(position)
        behind = asked.after is not None and position.offset < asked.after.offset
        if other or behind:
            # The journal was replaced, or lost what we saw: old versions say nothing about the new.
            self.board.clear()
            self.programmes.clear()
            self._progress.restart(position)
        elif asked.resume or not others:
            self._progress.verify(position)
        self.board.load(asked.parts, position.offset, covered, self.topics)
        self.programmes.load(asked.standings, position.offset, covered, self.topics)
        self._outputs.append(Loaded(covered, str(position)))
        self._settle(link)

    def _resumed(self, link: Link, message: messages.Resumed) -> None:
        asked = link.asked.pop(str(message.id), None)
        if asked is None:
            return
        named = asked.topics if message.topics is UNSET else frozenset(message.topics)
        self._topics.answer(asked.topics, named)
        link.to_come, link.resumed_to = message.count, message.position
        if not message.count:
            self._caught_up(link)

    def _caught_up(self, link: Link) -> None:
        if link.resumed_to is not None:
            self._progress.verify(Position.parse(link.resumed_to))
            link.resumed_to = None
        self._settle(link)

    def _error(self, link: Link, message: messages.Error) -> None:
        id = "" if message.id is UNSET else str(message.id)
        retry_after = 0.0 if message.retry_after is UNSET else message.retry_after
        if message.retryable:
            self._reconnect.retry_after = retry_after
        if self._reports.pop(id, None) is not None:
            self._outputs.append(Answered(id, message))
            return
        asked = link.asked.pop(id, None)
        if asked is None:
            self._outputs.append(Problem(message))
        elif message.retryable:
            link.retry_at = self._now() + self._reconnect.backoff.delay(
                BACK_OFF_ATTEMPT, at_least=retry_after
            )
        elif message.code == ErrorCode.INVALID_POSITION and asked.resume:
            self._ask(link, asked.topics, resume=False)
        else:
            self._topics.refuse(asked.topics)
            self._keep()
            self._outputs.append(Problem(message))
            self._settle(link)

    # Subscriptions ----------------------------------------------------------------------------------------------------

    def _ask_all(self, link: Link) -> None:
        pending = frozenset[str]().union(*(asked.topics for asked in link.asked.values()))
        start = self._resume_from()
        known = self._topics.known() - pending if start else frozenset[str]()
        if known:
            self._ask(link, known, resume=True)
        if fresh := self.topics - known - pending:
            self._ask(link, fresh, resume=False)

    def _ask(self, link: Link, topics: frozenset[str], *, resume: bool) -> None:
        id, start = self._next_id(), self._resume_from() if resume else None
        link.asked[id] = Asked(topics, start is not None, start)
        after = UNSET if start is None else str(start)
        names = [name for name in self._topics.confirmed if name in topics]
        self._send(link, messages.Subscribe(id=id, topics=names, after=after, mode=self._mode))

    def _recover(self, link: Link, why: str) -> None:
        """Resumes on the same connection from the last place that was accounted for."""
        if link.resuming:
            return
        known = self._topics.known()
        if not known:
            return
        self._progress.rewind()
        self._ask(link, known, resume=True)
        self._become(State.RESUMING, f"{why}; catching up")

    def _settle(self, link: Link) -> None:
        """Goes live once everything that was asked on this connection has been answered."""
        if not link.settled:
            return
        if link.live_since is None:
            link.live_since = self._now()
        if link is not self._current:  # a move is complete: the new connection has all, so the old one may go
            old, self._current = self._current, link
            if old is not None:
                del self._links[old.number]
                self._outputs.append(Shut(old.number, CloseCode.DONE, "moved"))
            self._send_reports(link)
        if len(self._links) == 1:
            self._become(State.LIVE, "live")

    # Connections ------------------------------------------------------------------------------------------------------

    def _open(self, delay: float) -> None:
        self._opened += 1
        self._links[self._opened] = Link(self._opened, heard_at=self._now())
        self._outputs.append(Open(self._opened, delay))

    def _gone(
        self, connection: int, why: str, from_attempt: int, at_least: float = 0.0, *, at_once: bool = False
    ) -> None:
        link = self._links.pop(connection, None)
        if link is None:
            return
        if link is self._current:
            self._progress.position = self._resume_from()
            self._current = None
        if link.live_since is not None:
            self._reconnect.lasted(self._now() - link.live_since)
        if (
            self._links and self._current is None
        ):  # it was moving, and the new connection is already on its way
            self._current = next((other for other in self._links.values() if other.welcomed), None)
            if self._current is not None:
                self._send_reports(self._current)
                self._settle(self._current)
            else:
                self._become(State.CONNECTING, why)
            return
        delay = self._reconnect.delay(from_attempt, at_least, at_once=at_once)
        self._open(delay)
        if self._current is None:
            self._become(State.CONNECTING, why, delay)

    def _stop(self, code: int, why: str) -> None:
        for link in self._links.values():
            self._outputs.append(Shut(link.number, CloseCode.DONE, ""))
        self._links.clear()
        self._current = None
        self._become(State.CLOSED, why)
        self._outputs.append(Stopped(code, why))

    # Small change -----------------------------------------------------------------------------------------------------

    def _keep(self) -> None:
        self.board.keep(self.topics)
        self.programmes.keep(self.topics)

    def _resume_from(self) -> Position | None:
        if self._current is not None and self._current.jumps_open:
            return self._progress.verified
        return self._progress.position

    def _become(self, state: State, why: str, retry_in: float | None = None) -> None:
        if state is not self.state or retry_in is not None:
            self.state = state
            self._outputs.append(StateChanged(state, why, retry_in))

    def _send_reports(self, link: Link) -> None:
        for id, report in self._reports.items():
            self._send(link, messages.SendReport(id=id, report=report))

    def _send(self, link: Link, message: messages.Message) -> None:
        self._outputs.append(Send(link.number, encode(message)))

    def _next_id(self) -> str:
        self._requests += 1
        return str(self._requests)
