"""A server ends in time, whatever its clients do: here three hundred that read nothing and answer nothing."""

import signal
import time

import pytest

from tests.rawsocket import RawSocket
from tests.running_service import RunningService

CLIENTS = 300


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
        service.process.wait(30)
    finally:
        service.stop()
    took = time.monotonic() - began
    assert took < seconds + 1.5, f"{took:.1f} s"  # a busy machine's second and a half
    log = service.log.read_text()
    assert "Cancel" not in log
    assert "Traceback" not in log, log[-2000:]
    assert service.process.returncode == 0
