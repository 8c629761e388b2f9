"""Run duties: take and renew their leases on one thread, do each piece of work on a thread of its own.

Work that waits for a provider, a mail server or a slow disk thus holds up neither other work nor the renewal of the
leases. Work must tolerate being done twice: a process that was suspended for longer than a lease may finish what
another has started again.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import DatabaseError, InterfaceError, connections

from windsock.clock import Clock, system_clock
from windsock.duties import lease
from windsock.duties.duty import Duty, Work
from windsock.duties.models import DutyState
from windsock.errors import WindsockError

logger = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""How often a process looks for a duty that no process runs."""

RENEW_SECONDS = 5.0
"""A quarter of the lease: three renewals in a row may fail before another process takes over."""

REPORT_SECONDS = 30.0
"""How often success is recorded; a failure is recorded with the next renewal."""

BACK_OFF_SECONDS = (0.0, 1.0, 2.0, 5.0)
"""The least pause after n failures in a row, the last one for all that follow: short, for a database that returns."""

LOG_EVERY = 20
"""A failure that repeats is logged once in this many times."""

MAX_ERROR = 500
"""Characters of an error that are stored."""


@dataclass(slots=True)
class _Held:
    """A duty's state in this process."""

    duty: Duty
    until: datetime | None = None  # None: another process has it, or nobody yet
    failures: dict[str, int] = field(default_factory=dict)  # in a row, by work
    errors: dict[str, tuple[datetime, str]] = field(default_factory=dict)  # the newest, by work
    worked_at: datetime | None = None
    reported: tuple[object, ...] = ()
    reported_at: datetime | None = None


class Runner:
    """Runs a process's duties; call `start` once, `stop` at the end. A test calls `tick` instead, on its own thread."""

    def __init__(
        self,
        duties: Iterable[Duty],
        *,
        clock: Clock = system_clock,
        on_renewal: Callable[[], None] | None = None,
    ) -> None:
        """`on_renewal` is called with each renewal: for work that every process does, whichever duties it holds."""
        self._on_renewal = on_renewal
        self._held = {duty.name: _Held(duty) for duty in duties}
        self._clock = clock
        self._owner = lease.owner_name()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._renew_at = float("-inf")
        self._renewal_failing = False

    @property
    def names(self) -> list[str]:
        """The duties this process would run."""
        return list(self._held)

    def holds(self, name: str) -> bool:
        """Return whether this process has the duty's lease now."""
        until = self._held[name].until
        return until is not None and self._clock() < until

    def start(self) -> None:
        """Take free duties and start the threads, once. Not on an event loop's thread: it queries the database."""
        if self._threads or not self._held:
            return
        try:
            self._look()
        except Exception as error:
            logger.warning("Could not take any duty yet; retrying: %s", error)
        self._thread("leases", self._keep)
        for held in self._held.values():
            for work in held.duty.work:
                self._thread(f"{held.duty.name}.{work.name}", self._loop, held, work)

    def stop(self, timeout: float | None = 10.0) -> None:
        """Stop after the work in progress, and release the duties to other processes."""
        self._stop.set()
        ends = None if timeout is None else time.monotonic() + timeout
        for thread in self._threads:
            thread.join(None if ends is None else max(0.0, ends - time.monotonic()))

    def tick(self) -> None:
        """Do a round on this thread: the leases, then every piece of work of the duties this process holds."""
        self._look()
        for name, held in self._held.items():
            for work in held.duty.work:
                if self.holds(name) and not self._stop.is_set():
                    self._once(held, work)
        self._report()

    # Threads -------------------------------------------------------------------------------------------------------

    def _thread(self, name: str, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, name=f"windsock-{name}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _keep(self) -> None:
        wait = 0.0
        while not self._stop.wait(wait):
            wait = LOOK_SECONDS
            due = time.monotonic() >= self._renew_at
            if due or not all(held.until for held in self._held.values()):
                try:
                    self._look()
                    if due:
                        self._report()
                        if self._on_renewal is not None:
                            self._on_renewal()
                        self._renew_at = time.monotonic() + RENEW_SECONDS
                    self._renewal_failing = False
                except (WindsockError, DatabaseError, InterfaceError) as error:
                    # Once, not every two seconds while the database is unreachable; readiness reports it too.
                    logger.log(
                        logging.DEBUG if self._renewal_failing else logging.WARNING,
                        "Could not renew the duties' leases; retrying: %s",
                        error,
                    )
                    self._renewal_failing = True
                except Exception:
                    logger.exception("Could not renew the duties' leases; retrying")
                finally:
                    connections.close_all()
        try:
            self._report()
            lease.release(self._owner)
        except Exception as error:
            logger.warning(
                "Could not release the duties' leases (%s); they expire within %s.", error, lease.LEASE
            )
        finally:
            connections.close_all()

    def _loop(self, held: _Held, work: Work) -> None:
        wait = 0.0
        try:
            while not self._stop.wait(wait):
                if not self.holds(held.duty.name):
                    wait = min(max(work.seconds, 0.05), 0.5)
                    continue
                self._once(held, work)
                failures = held.failures.get(work.name, 0)
                wait = max(work.seconds, BACK_OFF_SECONDS[min(failures, len(BACK_OFF_SECONDS) - 1)])
                if failures or not work.keeps_connection:
                    connections.close_all()
        finally:
            connections.close_all()

    # Work ----------------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Renew this process's leases and take free duties."""
        now = self._clock()
        wanted = [
            name
            for name, held in self._held.items()
            if held.until is None or held.until - now < lease.LEASE * 0.75 or held.until - now > lease.LEASE
        ]
        ours = lease.take(wanted, self._owner, lease.shared_now(self._clock)) if wanted else set()
        for name in wanted:
            held, had = self._held[name], self._held[name].until is not None
            held.until = now + lease.LEASE if name in ours else None
            if (name in ours) != had:
                logger.info(
                    "Duty %s: this process %s", name, "runs it now" if name in ours else "no longer runs it"
                )

    def _once(self, held: _Held, work: Work) -> None:
        try:
            work.run()
        except (WindsockError, DatabaseError, InterfaceError) as error:
            self._failed(held, work, str(error), None)
        except Exception as error:
            self._failed(held, work, f"{type(error).__name__}: {error}", error)
        else:
            held.worked_at = self._clock()
            if held.failures.pop(work.name, 0):
                held.errors.pop(work.name, None)

    def _failed(self, held: _Held, work: Work, why: str, unexpected: Exception | None) -> None:
        failures = held.failures[work.name] = held.failures.get(work.name, 0) + 1
        why = " ".join(why.split())[:MAX_ERROR]
        if failures % LOG_EVERY == 1 or held.errors[work.name][1] != why:
            logger.warning(
                "%s: %s failed; retrying: %s", held.duty.title, work.name, why, exc_info=unexpected
            )
        held.errors[work.name] = (self._clock(), why)

    def _report(self) -> None:
        """Record the health of this process's duties where it has changed since it was last recorded."""
        now = self._clock()
        for name, held in self._held.items():
            if held.until is None:
                continue
            error_at, error = max(tuple(held.errors.values()), default=(None, ""))
            health = (sum(tuple(held.failures.values())), error, error_at)
            since = None if held.reported_at is None else (now - held.reported_at).total_seconds()
            if health != held.reported or since is None or not 0 <= since < REPORT_SECONDS:
                DutyState.objects.filter(name=name, owner=self._owner).update(
                    worked_at=held.worked_at, failures=health[0], error=health[1], error_at=health[2]
                )
                held.reported, held.reported_at = health, now
