"""Passwords are checked one at a time, in a thread of their own: a hash is slow on purpose, and must slow nobody else.

Attempts are counted before anything is hashed, per name and address and per address over all names; from one address
few attempts are under way at once, so that those of others are reached soon.
"""

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, NamedTuple

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import check_password, make_password
from django.http import HttpRequest

from windsock.access.limits import SIGN_IN_ADDRESS_FAILURES, SIGN_IN_FAILURES

PER_ADDRESS = 2
"""Attempts of one address that may wait or be hashed at once; people have one."""

MOST_WAITING = 32
"""Attempts under way at once in this process: with a third of a second each, the last waits ten seconds."""

CHECKED = "windsock_password_checked"
"""The attribute of a request in which the outcome stands for `LimitedBackend`."""

_under_way: Counter[str] = Counter()


class Checked(NamedTuple):
    """The outcome of a check: for which name, and whether the password was right."""

    name: str
    right: bool


def address_of(request: HttpRequest) -> str:
    """Return the address an attempt comes from, as the server knows it."""
    return str(request.META.get("REMOTE_ADDR", ""))


def begin(address: str, name: str) -> int | None:
    """Count an attempt as failed, before it is looked at; return the seconds to wait where it is one too many."""
    waits = (
        SIGN_IN_FAILURES.count(_key(address, name)),
        SIGN_IN_ADDRESS_FAILURES.count(address),
    )
    return max((wait for wait in waits if wait is not None), default=None)


def succeeded(address: str, name: str) -> None:
    """Take the attempt out of the failures again."""
    SIGN_IN_FAILURES.forgive(_key(address, name))
    SIGN_IN_ADDRESS_FAILURES.forgive(address)


async def check(request: HttpRequest, name: str, password: str) -> int | None:
    """Check a password and leave the outcome with the request; return the seconds to wait if it was not looked at."""
    address = address_of(request)
    if _under_way[address] >= PER_ADDRESS or _under_way.total() >= MOST_WAITING:
        return 2
    _under_way[address] += 1
    try:
        if (wait := await sync_to_async(begin)(address, name)) is not None:
            return wait
        encoded = await sync_to_async(_stored)(name)
        right = await asyncio.get_running_loop().run_in_executor(_thread(), _right, password, encoded)
        if right:
            await sync_to_async(succeeded)(address, name)
        setattr(request, CHECKED, Checked(name, right))
        return None
    finally:
        _under_way[address] -= 1
        if not _under_way[address]:
            del _under_way[address]


@lru_cache(maxsize=1)
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "windsock-passwords")


def _key(address: str, name: str) -> str:
    return f"{address}:{name.casefold()[:150]}"


def _stored(name: str) -> str | None:
    model: Any = get_user_model()
    try:
        return str(model._default_manager.get_by_natural_key(name).password)
    except (model.DoesNotExist, ValueError):  # ValueError: a NUL, which PostgreSQL takes in no text
        return None


def _right(password: str, encoded: str | None) -> bool:
    if encoded is None:
        make_password(password)  # an unknown name takes as long as a wrong password
        return False
    return check_password(password, encoded)
