"""Messages to bytes and back, and what is said about what cannot be read."""

import json
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from windsock.errors import ProtocolError
from windsock.protocol import messages
from windsock.protocol.codec import (
    decode_client,
    decode_server,
    encode,
    event_frame,
    request_id,
    snapshot_frames,
)
from windsock.protocol.positions import Position


def refusal(frame: str | bytes, *, plain: bool = False) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        decode_client(frame, plain=plain)
    return caught.value


def test_absent_fields_do_not_appear_and_times_end_in_z() -> None:
    head = messages.Head(
        position="e:1", sent=2, skipped=0, server_time=datetime(2015, 1, 2, 13, 55, tzinfo=UTC)
    )

    assert json.loads(encode(head)) == {
        "type": "head",
        "position": "e:1",
        "sent": 2,
        "skipped": 0,
        "server_time": "2015-01-02T13:55:00Z",
    }
    assert encode(messages.Pong()) == b'{"type":"pong"}'


@pytest.mark.parametrize(
    "message",
    [
        messages.Subscribe(id="1", topics=["all"], after="e:1", mode="latest"),
        messages.Unsubscribe(id=2, topics=["departures:JFK"]),
        messages.SendReport(id="3", report={"flight": "DL1865"}),
        messages.Auth(ticket="t"),
        messages.Ping(),
    ],
)
def test_what_a_client_says_comes_back_the_same(message: messages.ClientMessage) -> None:
    assert decode_client(encode(message)) == message


@pytest.mark.parametrize(
    ("frame", "code", "says"),
    [
        ("", "malformed", "is not JSON"),
        ("{", "malformed", "is not JSON"),
        ("NaN", "malformed", "Send one JSON object per frame"),
        (b"\xff\xfe{}", "malformed", "is not JSON"),
        ('{"a":"\ud800"}'.encode(errors="surrogatepass"), "malformed", "is not JSON"),
        ("[" * 50_000, "malformed", "nested too deeply"),
        ("null", "malformed", "The frame is null, but a message is a JSON object"),
        ("{}", "unknown_type", "has no `type`. Add one of: subscribe, unsubscribe, report, auth, ping."),
        ('{"type":"subscibe"}', "unknown_type", "Did you mean 'subscribe'?"),
        ('{"type":["ping"]}', "unknown_type", 'no message of type ["ping"]'),
        ('{"type":"event"}', "unknown_type", 'no message of type "event"'),
        ('{"type":"subscribe"}', "invalid_message", "missing required field `topics`"),
        ('{"type":"subscribe","topics":[]}', "invalid_message", "topics is []"),
        (
            '{"type":"subscribe","topics":["all",7]}',
            "invalid_message",
            "topics[1] is 7. Expected `str`, got `int`",
        ),
        ('{"type":"subscribe","topics":["all"],"aftr":"e:1"}', "invalid_message", "Did you mean 'after'?"),
        ('{"type":"subscribe","topics":["all"],"mode":"some"}', "invalid_message", 'mode is "some"'),
        ('{"type":"subscribe","topics":["%s"]}' % ("x" * 81), "invalid_message", "length <= 80"),
        ('{"type":"ping","id":1.5}', "invalid_message", "id is 1.5"),
        ('{"type":"ping","id":null}', "invalid_message", "id is null"),
        ('{"type":"report","report":"DL1865"}', "invalid_message", 'report is "DL1865"'),
    ],
)
def test_what_cannot_be_read_is_explained(frame: str | bytes, code: str, says: str) -> None:
    error = refusal(frame)

    assert error.code == code
    assert says in error.message
    assert len(error.message) < 400


def test_in_plain_mode_an_object_without_a_type_is_a_report() -> None:
    assert decode_client('{"flight":"DL1865"}', plain=True) == messages.SendReport(
        report={"flight": "DL1865"}
    )
    assert decode_client('{"type":"ping"}', plain=True) == messages.Ping()
    assert refusal("[]", plain=True).code == "malformed"
    assert refusal('{"type":"none"}', plain=True).code == "unknown_type"


@given(st.binary(max_size=200))
def test_whatever_comes_is_a_message_or_a_protocol_error(frame: bytes) -> None:
    try:
        decode_client(frame)
    except ProtocolError:
        pass


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    )
)
def test_any_json_in_a_field_is_a_message_or_a_protocol_error(value: object) -> None:
    for name in ("topics", "id", "after", "mode", "type"):
        frame = json.dumps({"type": "subscribe", "topics": ["all"], name: value})
        try:
            decode_client(frame)
        except ProtocolError:
            pass


def test_the_id_of_an_unreadable_message_is_found_where_there_is_one() -> None:
    assert request_id('{"id":"7","type":"?"}') == "7"
    assert request_id('{"id":7}') == 7
    for frame in ("{", "[]", "{}", '{"id":true}', '{"id":null}', '{"id":"%s"}' % ("x" * 65)):
        assert request_id(frame) is msgspec.UNSET


def test_a_client_passes_over_what_a_newer_server_says() -> None:
    assert decode_server('{"type":"weather","data":1}') is None
    assert decode_server('{"type":"pong","id":"1","mood":"fine"}') == messages.Pong(id="1")
    with pytest.raises(ProtocolError, match="missing required field"):
        decode_server('{"type":"moving"}')
    with pytest.raises(ProtocolError):
        decode_server('{"no":"type"}')


def test_an_event_frame_is_the_journals_body_behind_its_position() -> None:
    frame = event_frame("k3v9q2", 7, b'"flight":{},"changes":[],"recorded_at":"2015-01-02T13:55:00Z"}')

    assert json.loads(frame) == {
        "type": "event",
        "position": "k3v9q2:7",
        "flight": {},
        "changes": [],
        "recorded_at": "2015-01-02T13:55:00Z",
    }


@given(st.lists(st.integers(1, 50), max_size=30), st.integers(1, 200))
def test_a_snapshot_in_parts_holds_every_flight_once_and_in_order(sizes: list[int], part_bytes: int) -> None:
    flights = [b'"%s"' % (b"x" * size) for size in sizes]
    frames = [
        json.loads(frame)
        for frame in snapshot_frames(["all"], Position("e", 3), flights, id="1", part_bytes=part_bytes)
    ]

    assert [flight for frame in frames for flight in frame["flights"]] == [
        json.loads(flight) for flight in flights
    ]
    assert [frame["part"] for frame in frames] == list(range(1, len(frames) + 1))
    assert {frame["parts"] for frame in frames} == {len(frames)}
    assert all(frame["position"] == "e:3" and frame["id"] == "1" for frame in frames)
    assert all(
        len(frame["flights"]) == 1 or len(json.dumps(frame["flights"])) <= part_bytes + 200
        for frame in frames
    )


def test_a_snapshot_without_flights_is_one_part_and_without_an_id_has_none() -> None:
    (frame,) = snapshot_frames(["all"], Position("e", 3), [])

    assert json.loads(frame) == {
        "type": "snapshot", "topics": ["all"], "position": "e:3", "part": 1, "parts": 1, "flights": [],
    }  # fmt: skip


def test_every_message_has_its_own_type_and_a_sentence_about_it() -> None:
    kinds = (*messages.CLIENT_MESSAGES, *messages.SERVER_MESSAGES)

    assert len({kind.__struct_config__.tag for kind in kinds}) == len(kinds) == 17
    assert all(kind.__doc__ for kind in kinds)
