"""How the supervisor judges a worker process: one that starts, serves, hangs or is killed."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from uvicorn import Config

from tests.services import wait_until
from windsock.cli import workers
from windsock.cli.workers import Worker

PATIENCE = 60.0  # longer than any of these tests may take, so that waiting for it would be seen


class Idle(Worker):
    """A real process that answers health checks as uvicorn's does, without a server to load."""

    def target(self, sockets: object = None) -> None:
        self.server.started = True
        super().always_pong()


class Silent(Worker):
    """A real process that never answers, as one that is still importing."""

    def target(self, sockets: object = None) -> None:
        threading.Event().wait()


@pytest.fixture
def start() -> Iterator[Callable[[type[Worker]], Worker]]:
    started: list[Worker] = []

    def begin(kind: type[Worker]) -> Worker:
        worker = kind(Config("tests.echo_app:app", log_config=None), [])
        worker.start()
        started.append(worker)
        return worker

    yield begin
    for worker in started:
        worker.kill()
        worker.join()


def serving(start: Callable[[type[Worker]], Worker]) -> Worker:
    worker = start(Idle)
    assert worker.wait_until_ready(PATIENCE)
    return worker


def test_a_worker_that_is_killed_while_it_is_asked_is_noticed_at_once(
    start: Callable[[type[Worker]], Worker],
) -> None:
    worker = serving(start)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGSTOP)
    answers: list[bool] = []
    asking = threading.Thread(target=lambda: answers.append(worker.ping(PATIENCE)))
    asking.start()
    wait_until(lambda: worker._asked_at is not None, 10, "the question")
    os.kill(worker.pid, signal.SIGKILL)
    asking.join(PATIENCE / 2)
    assert answers == [False]
    # A process closes its pipes a moment before the system lets its parent know of its end.
    wait_until(lambda: not worker.is_alive(PATIENCE), 10, "the end of the process")


def test_a_worker_that_hangs_is_alive_for_its_deadline_and_looking_at_it_does_not_wait(
    start: Callable[[type[Worker]], Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "HEALTH_SECONDS", 1.0)
    worker = serving(start)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGSTOP)
    began = time.monotonic()
    looks = 0
    while worker.is_alive(PATIENCE):
        looks += 1
        assert time.monotonic() - began < PATIENCE / 2
    assert looks > 20  # a supervisor that waited in each would have had one or two
    assert time.monotonic() - began >= 1.0


def test_a_worker_that_answers_late_but_in_time_stays(start: Callable[[type[Worker]], Worker]) -> None:
    worker = serving(start)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGSTOP)
    assert worker.is_alive(PATIENCE)
    os.kill(worker.pid, signal.SIGCONT)
    wait_until(lambda: worker.is_alive(PATIENCE) and worker._asked_at is None, 20, "the answer")


def test_after_a_standstill_of_everything_an_answer_is_waited_for_a_moment(
    start: Callable[[type[Worker]], Worker],
) -> None:
    worker = serving(start)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGSTOP)
    assert worker.is_alive(PATIENCE)
    assert worker._asked_at is not None
    worker._asked_at -= 1_000
    os.kill(worker.pid, signal.SIGCONT)
    assert worker.is_alive(PATIENCE)


def test_a_worker_that_starts_has_the_longer_deadline(start: Callable[[type[Worker]], Worker]) -> None:
    worker = start(Silent)
    assert worker.is_alive(PATIENCE)
    assert worker._asked_at is not None
    worker._asked_at -= workers.HEALTH_SECONDS + 1
    assert worker.is_alive(PATIENCE)
    worker._asked_at -= PATIENCE
    assert not worker.is_alive(PATIENCE)
