"""What bytes mean to a server, by the RFC's words; each name says the section of RFC 6455."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from windsock.live.core.frames import frame
from windsock.live.transport.framing import (
    Closing,
    Fragment,
    Message,
    MessageReader,
    Ping,
    Pong,
    Received,
    close_frame,
    ping_frame,
    pong_frame,
)

TEXT, BINARY, CONT, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10
KEY = b"\x37\xfa\x21\x3d"


def masked(
    payload: bytes = b"", opcode: int = TEXT, *, fin: bool = True, rsv: int = 0, key: bytes = KEY
) -> bytes:
    """A frame as a client sends it."""
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", first, 0x80 | size)
    elif size < 65_536:
        head = struct.pack("!BBH", first, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", first, 0x80 | 127, size)
    return head + key + bytes(byte ^ key[at % 4] for at, byte in enumerate(payload))


def read(*chunks: bytes, max_size: int = 1 << 20) -> list[Received]:
    reader = MessageReader(max_size)
    return [received for chunk in chunks for received in reader.feed(chunk)]


def closed_with(*chunks: bytes, max_size: int = 1 << 20) -> int:
    last = read(*chunks, max_size=max_size)[-1]
    assert isinstance(last, Closing)
    assert not last.by_peer
    return last.code


# --- 5.1, 5.3: masking ------------------------------------------------------------------------------------


def test_5_1_an_unmasked_frame_from_a_client_is_a_protocol_error() -> None:
    assert closed_with(frame(b"hello")) == 1002


@pytest.mark.parametrize("key", [b"\0\0\0\0", b"\xff\xff\xff\xff", KEY])
def test_5_3_any_masking_key_gives_the_same_payload(key: bytes) -> None:
    assert read(masked("Hé, 12".encode(), key=key)) == [Message("Hé, 12")]


# --- 5.2: the frame ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 128, 65_535, 65_536, 70_000])
def test_5_2_every_length_is_read(size: int) -> None:
    assert read(masked(b"*" * size)) == [Message("*" * size)]
    assert read(masked(b"\xfe" * size, BINARY)) == [Message(b"\xfe" * size)]


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_5_2_every_length_is_written_in_its_shortest_form_and_unmasked(size: int) -> None:
    written = frame(b"x" * size)
    assert written.endswith(b"x" * size)
    assert len(written) - size == (2 if size < 126 else 4 if size < 65_536 else 10)
    assert written[0] == 0x81
    assert not written[1] & 0x80


@pytest.mark.parametrize("rsv", range(1, 8))
@pytest.mark.parametrize("opcode", [TEXT, BINARY, PING, CLOSE])
def test_5_2_a_reserved_bit_without_an_extension_is_a_protocol_error(rsv: int, opcode: int) -> None:
    assert closed_with(masked(b"", opcode, rsv=rsv)) == 1002


@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
def test_5_2_a_reserved_opcode_is_a_protocol_error(opcode: int) -> None:
    assert closed_with(masked(b"x", opcode)) == 1002


def test_5_2_what_was_good_before_the_error_was_received() -> None:
    assert read(masked(b"one") + masked(b"", 3) + masked(b"two"))[0] == Message("one")
    assert len(read(masked(b"one") + masked(b"", 3) + masked(b"two"))) == 2


# --- 5.4: fragments ---------------------------------------------------------------------------------------


def test_5_4_fragments_make_one_message() -> None:
    chunks = masked(b"one ", fin=False), masked(b"", CONT, fin=False), masked(b"whole", CONT)
    assert read(*chunks) == [Fragment(), Fragment(), Message("one whole")]


def test_5_4_control_frames_may_come_between_fragments() -> None:
    chunks = masked(b"a", BINARY, fin=False), masked(b"p", PING), masked(b"", PONG), masked(b"b", CONT)
    assert read(*chunks) == [Fragment(), Ping(b"p"), Pong(), Message(b"ab")]


def test_5_4_a_continuation_of_nothing_is_a_protocol_error() -> None:
    assert closed_with(masked(b"x", CONT)) == 1002
    assert closed_with(masked(b"x", CONT, fin=False)) == 1002
    assert closed_with(masked(b"a", fin=False), masked(b"b", CONT), masked(b"c", CONT)) == 1002


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_5_4_a_new_message_inside_a_fragmented_one_is_a_protocol_error(opcode: int) -> None:
    assert closed_with(masked(b"a", fin=False), masked(b"b", opcode)) == 1002


def test_5_4_a_hundred_thousand_empty_fragments_take_no_memory() -> None:
    reader = MessageReader(100)
    list(reader.feed(masked(b"", fin=False)))
    empty = masked(b"", CONT, fin=False) * 1000
    for _ in range(100):
        list(reader.feed(empty))
    assert not reader._parts
    assert list(reader.feed(masked(b"x", CONT))) == [Message("x")]


# --- 5.5: control frames ----------------------------------------------------------------------------------


@pytest.mark.parametrize("opcode", [PING, PONG, CLOSE])
def test_5_5_a_control_frame_is_neither_long_nor_fragmented(opcode: int) -> None:
    assert closed_with(masked(b"x" * 126, opcode)) == 1002
    assert closed_with(masked(b"\x03\xe8", opcode, fin=False)) == 1002


def test_5_5_1_after_a_close_frame_nothing_is_read() -> None:
    reader = MessageReader(100)
    sent = masked(struct.pack("!H", 1000) + b"bye", CLOSE) + masked(b"late")
    assert list(reader.feed(sent)) == [Closing(1000, "bye", by_peer=True)]
    assert list(reader.feed(masked(b"later"))) == []


def test_5_5_1_a_close_frame_may_be_empty_but_not_have_one_byte() -> None:
    assert read(masked(b"", CLOSE)) == [Closing(1005, by_peer=True)]
    assert closed_with(masked(b"\x03", CLOSE)) == 1002


def test_5_5_1_ours_is_empty_for_1005_and_its_reason_is_cut_to_valid_utf_8() -> None:
    assert close_frame(1005) == b"\x88\x00"
    assert close_frame(4108, "too slow") == b"\x88\x0a" + struct.pack("!H", 4108) + b"too slow"
    long = close_frame(4000, "é" * 100)
    assert len(long) <= 2 + 125
    assert long[4:].decode() == "é" * 61


def test_5_5_2_and_5_5_3_a_ping_keeps_its_payload_up_to_125_bytes() -> None:
    assert read(masked(b"\xff" * 125, PING)) == [Ping(b"\xff" * 125)]
    assert pong_frame(b"abc") == b"\x8a\x03abc"
    assert ping_frame() == b"\x89\x00"


# --- 7.4: close codes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999]
)
def test_7_4_codes_that_may_be_sent_are_taken(code: int) -> None:
    assert read(masked(struct.pack("!H", code) + b"why", CLOSE)) == [Closing(code, "why", by_peer=True)]


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535])
def test_7_4_codes_that_must_not_be_sent_are_a_protocol_error(code: int) -> None:
    assert closed_with(masked(struct.pack("!H", code), CLOSE)) == 1002


# --- 8.1, 10.4: UTF-8 and size ----------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xce"])
def test_8_1_text_that_is_not_utf_8_is_closed_with_1007(wrong: bytes) -> None:
    assert closed_with(masked(b"ok " + wrong)) == 1007
    assert closed_with(masked(b"ok ", fin=False), masked(wrong, CONT)) == 1007
    assert closed_with(masked(struct.pack("!H", 1000) + wrong, CLOSE)) == 1007
    assert read(masked(wrong, BINARY)) == [Message(wrong)]


def test_8_1_a_character_may_be_split_over_fragments() -> None:
    text = "κόσμε 🛬"
    data = text.encode()
    for at in range(len(data) + 1):
        chunks = masked(data[:at], fin=False), masked(data[at:], CONT)
        assert read(*chunks)[-1] == Message(text)


def test_8_1_what_can_no_longer_become_utf_8_is_refused_with_its_fragment() -> None:
    assert closed_with(masked(b"\xce\xba\xe1", fin=False), masked(b"\xf4\x90", CONT, fin=False)) == 1007


def test_10_4_a_message_above_the_limit_is_closed_with_1009_before_it_is_kept() -> None:
    assert read(masked(b"x" * 100), max_size=100) == [Message("x" * 100)]
    assert closed_with(masked(b"x" * 101)[:2], max_size=100) == 1009
    assert closed_with(masked(b"x" * 60, fin=False), masked(b"x" * 60, CONT), max_size=100) == 1009
    announced = struct.pack("!BBQ", 0x81, 0x80 | 127, 2**62)
    assert closed_with(announced, max_size=100) == 1009


def test_between_messages_nothing_is_kept() -> None:
    reader = MessageReader(100)
    assert reader.idle
    list(reader.feed(masked(b"abc")[:3]))
    assert not reader.idle
    list(reader.feed(masked(b"abc")[3:]))
    assert reader.idle
    list(reader.feed(masked(b"abc", fin=False)))
    assert not reader.idle


# --- However the bytes are cut ----------------------------------------------------------------------------

FRAMES = st.builds(
    masked,
    st.binary(max_size=140),
    st.sampled_from([CONT, TEXT, BINARY, PING, PONG, CLOSE, 3]),
    fin=st.booleans(),
    rsv=st.sampled_from([0, 0, 0, 0, 0, 1]),
    key=st.binary(min_size=4, max_size=4),
)


@given(st.lists(FRAMES, max_size=6), st.data())
@settings(deadline=None)
def test_the_same_is_read_however_the_bytes_are_cut(frames: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(frames)
    expected = read(whole, max_size=200)
    assert read(*[whole[at : at + 1] for at in range(len(whole))], max_size=200) == expected
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    assert (
        read(*[whole[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True)], max_size=200) == expected
    )


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_no_bytes_whatever_raise(data: bytes) -> None:
    read(data, max_size=100)
