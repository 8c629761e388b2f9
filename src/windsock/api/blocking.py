"""Call what blocks from an asynchronous view."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async

P = ParamSpec("P")
R = TypeVar("R")


async def in_thread(call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Return the result of a blocking call, such as a query of the journal, made in this request's thread."""
    return await sync_to_async(call)(*args, **kwargs)
