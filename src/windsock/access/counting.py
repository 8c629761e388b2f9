"""Django's default cache for counting, and this process's own memory while that one fails.

A limit must neither open nor shut its endpoint because Redis is away, frozen, or does not let its user do something.
"""

import logging
import time
from typing import Any

from django.core.cache import cache as shared
from django.core.cache.backends.locmem import LocMemCache

log = logging.getLogger("windsock.access")

REST_SECONDS = 10.0
"""For this long after a failure the shared cache is not asked: each question may take as long as its timeout."""


class Counting:
    """Has the methods of a Django cache. Those of the shared one are called first, then those of our own memory."""

    def __init__(self) -> None:
        self._own = LocMemCache("windsock-counting", {"OPTIONS": {"MAX_ENTRIES": 10_000}})
        self._rests_until = float("-inf")
        self._ill = False

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            if time.monotonic() >= self._rests_until:
                try:
                    found = getattr(shared, name)(*args, **kwargs)
                except ValueError:  # what is to be counted up is not there
                    raise
                except Exception as error:
                    self._rests_until = time.monotonic() + REST_SECONDS
                    if not self._ill:
                        log.warning(
                            "The cache fails (%s: %s); until it works again each process counts for itself.",
                            type(error).__name__,
                            error,
                        )
                    self._ill = True
                else:
                    self._ill = False
                    return found
            try:
                return getattr(self._own, name)(*args, **kwargs)
            except ValueError:
                if name != "incr":
                    raise
                # The entry was made in the shared cache, which failed since.
                self._own.add(args[0], 0, timeout=REST_SECONDS * 6)
                return self._own.incr(*args, **kwargs)

        return call


cache = Counting()
