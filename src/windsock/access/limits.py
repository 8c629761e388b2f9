"""Count failed attempts, so that nobody can keep guessing secrets."""

import hashlib
import time
from collections.abc import Callable

from windsock.access.failover_cache import cache


class FailureLimit:
    """Allow at most `tries` failures per key and window of `seconds`. Counts in Django's default cache, atomically.

    Synchronous: Django's asynchronous cache methods get and then set, which loses counts when many try at once. Call it
    from a thread. With the in-memory cache each process counts on its own.
    """

    def __init__(
        self, name: str, *, tries: int, seconds: int, clock: Callable[[], float] = time.time
    ) -> None:
        self._name, self._tries, self._seconds, self._clock = name, tries, seconds, clock

    def count(self, key: str) -> int | None:
        """Count a failure. Return the seconds to wait if it was one too many, else None."""
        now = self._clock()
        entry = self._entry(key, now)
        # Twice the window: the entry must not vanish under a count that began just before the window's end.
        cache.add(entry, 0, timeout=self._seconds * 2)
        try:
            failures = cache.incr(entry)
        except ValueError:  # evicted in between
            return None
        return self._left(now) if failures > self._tries else None

    def forgive(self, key: str) -> None:
        """Take back a failure that was counted before its outcome was known."""
        try:
            cache.decr(self._entry(key, self._clock()))
        except ValueError:
            pass  # the window ended meanwhile

    def retry_after(self, key: str) -> int | None:
        """Return the seconds to wait before another attempt, or None while attempts are left."""
        now = self._clock()
        failures = cache.get(self._entry(key, now), 0)
        return self._left(now) if failures >= self._tries else None

    def _entry(self, key: str, now: float) -> str:
        # Names come from outside: hashed, so that no character or length of theirs is invalid for some cache.
        who = hashlib.sha256(key.encode()).hexdigest()[:32]
        return f"windsock:failures:{self._name}:{who}:{int(now // self._seconds)}"

    def _left(self, now: float) -> int:
        return max(1, int(self._seconds - now % self._seconds))


# A valid token always passes, also from an address where others fail (a proxy, an office): its 256 random bits cannot
# be guessed, so the limit only slows those who try.
TOKEN_FAILURES = FailureLimit("token", tries=30, seconds=60)

# People choose a feed's secret: while too many wrong ones come from an address, the right one is refused too.
FEED_FAILURES = FailureLimit("feed", tries=10, seconds=60)

# Passwords can be guessed: address and name have to wait, even with the right password.
SIGN_IN_FAILURES = FailureLimit("sign-in", tries=10, seconds=300)

# One password tried on many names. An office behind one address makes this many typing errors; a guesser finds little.
SIGN_IN_ADDRESS_FAILURES = FailureLimit("sign-in-address", tries=50, seconds=300)

# Screens that ask for a code. A hall full of new screens behind one address is linked in this time.
DISPLAY_CODES = FailureLimit("display-code", tries=60, seconds=600)

# Wrong codes typed by an operator. There are 10^10 codes, and they live for ten minutes.
DISPLAY_FAILURES = FailureLimit("display-link", tries=10, seconds=300)
