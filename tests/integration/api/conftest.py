"""The ready-made service as a real process, one per module: on SQLite unless a module says otherwise."""

from collections.abc import Iterator

import pytest

from tests.running_service import RunningService


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """The service on SQLite, running while this module's tests do."""
    running = RunningService.prepare(tmp_path_factory.mktemp("service"))
    running.start()
    yield running
    running.stop()
