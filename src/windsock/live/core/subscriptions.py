"""Index sessions by topic: sessions with the same topics form one audience, and topics lead to audiences.

An event so costs the audiences that subscribe to one of its topics, then one write per session; not the connections,
topics or flights that have nothing to do with it.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, Literal, TypeVar

from windsock.live.core.frames import LiveEvent

Mode = Literal["every", "latest"]
Member = TypeVar("Member")


class Audience(Generic[Member]):
    """All sessions that have exactly these topics and this mode, and the events that gather for them.

    Those who agreed on compression (`deflated`) are an audience of their own: each gets one piece of bytes for all.

    `gathered` is what was published since the last flush, `flushing` what the running flush is handing out. An audience
    in mode `latest` is not flushed before `due` (seconds of the loop's clock).
    """

    __slots__ = ("deflated", "due", "flushing", "gathered", "members", "mode", "topics")

    def __init__(self, topics: frozenset[str], mode: Mode, deflated: bool = False) -> None:
        self.topics = topics
        self.mode = mode
        self.deflated = deflated
        self.members: dict[Member, None] = {}  # ordered, so that whoever came first is served first
        self.gathered: list[LiveEvent] = []
        self.flushing: Sequence[LiveEvent] = ()
        self.due = 0.0


class Subscriptions(Generic[Member]):
    """The index from topics to audiences. Audiences appear with their first member and go with their last."""

    def __init__(self) -> None:
        self._audiences: dict[tuple[frozenset[str], Mode, bool], Audience[Member]] = {}
        self._by_topic: dict[str, dict[Audience[Member], None]] = {}

    def __len__(self) -> int:
        return len(self._audiences)

    @property
    def topics(self) -> int:
        """How many different topics somebody subscribes to."""
        return len(self._by_topic)

    def audiences(self) -> Iterator[Audience[Member]]:
        """All audiences, in the order in which they appeared."""
        return iter(self._audiences.values())

    def join(
        self, member: Member, topics: frozenset[str], mode: Mode, deflated: bool = False
    ) -> Audience[Member]:
        """Add the member to the audience of these topics, and return that audience."""
        key = (topics, mode, deflated)
        audience = self._audiences.get(key)
        if audience is None:
            audience = self._audiences[key] = Audience(*key)
            for topic in topics:
                self._by_topic.setdefault(topic, {})[audience] = None
        audience.members[member] = None
        return audience

    def leave(self, member: Member, audience: Audience[Member]) -> None:
        """Remove the member; an audience without members is forgotten, with whatever had gathered for it."""
        audience.members.pop(member, None)
        key = (audience.topics, audience.mode, audience.deflated)
        if audience.members or self._audiences.get(key) is not audience:
            return
        del self._audiences[key]
        for topic in audience.topics:
            audiences = self._by_topic[topic]
            del audiences[audience]
            if not audiences:
                del self._by_topic[topic]

    def gather(self, event: LiveEvent) -> Iterable[Audience[Member]]:
        """Add the event to every audience it concerns; return those for which it is the first to gather."""
        first = []
        for topic in event.topics:
            for audience in self._by_topic.get(topic, ()):
                gathered = audience.gathered
                if not gathered:
                    first.append(audience)
                elif gathered[-1] is event:  # it has two of the audience's topics
                    continue
                gathered.append(event)
        return first
