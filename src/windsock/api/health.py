"""/healthz and /readyz: is the process alive, and should it be sent requests?

Other parts add what they know: `add_check("hub", check)`, where `check()` answers None, or what is wrong.
"""

import logging
from collections.abc import Callable, Mapping

import msgspec
from asgiref.sync import sync_to_async
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse

from windsock.api.journal import journal
from windsock.conf import config

logger = logging.getLogger(__name__)

Check = Callable[[], str | None]
_checks: dict[str, Check] = {}
_details: dict[str, Callable[[], Mapping[str, object]]] = {}
# Once migrated, a database stays migrated while this process lives: asked until the answer is yes.
_migrated: set[str] = set()


def add_check(name: str, check: Check) -> None:
    """Adds to readiness. `check` is called in a thread, must be quick, and says what is wrong (or None)."""
    _checks[name] = check


def add_details(name: str, details: Callable[[], Mapping[str, object]]) -> None:
    """Adds figures for people to the answer; they decide nothing. Called in a thread, must be quick."""
    _details[name] = details


def checks() -> dict[str, str | None]:
    """Each check's name with what is wrong, or None. Synchronous; a check that raises counts as failed."""
    every: dict[str, Check] = {
        "database": _database,
        "migrations": _migrations,
        "journal": _journal,
        **_checks,
    }
    found: dict[str, str | None] = {}
    for name, check in every.items():
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


async def ready(request: HttpRequest) -> HttpResponse:
    """200 when every check is fine, else 503; either way each check with its result."""
    found = await sync_to_async(checks)()
    good = not any(found.values())
    body = {
        "status": "ready" if good else "not ready",
        "checks": {name: wrong or "ok" for name, wrong in found.items()},
        **await sync_to_async(told)(),
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
    journal().head()
    return None
