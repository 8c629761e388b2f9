"""Updates that the user has not read yet, bounded: a slow reader loses steps, never the newest state of a flight."""

from collections import deque

from windsock.protocol.client_outputs import (
    Answered,
    Happened,
    Loaded,
    Noticed,
    Output,
    Problem,
    ProgrammesChanged,
    StateChanged,
    Stopped,
)

Update = Happened | ProgrammesChanged | Loaded | StateChanged | Noticed | Problem | Answered | Stopped
"""Anything that `updates()` yields."""


class Backlog:
    """First in, first out. Beyond `limit` only the newest event of each flight is kept; `skipped` counts the others.

    The socket is read on regardless, so that the board stays current and answers to reports arrive even while the user
    is busy in the loop over events.
    """

    def __init__(self, limit: int = 10_000) -> None:
        self.skipped = 0
        self._limit = limit
        self._full_at = limit
        self._news: deque[Update] = deque()

    def __len__(self) -> int:
        return len(self._news)

    def put(self, news: Update) -> None:
        """Append an update."""
        self._news.append(news)
        if len(self._news) > self._full_at:
            self._conflate()

    def take(self, limit: int = 1_000) -> list[Update]:
        """Take the oldest updates, at most `limit`; an empty list if there are none."""
        taken = [self._news.popleft() for _ in range(min(limit, len(self._news)))]
        if not self._news:
            self._full_at = self._limit
        return taken

    def _conflate(self) -> None:
        newest: dict[str, Update] = {
            news.event.flight.id: news for news in self._news if isinstance(news, Happened)
        }
        kept = deque(n for n in self._news if not isinstance(n, Happened) or newest[n.event.flight.id] is n)
        self.skipped += len(self._news) - len(kept)
        self._news = kept
        # More flights than the limit: let it double before the next round, so that the cost per event stays constant.
        self._full_at = max(self._limit, 2 * len(kept))


def is_news(output: Output) -> bool:
    """Whether an output is for the user rather than for the I/O layer."""
    return isinstance(output, Update)
