"""/healthz and /readyz: is the process alive, and should it be sent requests?

Other parts add what they know: `add_check("hub", check)`, where `check()` answers None, or what is wrong.
"""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import msgspec
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse

from windsock import journal
from windsock.conf import config
from windsock.errors import JournalUnavailable
from windsock.journal.connection import last_outcome

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 2.0
"""Probes give up after a few seconds; what has not answered by then is not ready."""

PROBE_SECONDS = 5.0
"""A write that succeeded this recently shows that writing works, whoever made it."""

PROBE_BYTES = 65_536
"""Written after a write failed: on a full disk a single row may still find room where a batch of reports does not."""

ASKING = "…"

Check = Callable[[], str | None]
_checks: dict[str, Check] = {}
_warnings: dict[str, Check] = {}
_details: dict[str, Callable[[], Mapping[str, object]]] = {}
# Once migrated, a database stays migrated while this process lives: asked until the answer is yes.
_migrated: set[str] = set()


def add_check(name: str, check: Check) -> None:
    """Adds to readiness. `check` is called in a thread, must be quick, and says what is wrong (or None)."""
    _checks[name] = check


def add_warning(name: str, check: Check) -> None:
    """Add what makes this process no less fit for requests, but has to be said: the status is then "degraded"."""
    _warnings[name] = check


def add_details(name: str, details: Callable[[], Mapping[str, object]]) -> None:
    """Adds figures for people to the answer; they decide nothing. Called in a thread, must be quick."""
    _details[name] = details


def checks(found: dict[str, str | None] | None = None) -> dict[str, str | None]:
    """Return each check's name with what is wrong, or None. Synchronous; a check that raises counts as failed.

    `found` is filled while it goes on: the check that is being made has the value ASKING.
    """
    every: dict[str, Check] = {
        "database": _database,
        "migrations": _migrations,
        "journal": _journal,
        "writing": _writing,
        **_checks,
    }
    return _asked(every, {} if found is None else found)


def _asked(every: Mapping[str, Check], found: dict[str, str | None]) -> dict[str, str | None]:
    for name, check in every.items():
        found[name] = ASKING
        try:
            found[name] = check()
        except Exception as error:
            logger.warning("readiness check %s failed: %s", name, error)
            found[name] = f"{type(error).__name__}: it could not be checked"
    return found


def told() -> dict[str, Mapping[str, object]]:
    """What other parts tell for people, where they have anything to tell; one that raises is left out."""
    found: dict[str, Mapping[str, object]] = {}
    for name, details in _details.items():
        try:
            if said := details():
                found[name] = said
        except Exception as error:
            logger.warning("details of %s for readiness failed: %s", name, error)
    return found


async def alive(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers at all; asks nothing else."""
    return HttpResponse(
        b'{"status":"alive"}', content_type="application/json", headers={"Cache-Control": "no-store"}
    )


class _Round:
    """One look at everything, on a thread of its own; what is known of it can be told before it ends."""

    def __init__(self) -> None:
        self.found: dict[str, str | None] = {}
        self.warned: dict[str, str | None] = {}
        self.told: dict[str, Mapping[str, object]] = {}
        self.begun = time.monotonic()
        self.future: Future[None] = _thread.submit(self._run)

    def _run(self) -> None:
        try:
            self.found.update(checks(self.found))
            self.warned.update(_asked(_warnings, self.warned))
            self.told.update(told())
        finally:
            connections.close_all()


# A frozen database may keep a look waiting for minutes: whoever asks meanwhile waits a moment for the same one.
_thread = ThreadPoolExecutor(1, "windsock-readiness")
_round: _Round | None = None


def _forget() -> None:
    """In a forked child: the thread stayed behind in the parent."""
    global _thread, _round
    _thread, _round = ThreadPoolExecutor(1, "windsock-readiness"), None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


async def ready(request: HttpRequest) -> HttpResponse:
    """Answer 200 when every check is fine, else 503, within three seconds; either way each check with its result.

    What only warns makes the status "degraded", and decides nothing.
    """
    global _round
    current = _round
    if current is None or current.future.done():
        current = _round = _Round()
    done, _ = await asyncio.wait({asyncio.wrap_future(current.future)}, timeout=ANSWER_SECONDS)
    found, warned = dict(current.found), dict(current.warned)
    if not done:
        late = next((name for name, wrong in found.items() if wrong == ASKING), None)
        if late is not None:
            found[late] = (
                f"it has not answered for {time.monotonic() - current.begun:.0f} s; "
                "the database or its disk may be frozen"
            )
    good = not any(found.values())
    warnings = {name: wrong for name, wrong in warned.items() if wrong and wrong != ASKING}
    body = {
        "status": "not ready" if not good else "degraded" if warnings else "ready",
        "checks": {name: wrong or "ok" for name, wrong in found.items()},
        **({"warnings": warnings} if warnings else {}),
        **current.told,
    }
    return HttpResponse(
        msgspec.json.encode(body),
        status=200 if good else 503,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def _database() -> str | None:
    with connections[config().database].cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return None


def _migrations() -> str | None:
    alias = config().database
    if alias not in _migrated:
        executor = MigrationExecutor(connections[alias])
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if missing:
            return (
                f"{len(missing)} migrations are missing; run: windsock serve --migrate, or manage.py migrate"
            )
        _migrated.add(alias)
    return None


def _journal() -> str | None:
    journal.current().head()
    return None


def _writing() -> str | None:
    """Write something, unless this process has done so just now."""
    last = last_outcome(config().database)
    if last is not None and not last.wrong and time.monotonic() - last.at < PROBE_SECONDS:
        return None
    try:
        journal.current().probe(PROBE_BYTES if last is not None and last.wrong else 0)
    except JournalUnavailable as error:
        return f"nothing can be recorded: {error}"
    return None
