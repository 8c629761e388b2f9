"""The journal this process reads from."""

from collections.abc import Callable
from functools import lru_cache
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async

from windsock.conf import config
from windsock.journal.base import Journal
from windsock.journal.database import DatabaseJournal

P = ParamSpec("P")
R = TypeVar("R")


@lru_cache(maxsize=8)
def _of(alias: str) -> Journal:
    return DatabaseJournal(using=alias)


def journal() -> Journal:
    """The journal in the configured database."""
    return _of(config().database)


async def reading(call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What a blocking `call` of the journal answers, asked in this request's thread."""
    return await sync_to_async(call)(*args, **kwargs)
