"""Use Django's default cache for counting, and this process's own memory while the cache fails.

A limit must neither open nor block its endpoint because Redis is unreachable, frozen or refuses a command.
"""

import logging
import time
from typing import Any

from django.core.cache import cache as shared
from django.core.cache.backends.locmem import LocMemCache

logger = logging.getLogger(__name__)

REST_SECONDS = 10.0
"""How long the shared cache is left alone after a failure: each call to it may take as long as its timeout."""


class FailoverCache:
    """Call the shared Django cache; while it fails, call a cache in this process's memory instead."""

    def __init__(self) -> None:
        self._own = LocMemCache("windsock-counting", {"OPTIONS": {"MAX_ENTRIES": 10_000}})
        self._retry_at = float("-inf")
        self._failing = False

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            if time.monotonic() >= self._retry_at:
                try:
                    found = getattr(shared, name)(*args, **kwargs)
                except ValueError:  # `incr` of a key that does not exist
                    raise
                except Exception as error:
                    self._retry_at = time.monotonic() + REST_SECONDS
                    if not self._failing:
                        logger.warning(
                            "The cache failed (%s: %s); each process counts on its own until it works again.",
                            type(error).__name__,
                            error,
                        )
                    self._failing = True
                else:
                    self._failing = False
                    return found
            try:
                return getattr(self._own, name)(*args, **kwargs)
            except ValueError:
                if name != "incr":
                    raise
                # The entry was created in the shared cache, which has failed since.
                self._own.add(args[0], 0, timeout=REST_SECONDS * 6)
                return self._own.incr(*args, **kwargs)

        return call


cache = FailoverCache()
