"""The blocking client against a real socket, served from a thread."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from tests.unit.client.service import LocalService
from windsock.client.sync import connect
from windsock.errors import AccessDenied, ClientError, NotReachable
from windsock.protocol.client_outputs import State

DL = "DL1865.2015-01-02.ATL"


class Served:
    """A LocalService in a thread; `do` runs one of its coroutines there."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.service = LocalService(token="s3cret")
        self.do(self.service.start())

    def do(self, work: object) -> object:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)  # type: ignore[arg-type]


@pytest.fixture
def served() -> Iterator[Served]:
    served = Served()
    yield served
    served.do(served.service.stop())
    served.loop.call_soon_threadsafe(served.loop.stop)
    served.thread.join(60)


def test_the_same_names_block(served: Served) -> None:
    served.do(served.service.happen("dl1865-v1"))
    with connect(served.service.url, token="s3cret", topics=["departures:ATL"]) as client:
        assert client.state is State.LIVE
        assert client.board[DL].version == 1
        served.do(served.service.happen("dl1865-v2"))
        event = next(iter(client))
        assert event.flight.version == 2
        assert client.report({"state": "dl1865-v3"}).version == 3
        client.subscribe("departures:JFK")
        assert client.topics == {"departures:ATL", "departures:JFK"}
    assert list(client) == []


def test_errors_are_raised_where_they_belong(served: Served) -> None:
    with pytest.raises(AccessDenied), connect(served.service.url, token="wrong"):
        pass
    with pytest.raises(NotReachable), connect("ws://127.0.0.1:9"):
        pass
    with pytest.raises(ClientError, match="not connected"):
        _ = connect(served.service.url).board


def test_no_thread_stays_behind(served: Served) -> None:
    for _ in range(3):
        with connect(served.service.url, token="s3cret"):
            pass
    assert not [thread for thread in threading.enumerate() if thread.name == "windsock-client"]
