"""The server's end: frames in, commands out."""

import json
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windsock.protocol import commands
from windsock.protocol.commands import Close, PublishReport, Refuse, Subscribe
from windsock.protocol.messages import Limits, Pong
from windsock.protocol.positions import Position
from windsock.protocol.server_session import ServerSession, Terms, short


class Clock:
    """A clock that goes on when told."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def only(answer: tuple[commands.Command, ...]) -> commands.Command:
    (command,) = answer
    return command


def test_a_subscription_becomes_a_command_with_canonical_topics() -> None:
    session = ServerSession()
    command = only(
        session.receive(
            '{"type":"subscribe","id":"1","topics":["departures:KJFK","all","all"],"after":"e:7"}'
        )
    )

    assert command == Subscribe(("departures:JFK", "all"), "1", Position("e", 7), "every")
    assert session.topics == ("all", "departures:JFK")


def test_unsubscribing_leaves_the_other_topics() -> None:
    session = ServerSession()
    session.receive('{"type":"subscribe","topics":["departures:JFK","all"]}')

    assert only(
        session.receive('{"type":"unsubscribe","topics":["departures:KJFK"]}')
    ) == commands.Unsubscribe(("departures:JFK",))
    assert session.topics == ("all",)


def test_a_refused_subscription_changes_nothing() -> None:
    session = ServerSession()
    for frame in (
        '{"type":"subscribe","id":"1","topics":["all","weather:JFK"]}',
        '{"type":"subscribe","id":"2","topics":["all"],"after":"yesterday"}',
    ):
        assert isinstance(only(session.receive(frame)), Refuse)
    assert session.topics == ()


def test_a_report_needs_the_right_to_publish_and_the_right_may_come_and_go() -> None:
    session = ServerSession()
    refused = only(session.receive('{"type":"report","id":"1","report":{}}'))
    assert isinstance(refused, Refuse)
    assert (refused.error.code, refused.error.id) == ("forbidden", "1")
    assert "windsock.publish" in refused.error.message

    session.may_publish = True
    assert only(session.receive('{"type":"report","id":"2","report":{"flight":"DL1"}}')) == PublishReport(
        {"flight": "DL1"}, "2"
    )


def test_tickets_and_pings_become_commands() -> None:
    session = ServerSession()
    assert only(session.receive('{"type":"auth","id":"1","ticket":"t"}')) == commands.Authenticate("t", "1")
    ping = only(session.receive('{"type":"ping","id":"2"}'))
    assert isinstance(ping, commands.Ping)
    assert ping.message == Pong(id="2")


def test_a_plain_client_is_subscribed_at_once_and_quietly() -> None:
    assert ServerSession(plain=True).opened() == (Subscribe(("all",), quiet=True),)
    assert ServerSession(plain=True).opened(["departures:KJFK", ""]) == (
        Subscribe(("departures:JFK",), quiet=True),
    )
    assert ServerSession().opened(["all"]) == ()


def test_a_plain_client_with_an_unknown_topic_is_closed_with_the_reason() -> None:
    session = ServerSession(plain=True)
    close = only(session.opened(["weather:JFK"]))

    assert isinstance(close, Close)
    assert close.code == 4000
    assert "weather:JFK" in close.reason
    assert len(close.reason.encode()) <= 123
    assert session.receive("{}") == ()


def test_bare_json_of_a_plain_client_is_a_report_and_of_another_an_error() -> None:
    plain = ServerSession(plain=True, may_publish=True)
    assert only(plain.receive('{"flight":"DL1"}')) == PublishReport({"flight": "DL1"})
    other = only(ServerSession(may_publish=True).receive('{"flight":"DL1"}'))
    assert isinstance(other, Refuse)
    assert other.error.code == "unknown_type"


@pytest.mark.parametrize(
    ("frame", "fits"),
    [
        ("x" * 100, True),
        ("x" * 101, False),
        ("é" * 50, True),
        ("é" * 51, False),
        (b"x" * 100, True),
        (b"x" * 101, False),
    ],
)
def test_the_limit_of_a_message_is_counted_in_bytes(frame: str | bytes, fits: bool) -> None:
    command = only(ServerSession(terms=Terms(Limits(message_bytes=100))).receive(frame))

    assert isinstance(command, Refuse if fits else Close)
    if isinstance(command, Close):
        assert command.code == 1009


def test_messages_beyond_the_rate_close_and_the_rate_recovers_with_time() -> None:
    clock = Clock()
    session = ServerSession(terms=Terms(Limits(messages_per_minute=60), clock))
    for _ in range(60):
        assert isinstance(only(session.receive('{"type":"ping"}')), commands.Ping)
    clock.time = 2.0
    for _ in range(2):
        assert isinstance(only(session.receive("not even JSON")), Refuse)
    refusal, close = session.receive('{"type":"ping"}')
    assert isinstance(refusal, Refuse)
    assert refusal.error.retry_after == 5.0
    assert isinstance(close, Close)
    assert close.code == 4129
    clock.time = 1000.0
    assert session.receive('{"type":"ping"}') == ()


def test_more_topics_than_allowed_are_refused_and_known_ones_cost_nothing() -> None:
    session = ServerSession(terms=Terms(Limits(topics=2)))
    session.receive('{"type":"subscribe","topics":["departures:JFK","arrivals:JFK"]}')
    assert isinstance(only(session.receive('{"type":"subscribe","topics":["arrivals:JFK"]}')), Subscribe)
    refused = only(session.receive('{"type":"subscribe","id":"3","topics":["all"]}'))
    assert isinstance(refused, Refuse)
    assert (refused.error.code, refused.error.id) == ("too_many_topics", "3")


def test_welcome_and_head_say_what_the_session_knows() -> None:
    session = ServerSession(may_publish=True)
    now = datetime(2015, 1, 2, 14, 50, tzinfo=UTC)
    welcome = session.welcome(
        connection="c1",
        position=Position("e", 3),
        oldest=Position("e", 0),
        heartbeat_seconds=20,
        server_time=now,
    )
    session.sent, session.skipped = 5, 2
    head = session.head(position=Position("e", 9), server_time=now)

    assert (welcome.protocol, welcome.position, welcome.oldest) == ("windsock.v1.json", "e:3", "e:0")
    assert welcome.may_publish is True
    assert (head.position, head.sent, head.skipped) == ("e:9", 5, 2)


@given(st.lists(st.binary(max_size=60) | st.text(max_size=60), max_size=20), st.booleans())
def test_whatever_comes_is_answered_by_commands_and_never_by_an_exception(
    frames: list[bytes | str], plain: bool
) -> None:
    session = ServerSession(plain=plain)
    for frame in frames:
        for command in session.receive(frame):
            assert isinstance(command, commands.Command)
            if isinstance(command, Refuse):
                json.loads(json.dumps(command.error.message))


def test_ten_thousand_sessions_that_follow_the_same_board_share_their_topics_and_stay_small() -> None:
    sessions = [ServerSession() for _ in range(100)]
    for session in sessions:
        session.receive('{"type":"subscribe","topics":["departures:JFK"]}')

    assert len({id(session.topics) for session in sessions}) == 1
    assert sys.getsizeof(sessions[0]) < 160
    assert not hasattr(sessions[0], "__dict__")


def test_a_reason_fits_into_a_close_frame() -> None:
    assert short("done") == "done"
    assert len(short("é" * 200).encode()) <= 123
