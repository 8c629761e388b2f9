"""Check passwords one at a time, in a thread of their own: a hash is slow on purpose, and must slow nobody else.

Attempts are counted before anything is hashed, per name and address and per address over all names. An address may have
only a few attempts pending, so that it does not hold up the others.
"""

import asyncio
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, NamedTuple

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import check_password, make_password
from django.http import HttpRequest

from windsock.access.http import address_of
from windsock.access.limits import SIGN_IN_ADDRESS_FAILURES, SIGN_IN_FAILURES

PER_ADDRESS = 2
"""Attempts that one address may have pending; a person has one."""

MAX_WAITING = 32
"""Attempts pending in this process: at a third of a second each, the last one waits ten seconds."""

BUSY_SECONDS = 2
"""The wait while attempts are pending, each of which takes a third of a second."""

MAX_TURNED_AWAY = 10_000
"""Addresses remembered as having to wait."""

CHECKED = "windsock_password_checked"
"""The request's attribute that hands the outcome to `LimitedBackend`."""

_pending: Counter[str] = Counter()
_turned_away: dict[str, float] = {}  # until when, by the monotonic clock


class Checked(NamedTuple):
    """The outcome of a check: the name, and whether the password was right."""

    name: str
    right: bool


def begin(address: str, name: str) -> int | None:
    """Count an attempt as failed before checking it; return the seconds to wait if it is one too many."""
    of_name = SIGN_IN_FAILURES.count(_key(address, name))
    of_address = SIGN_IN_ADDRESS_FAILURES.count(address)
    if of_address is not None:
        if len(_turned_away) >= MAX_TURNED_AWAY:
            _turned_away.clear()  # they are counted again at their next attempt
        _turned_away[address] = time.monotonic() + of_address
    return max((wait for wait in (of_name, of_address) if wait is not None), default=None)


def refused(address: str) -> int | None:
    """Return the seconds an address has to wait whatever name it gives, None if its attempt would be looked at.

    Asks this process's memory alone, so that an attempt can be refused before anything else is done for it.
    """
    if (until := _turned_away.get(address)) is not None:
        if (left := until - time.monotonic()) > 0:
            return max(1, round(left))
        del _turned_away[address]
    busy = _pending[address] >= PER_ADDRESS or _pending.total() >= MAX_WAITING
    return BUSY_SECONDS if busy else None


def refusal(wait: int) -> str:
    """Return what whoever is refused reads."""
    return f"Too many sign-in attempts from this address. Try again in {wait} seconds.\n"


def succeeded(address: str, name: str) -> None:
    """Take a successful attempt out of the failures again."""
    SIGN_IN_FAILURES.forgive(_key(address, name))
    SIGN_IN_ADDRESS_FAILURES.forgive(address)


async def check(request: HttpRequest, name: str, password: str) -> int | None:
    """Check a password and store the outcome on the request; return the seconds to wait if it was not checked."""
    address = address_of(request)
    if (wait := refused(address)) is not None:
        return wait
    _pending[address] += 1
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
        _pending[address] -= 1
        if not _pending[address]:
            del _pending[address]


@lru_cache(maxsize=1)
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "windsock-passwords")


def _key(address: str, name: str) -> str:
    return f"{address}:{name.casefold()[:150]}"


def _stored(name: str) -> str | None:
    model: Any = get_user_model()
    try:
        return str(model._default_manager.get_by_natural_key(name).password)
    except (model.DoesNotExist, ValueError):  # ValueError: a NUL, which PostgreSQL does not accept
        return None


def _right(password: str, encoded: str | None) -> bool:
    if encoded is None:
        make_password(password)  # an unknown name takes as long as a wrong password
        return False
    return check_password(password, encoded)
