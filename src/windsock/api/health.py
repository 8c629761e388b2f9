"""/healthz and /readyz: is the process alive, and can it serve requests?

Other parts add their own checks: `add_check("hub", check)`, where `check()` returns None or what is wrong.
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
"""Probes give up after a few seconds; a check that has not finished by then counts as failed."""

PROBE_SECONDS = 5.0
"""A write that succeeded this recently shows that writing works, whoever made it."""

PROBE_BYTES = 65_536
"""Written after a failed write: on a full disk, a single row may still fit where a batch of reports does not."""

PENDING = "not checked yet"
"""The value of a check that has not finished."""

Check = Callable[[], str | None]
_checks: dict[str, Check] = {}
_warnings: dict[str, Check] = {}
_details: dict[str, Callable[[], Mapping[str, object]]] = {}
# Databases known to be migrated: they stay so while this process runs, so each is checked until it is.
_migrated: set[str] = set()


def add_check(name: str, check: Check) -> None:
    """Add a readiness check. It is called in a thread, must be quick, and returns what is wrong, or None."""
    _checks[name] = check


def add_warning(name: str, check: Check) -> None:
    """Add a check whose failure makes the status "degraded" but leaves the process fit for requests."""
    _warnings[name] = check


def add_details(name: str, details: Callable[[], Mapping[str, object]]) -> None:
    """Add figures for people to the response; they do not affect it. Called in a thread, must be quick."""
    _details[name] = details


def _all_checks() -> dict[str, Check]:
    return {
        "database": _database,
        "migrations": _migrations,
        "journal": _journal,
        "writing": _writing,
        **_checks,
    }


def _run_all(every: Mapping[str, Check], found: dict[str, str | None]) -> None:
    """Run each check and put into `found` what is wrong, or None. A check that raises counts as failed."""
    for name, check in every.items():
        try:
            found[name] = check()
        except Exception as error:
            logger.warning("Readiness check %s raised: %s", name, error)
            found[name] = f"the check failed: {type(error).__name__}"


def details() -> dict[str, Mapping[str, object]]:
    """Return the figures that other parts have for people; leave out a part that has none or raises."""
    found: dict[str, Mapping[str, object]] = {}
    for name, figures_of in _details.items():
        try:
            if figures := figures_of():
                found[name] = figures
        except Exception as error:
            logger.warning("Readiness details of %s raised: %s", name, error)
    return found


async def alive(request: HttpRequest) -> HttpResponse:
    """Return 200 as long as the process responds at all; check nothing else."""
    return HttpResponse(
        b'{"status":"alive"}', content_type="application/json", headers={"Cache-Control": "no-store"}
    )


class _Round:
    """A run of all checks on a thread of its own; its results can be read before it ends."""

    def __init__(self) -> None:
        self._checks, self._warnings = _all_checks(), dict(_warnings)
        # A check that has not finished counts as failed, also where the thread has not even begun.
        self.found: dict[str, str | None] = dict.fromkeys(self._checks, PENDING)
        self.warned: dict[str, str | None] = {}
        self.details: dict[str, Mapping[str, object]] = {}
        self.begun = time.monotonic()
        self.future: Future[None] = _thread.submit(self._run)

    def _run(self) -> None:
        try:
            _run_all(self._checks, self.found)
            _run_all(self._warnings, self.warned)
            self.details.update(details())
        finally:
            connections.close_all()


# A frozen database may hold up a run for minutes: probes that come meanwhile wait a moment for the same run.
_thread = ThreadPoolExecutor(1, "windsock-readiness")
_round: _Round | None = None


def _forget() -> None:
    """Start afresh in a forked child: the thread stayed in the parent."""
    global _thread, _round
    _thread, _round = ThreadPoolExecutor(1, "windsock-readiness"), None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


async def ready(request: HttpRequest) -> HttpResponse:
    """Return 200 when every check passes, otherwise 503, within three seconds; list each check with its result.

    A warning makes the status "degraded" and does not change the status code.
    """
    global _round
    current = _round
    if current is None or current.future.done():
        current = _round = _Round()
    done, _ = await asyncio.wait({asyncio.wrap_future(current.future)}, timeout=ANSWER_SECONDS)
    found, warned = dict(current.found), dict(current.warned)
    if not done:
        late = next((name for name, wrong in found.items() if wrong == PENDING), None)
        if late is not None:
            found[late] = (
                f"no response for {time.monotonic() - current.begun:.0f} s; "
                "the database or its disk may be frozen"
            )
    good = not any(found.values())
    warnings = {name: wrong for name, wrong in warned.items() if wrong}
    body = {
        "status": "not ready" if not good else "degraded" if warnings else "ready",
        "checks": {name: wrong or "ok" for name, wrong in found.items()},
        **({"warnings": warnings} if warnings else {}),
        **current.details,
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
            return f"{len(missing)} migrations are not applied; run: windsock serve --migrate, or manage.py migrate"
        _migrated.add(alias)
    return None


def _journal() -> str | None:
    journal.current().head()
    return None


def _writing() -> str | None:
    """Check that something can be written, unless this process wrote successfully just now."""
    last = last_outcome(config().database)
    if last is not None and not last.wrong and time.monotonic() - last.at < PROBE_SECONDS:
        return None
    try:
        journal.current().probe(PROBE_BYTES if last is not None and last.wrong else 0)
    except JournalUnavailable as error:
        return f"nothing can be recorded: {error}"
    return None
