"""The asyncio client against a real socket."""

import asyncio

import pytest

from tests.unit.client.service import LocalService, flight, until
from windsock.client import connect
from windsock.errors import (
    AccessDenied,
    AmbiguousFlight,
    ClientError,
    InvalidReport,
    JournalUnavailable,
    NotReachable,
    SessionEnded,
)
from windsock.protocol.backoff import BackOff
from windsock.protocol.client_outputs import Loaded, Noticed, Problem, State, StateChanged, Stopped
from windsock.protocol.messages import Error

AT_ONCE = BackOff(random=lambda: 0.0)
DL, B6 = "DL1865.2015-01-02.ATL", "B6711.2015-01-02.JFK"


async def test_entering_waits_for_the_board() -> None:
    async with LocalService() as service:
        await service.happen("dl1865-v2")
        async with connect(service.url, topics=["departures:KATL"]) as client:
            assert client.state is State.LIVE
            assert dict(client.board) == {DL: flight("dl1865-v2")}
            assert client.topics == {"departures:ATL"}


async def test_events_come_in_order_and_the_board_is_already_current() -> None:
    async with LocalService() as service, connect(service.url) as client:
        for name in ("dl1865-v1", "b6711-v1", "dl1865-v2", "b6711-v2"):
            await service.happen(name)
        seen = []
        async for event in client:
            assert client.board[event.flight.id].version >= event.flight.version
            seen.append(event.position)
            if len(seen) == 4:
                break
        assert seen == ["t3st:1", "t3st:2", "t3st:3", "t3st:4"]
        assert client.position == "t3st:4"


async def test_a_broken_connection_is_resumed_without_a_missed_event() -> None:
    async with LocalService() as service:
        await service.happen("dl1865-v1")
        async with connect(service.url, backoff=BackOff(random=lambda: 0.2)) as client:
            service.cut()
            await until(lambda: client.state is not State.LIVE)
            await service.happen("dl1865-v2")
            await service.happen("b6711-v1")
            await until(lambda: client.state is State.LIVE)
            await service.happen("dl1865-v3")
            await until(lambda: client.position == "t3st:4")
            assert {id: f.version for id, f in client.board.items()} == {DL: 3, B6: 1}
            await service.beat()
            await service.beat()
        assert service.handshakes == 2


async def test_a_restarted_service_is_found_again() -> None:
    async with LocalService() as service:
        async with connect(service.url, backoff=BackOff(random=lambda: 0.05)) as client:
            await service.stop()
            await until(lambda: client.state is State.CONNECTING)
            await service.start()
            await service.happen("dl1865-v1")
            await until(lambda: DL in client.board)


async def test_a_moving_server_is_left_only_once_the_new_connection_is_live() -> None:
    async with LocalService() as service:
        await service.happen("dl1865-v1")
        async with connect(service.url) as client:
            await service.move(0.1)
            # The client moves after a moment of its own choice, perhaps between two looks.
            await until(lambda: client.state is State.MOVING or service.handshakes == 2)
            await service.happen("dl1865-v2")
            await until(lambda: client.state is State.LIVE and len(service.sessions) == 1)
            await service.happen("dl1865-v3")
            await until(lambda: client.board[DL].version == 3)
            positions = []
            async for event in client:
                positions.append(event.position)
                if event.position == "t3st:3":
                    break
            assert positions == ["t3st:2", "t3st:3"]


async def test_a_report_is_awaited_and_its_event_reaches_the_sender() -> None:
    async with LocalService() as service, connect(service.url) as client:
        recorded = await client.report({"state": "dl1865-v1"})
        assert recorded.flight == DL
        assert recorded.position == "t3st:1"
        assert client.board[DL].version == 1


@pytest.mark.parametrize(
    ("code", "exception"),
    [
        ("ambiguous_flight", AmbiguousFlight),
        ("invalid_report", InvalidReport),
        ("forbidden", AccessDenied),
        ("unavailable", JournalUnavailable),
    ],
)
async def test_a_refused_report_raises_what_it_means(code: str, exception: type[Exception]) -> None:
    async with LocalService() as service, connect(service.url) as client:
        service.answer = Error(code=code, message="No.", candidates=["DL1865.2015-01-02.ATL"])
        with pytest.raises(exception, match=r"No\."):
            await client.report({"flight": "DL1865"})


async def test_a_report_without_an_answer_gives_up_in_time() -> None:
    async with LocalService() as service, connect(service.url) as client:
        with pytest.raises(NotReachable, match="No answer"):
            await client.report({"never": "answered"}, timeout=0.05)


async def test_without_the_right_token_the_door_stays_shut() -> None:
    async with LocalService(token="s3cret") as service:
        async with connect(service.url, token="s3cret") as client:
            assert client.state is State.LIVE
        with pytest.raises(AccessDenied, match="403"):
            async with connect(service.url, token="wrong"):
                pass


async def test_nobody_listening_is_said_at_once() -> None:
    with pytest.raises(NotReachable, match=r"Nobody listens at ws://127\.0\.0\.1:9/ws/flight-delay/"):
        async with connect("ws://127.0.0.1:9"):
            pass


async def test_a_patient_client_waits_for_the_service() -> None:
    async with LocalService() as service:
        service.refuse_next = [503, 500]
        async with connect(service.url, patient=True, backoff=AT_ONCE) as client:
            assert client.state is State.LIVE
        assert service.handshakes == 3


async def test_a_topic_that_the_server_refuses_is_said_on_entering() -> None:
    async with LocalService() as service:
        with pytest.raises(ClientError, match="XQZ"):
            async with connect(service.url, topics=["departures:XQZ"]):
                pass


async def test_topics_come_and_go() -> None:
    async with LocalService() as service:
        await service.happen("dl1865-v1")
        await service.happen("b6711-v1")
        async with connect(service.url, topics=["departures:ATL"]) as client:
            client.subscribe("departures:JFK")
            await until(lambda: set(client.board) == {DL, B6})
            client.unsubscribe("departures:ATL")
            assert set(client.board) == {B6}


async def test_notices_problems_and_states_are_told_as_updates() -> None:
    async with LocalService() as service, connect(service.url) as client:
        await service.notice({"text": "hello"})
        client.subscribe("departures:XQZ")
        seen: list[object] = []
        async for news in client.updates():
            seen.append(news)
            if isinstance(news, Problem):
                break
    kinds = [type(news) for news in seen]
    assert kinds == [Loaded, StateChanged, Noticed, Problem]


@pytest.mark.parametrize(
    ("code", "exception"), [(4000, SessionEnded), (4003, AccessDenied), (4077, SessionEnded)]
)
async def test_a_code_that_says_stop_ends_the_iteration_with_an_error(
    code: int, exception: type[Exception]
) -> None:
    async with LocalService() as service, connect(service.url) as client:
        await service.drop(code)
        with pytest.raises(exception):
            async for _ in client:
                pass
        assert client.state is State.CLOSED
        assert service.handshakes == 1
        with pytest.raises(ClientError, match="closed"):
            await client.report({})


async def test_closing_ends_the_iteration_and_leaves_no_task() -> None:
    async with LocalService() as service:
        before = asyncio.all_tasks()
        async with connect(service.url) as client:

            async def read() -> list[object]:
                return [news async for news in client.updates()]

            reading = asyncio.create_task(read())
            await asyncio.sleep(0)
        assert isinstance((await reading)[-1], Stopped)
        await until(lambda: not service.sessions)
        await until(lambda: asyncio.all_tasks() <= before)


async def test_an_expiring_right_is_renewed_by_a_fresh_ticket() -> None:
    async def ticket() -> str:
        return "fresh"

    async with LocalService() as service, connect(service.url, ticket=ticket):
        await service.expire()
        await until(lambda: service.tickets == ["fresh"])


async def test_a_silent_server_is_given_up() -> None:
    async with LocalService(heartbeat=0.2) as service, connect(service.url, backoff=AT_ONCE):
        await until(lambda: service.handshakes >= 2)


async def test_a_service_that_does_not_speak_our_protocol_is_named() -> None:
    async with LocalService() as service:
        with pytest.raises(ClientError, match="no Windsock at this address"):
            async with connect(service.url + "/elsewhere"):
                pass
