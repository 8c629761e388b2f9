"""When to reconnect: exponential back-off with full jitter."""

from collections.abc import Callable
from dataclasses import dataclass
from random import random as _random


@dataclass(frozen=True, slots=True)
class BackOff:
    """Delays drawn evenly between zero and a ceiling that doubles with every failed attempt, from 0.5 s up to 30 s.

    Full jitter spreads clients that were thrown off together evenly, which "ceiling ± 10 %" would not.
    """

    first_ceiling: float = 0.5
    last_ceiling: float = 30.0
    random: Callable[[], float] = _random

    def delay(self, attempt: int, *, at_least: float = 0.0) -> float:
        """Seconds to wait before the attempt number `attempt` (from 0) that follows a failure.

        `at_least` is what the server asked for (`retry_after`); the jitter is added to it, so that clients that got the
        same number do not return together.
        """
        ceiling = min(self.last_ceiling, self.first_ceiling * 2.0 ** min(attempt, 20))
        return at_least + self.random() * ceiling
