"""Answers remembered from the tables of carriers and airports, forgotten together when an operator's tables come in."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

_Asked = TypeVar("_Asked", bound=Callable[..., Any])

_caches: list[Any] = []


def remembered(maxsize: int) -> Callable[[_Asked], _Asked]:
    """Cache a function whose answers follow from the tables, as `lru_cache` does."""

    def cached(function: _Asked) -> _Asked:
        made = lru_cache(maxsize=maxsize)(function)
        _caches.append(made)
        return made  # type: ignore[return-value]

    return cached


def forget() -> None:
    """Drop every answer: the tables have changed."""
    for cached in _caches:
        cached.cache_clear()
