"""The worker processes under `serve --workers`: uvicorn's supervisor, with one deadline to start and one to answer.

uvicorn has a single setting for both (`timeout_worker_healthcheck`), waits that long for the answer of a worker that
has died meanwhile, and looks at no other worker while it waits. These are internal classes of uvicorn, so its minor
version is pinned.
"""

import time
from multiprocessing.connection import wait
from pickle import UnpicklingError
from socket import socket

from uvicorn import Config
from uvicorn.supervisors import Multiprocess, multiprocess

HEALTH_SECONDS = 5.0
"""A worker that serves must answer within this time, or it is replaced."""
LAST_LOOK_SECONDS = 0.5
"""Before a worker is replaced its answer is waited for this long: if the whole machine stood still, it had no turn."""


class Worker(multiprocess.Process):
    """A worker process. Looking at it does not wait, and one that has died is noticed at the next look."""

    def __init__(self, config: Config, sockets: list[socket]) -> None:
        super().__init__(config, sockets)
        self._serves = False
        self._asked_at: float | None = None  # set while a health check has no answer yet

    def is_alive(self, timeout: float = HEALTH_SECONDS) -> bool:
        """Return False if the worker has died or is late with its answer.

        `timeout` is for a worker that has not started serving yet; one that has gets HEALTH_SECONDS.
        """
        if not self.process.is_alive():
            return False
        if self.ping(0) or self._asked_at is None:
            return self.process.is_alive()
        late = time.monotonic() - self._asked_at > (HEALTH_SECONDS if self._serves else timeout)
        return not late or self.ping(LAST_LOOK_SECONDS)

    def _healthcheck(self, timeout: float) -> bool | None:
        # In place of uvicorn's: it ends when the process does, and asks again only after an answer, so that no late
        # answer can pass for that of a worker that hangs by now.
        try:
            if self._asked_at is None:
                self.parent_conn.send(b"ping")
                self._asked_at = time.monotonic()
            wait([self.parent_conn, self.process.sentinel], timeout)
            if not self.parent_conn.poll():
                return None
            started: bool = self.parent_conn.recv()
        except (OSError, EOFError, UnpicklingError):
            return None
        self._asked_at = None
        self._serves |= started
        return started


class Workers(Multiprocess):
    """uvicorn's supervisor over `Worker` processes."""

    def __init__(self, config: Config, sockets: list[socket]) -> None:
        super().__init__(config, sockets)
        # uvicorn has no other way to say which class its workers are of.
        multiprocess.Process = Worker  # type: ignore[misc]
