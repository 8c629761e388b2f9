"""A server ends in time, whatever its clients do: here three hundred that read nothing and answer nothing."""

import signal
import time

import pytest

from tests.rawsocket import RawSocket
from tests.running_service import RunningService

CLIENTS = 300
SLACK_SECONDS = 8.0
"""For a machine that other tests load. A server that waits for its clients waits for good."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> RunningService:
    return RunningService.prepare(
        tmp_path_factory.mktemp("ends"),
        WINDSOCK_MAX_CONNECTIONS_PER_USER="1000",
        WINDSOCK_MAX_CONNECTIONS_PER_ADDRESS="1000",
    )


@pytest.mark.parametrize(("signal_", "seconds"), [(signal.SIGINT, 2.0), (signal.SIGTERM, 7.0)])
def test_it_ends_in_time_with_sockets_that_were_handed_over(
    service: RunningService, signal_: signal.Signals, seconds: float
) -> None:
    service.start()
    clients = [
        RawSocket.open(service.port, token=service.tokens["reader"], receive_buffer=4096)
        for _ in range(CLIENTS)
    ]
    for client in clients:
        client.text('{"type":"subscribe","id":"1","topics":["all"]}')
    assert clients[-1].message("snapshot")
    assert service.process is not None
    began = time.monotonic()
    service.process.send_signal(signal_)
    try:
        service.process.wait(90)
    finally:
        service.stop()
    took = time.monotonic() - began
    assert took < seconds + SLACK_SECONDS, f"{took:.1f} s"
    log = service.log.read_text()
    assert "Cancel" not in log
    assert "Traceback" not in log, log[-2000:]
    assert service.process.returncode == 0
