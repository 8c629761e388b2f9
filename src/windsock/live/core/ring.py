"""The recent events in memory, from which ordinary resumes are answered."""

from windsock.live.core.frames import LiveEvent


class Ring:
    """The newest events without a gap: at least `capacity` of them, once there were that many."""

    def __init__(self, capacity: int) -> None:
        self._capacity = max(1, capacity)
        self._events: list[LiveEvent] = []
        self._before = 0  # the offset that precedes the first event held
        self._answers: dict[tuple[frozenset[str], int], list[LiveEvent]] = {}

    def __len__(self) -> int:
        return len(self._events)

    @property
    def before(self) -> int:
        """Whoever has this offset or a later one can be served from here."""
        return self._before

    def restart(self, offset: int) -> None:
        """Empty it; the next event is `offset` + 1."""
        self._events.clear()
        self._answers.clear()
        self._before = offset

    def add(self, event: LiveEvent) -> None:
        """Add the next event."""
        self._events.append(event)
        self._answers.clear()
        # Cut in quarters: deleting from the front of a list moves all that stays.
        if len(self._events) > self._capacity + self._capacity // 4:
            surplus = len(self._events) - self._capacity
            del self._events[:surplus]
            self._before += surplus

    def after(self, offset: int, topics: frozenset[str]) -> list[LiveEvent] | None:
        """Return the events after `offset` that concern the topics, oldest first; None if the ring starts later.

        Many who were thrown off together ask the same; the answer is kept until the next event.
        """
        if offset < self._before:
            return None
        key = (topics, offset)
        answer = self._answers.get(key)
        if answer is None:
            events = self._events[offset - self._before :]
            answer = [event for event in events if not topics.isdisjoint(event.topics)]
            if len(self._answers) < 10_000:
                self._answers[key] = answer
        return answer
