"""Compression (RFC 7692): what is agreed on, what is sent, and what is taken."""

import asyncio
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, PerMessageDeflate
from websockets.frames import Frame, Opcode

from tests.unit.live.test_framing import CLOSE, CONT, KEY, PING, masked
from tests.unit.live.world import World, flight, later
from windsock.live.core import deflate
from windsock.live.core.frames import Batch, Encoded
from windsock.live.core.subscriptions import Subscriptions
from windsock.live.transport.framing import Closing, Fragment, Message, MessageReader, Received
from windsock.service.handshake_head import PlainHead

OURS = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
LONG = b'{"type":"event","flight":"DL1865"}' * 50


# --- 5, 7.1: the agreement --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "offer",
    [
        "permessage-deflate",
        "permessage-deflate; client_max_window_bits",  # as browsers say
        "permessage-deflate; client_max_window_bits=10; server_no_context_takeover",
        "permessage-deflate; client_no_context_takeover",
        "x-webkit-deflate-frame, permessage-deflate",
        "permessage-deflate; server_max_window_bits=9, permessage-deflate",  # the second of two offers
        "permessage-deflate; nonsense, permessage-deflate",
    ],
)
def test_an_offer_is_taken_without_context_on_either_side(offer: str) -> None:
    assert deflate.agreed([offer.encode()]) == OURS.encode()


@pytest.mark.parametrize("bits", ["12", "13", "15", '"15"'])
def test_who_bounds_our_window_is_told_the_one_we_use(bits: str) -> None:
    offer = f"permessage-deflate; server_max_window_bits={bits}; client_max_window_bits=12"
    assert deflate.agreed([offer.encode()]) == f"{OURS}; server_max_window_bits=12".encode()


@pytest.mark.parametrize(
    "offer",
    [
        "",
        "x-webkit-deflate-frame",
        "permessage-bzip2",
        "permessage-deflate; server_max_window_bits=11",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=016",
        "permessage-deflate; client_max_window_bits=7",
        "permessage-deflate; client_max_window_bits=16",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
        "permessage-deflate; unknown",
        "permessage-deflate; ;",
        "permessage-deflate =",
    ],
)
def test_an_offer_that_cannot_be_kept_or_makes_no_sense_is_declined(offer: str) -> None:
    assert deflate.agreed([offer.encode()]) is None


def test_offers_may_be_spread_over_headers() -> None:
    headers = [(b"sec-websocket-extensions", b"x-one"), (b"sec-websocket-extensions", b"permessage-deflate")]
    assert PlainHead(b"/", headers, b"k", []).compression() == OURS.encode()
    assert PlainHead(b"/", [], b"k", []).compression() is None


@given(st.text(max_size=60))
def test_any_header_is_judged_without_a_fault(text: str) -> None:
    deflate.agreed(
        [text.encode("utf-8", "replace"), b"permessage-deflate; " + text.encode("utf-8", "replace")]
    )


# --- 6.1: what is sent ------------------------------------------------------------------------------------


def read_by_a_client(data: bytes) -> list[bytes]:
    """The messages of these frames, as the `websockets` client reads them; each by a decompressor of its own."""
    from websockets.streams import StreamReader

    stream = StreamReader()
    stream.feed_data(data)
    found = []
    while stream.buffer:
        parser = Frame.parse(
            stream.read_exact, mask=False, extensions=[PerMessageDeflate(True, True, deflate.WINDOW_BITS, 15)]
        )
        with pytest.raises(StopIteration) as done:
            next(parser)
        found.append(bytes(done.value.value.data))
    return found


def test_a_batch_is_compressed_once_and_each_message_stands_alone() -> None:
    short = Encoded(b"short")
    batch = Batch([Encoded(LONG), short, Encoded(LONG + b"!")])
    assert batch.deflated is batch.deflated
    assert read_by_a_client(batch.deflated) == [LONG, b"short", LONG + b"!"]
    assert len(batch.deflated) < len(batch.frames) / 5
    assert batch.messages[0].deflated[0] == 0xC1  # final, RSV1, text
    assert short.deflated is short.frame
    assert read_by_a_client(batch.messages[2].deflated) == [LONG + b"!"]


def test_what_does_not_become_shorter_is_sent_as_it_is() -> None:
    import random

    noise = random.Random(1).randbytes(2_000)
    assert deflate.compressed(noise) is None
    assert Encoded(noise).deflated[0] == 0x81


def test_those_who_agreed_are_an_audience_of_their_own() -> None:
    subscriptions: Subscriptions[str] = Subscriptions()
    topics = frozenset({"all"})
    plain, small = subscriptions.join("a", topics, "every"), subscriptions.join("b", topics, "every", True)
    assert plain is not small
    assert (plain.deflated, small.deflated) == (False, True)
    assert subscriptions.join("c", topics, "every", True) is small
    for member, audience in (("a", plain), ("b", small), ("c", small)):
        subscriptions.leave(member, audience)
    assert len(subscriptions) == 0
    assert subscriptions.topics == 0


def test_an_event_reaches_both_audiences_each_in_its_form_and_made_once() -> None:
    world = World()
    world.load()
    written: dict[bool, list[bytes]] = {False: [], True: []}
    for deflated in (False, True, True):
        session = world.connect().session
        session.deflated = deflated
        world.hub.subscribe(session, ["all"], id="s")
        session.wire = written[deflated].append
    state = flight()
    world.happen(state)
    for number in range(3):
        state = later(state, gate=f"A{number}")
        world.happen(state)
    plain, small = written[False], written[True]
    assert [piece[0] for piece in plain] == [0x81] * 4
    assert [piece[0] for piece in small] == [0xC1] * 8
    assert all(one is other for one, other in zip(small[::2], small[1::2], strict=True))
    assert read_by_a_client(b"".join(small[::2])) == read_by_a_client(b"".join(plain))


# --- 6.2: what is taken -----------------------------------------------------------------------------------


def packed(data: bytes, wbits: int = 15) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -wbits)
    return (compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\0\0\xff\xff")


def read(*chunks: bytes, max_size: int = 10_000) -> list[Received]:
    reader = MessageReader(max_size, deflates=True)
    return [received for chunk in chunks for received in reader.feed(chunk)]


def closed_with(*chunks: bytes, max_size: int = 10_000) -> int:
    last = read(*chunks, max_size=max_size)[-1]
    assert isinstance(last, Closing)
    return last.code


def test_the_examples_of_7_2_3_are_read() -> None:
    hello = bytes([0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00])
    assert read(masked(hello, rsv=4)) == [Message("Hello")]
    assert read(masked(hello[:3], rsv=4, fin=False), masked(hello[3:], CONT)) == [
        Fragment(),
        Message("Hello"),
    ]
    stored = bytes([0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00])
    assert read(masked(stored, rsv=4)) == [Message("Hello")]
    two_blocks = bytes([0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00])
    assert read(masked(two_blocks, rsv=4)) == [Message("Hello")]


def test_compressed_and_plain_messages_alternate_with_control_frames_between() -> None:
    small = packed(LONG)
    got = read(
        masked(b"plain") + masked(small[:20], rsv=4, fin=False),
        masked(b"p", PING),
        masked(small[20:], CONT) + masked(b"plain", fin=False) + masked(b" too", CONT),
    )
    assert [m.data for m in got if isinstance(m, Message)] == ["plain", LONG.decode(), "plain too"]


@pytest.mark.parametrize("cut", [None, 100])
@pytest.mark.parametrize("times", [1_000, 100_000_000])
def test_a_bomb_ends_with_1009_and_is_not_unpacked(times: int, cut: int | None) -> None:
    import tracemalloc

    bomb = packed(b"0" * times)[: 60_000 if cut is None else None] if times < 10**6 else BOMB
    chunks = [masked(bomb, rsv=4)]
    if cut is not None and len(bomb) > cut:
        chunks = [masked(bomb[:cut], rsv=4, fin=False), masked(bomb[cut:], CONT)]
    tracemalloc.start()
    code = closed_with(*chunks, max_size=200_000 if times > 10**6 else 999)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert code == 1009
    assert most < 2_000_000


BOMB = packed(b"0" * 100_000_000)


def test_a_message_of_exactly_the_limit_passes() -> None:
    assert read(masked(packed(b"x" * 999), rsv=4), max_size=999) == [Message("x" * 999)]
    assert closed_with(masked(packed(b"x" * 1_000), rsv=4), max_size=999) == 1009
    noise = bytes(range(256)) * 20
    assert read(masked(packed(noise), 2, rsv=4), max_size=len(noise)) == [Message(noise)]
    assert closed_with(masked(packed(noise), 2, rsv=4), max_size=len(noise) - 1) == 1009


@pytest.mark.parametrize(
    "chunks",
    [
        (masked(b"x", PING, rsv=4),),
        (masked(b"\x03\xe8", CLOSE, rsv=4),),
        (masked(packed(LONG)[:20], rsv=4, fin=False), masked(packed(LONG)[20:], CONT, rsv=4)),
        (masked(b"plain", fin=False), masked(packed(LONG), CONT, rsv=4)),
        (masked(packed(LONG), rsv=6),),
        (masked(packed(LONG), rsv=1),),
        (masked(b"\xff\xff\xff not deflated", rsv=4),),
        (masked(packed(LONG), rsv=4, fin=False), masked(packed(LONG), rsv=4)),
    ],
)
def test_the_bit_stands_on_the_first_frame_of_a_message_that_is_compressed(chunks: tuple[bytes, ...]) -> None:
    assert closed_with(*chunks) == 1002


def test_unpacked_text_must_be_utf_8() -> None:
    assert closed_with(masked(packed(b"ok \xff"), rsv=4)) == 1007


def test_without_an_agreement_a_compressed_message_is_a_protocol_error() -> None:
    (got,) = MessageReader(1_000).feed(masked(packed(LONG), rsv=4))
    assert isinstance(got, Closing)
    assert got.code == 1002


@given(st.binary(max_size=200))
def test_any_bytes_are_taken_without_a_fault(data: bytes) -> None:
    read(masked(data, rsv=4, fin=False, key=KEY), masked(data, CONT), data)


@given(st.lists(st.text(max_size=2_000), max_size=4), st.integers(9, 15), st.integers(1, 400))
def test_what_any_client_sends_comes_out_however_it_is_cut(texts: list[str], bits: int, step: int) -> None:
    theirs = PerMessageDeflate(True, True, 15, bits)
    sent = b"".join(
        Frame(Opcode.TEXT, text.encode()).serialize(mask=True, extensions=[theirs]) for text in texts
    )
    reader = MessageReader(100_000, deflates=True)
    got = [received for at in range(0, len(sent), step) for received in reader.feed(sent[at : at + step])]
    assert got == [Message(text) for text in texts]
    assert reader.idle


# --- Over a real server -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/?deflate", "/kept?deflate", "/late?deflate", "/", "/kept"])
async def test_who_agreed_is_understood_whether_handed_over_or_not(port: int, path: str) -> None:
    offer = ClientPerMessageDeflateFactory(client_no_context_takeover=True)
    async with (
        asyncio.timeout(60),
        connect(f"ws://127.0.0.1:{port}{path}", compression=None, extensions=[offer]) as client,
    ):
        assert bool(client.protocol.extensions) == ("deflate" in path)
        for text in (LONG.decode(), "short", LONG.decode()):
            await client.send(text)
            assert await client.recv() == text


@given(st.binary(max_size=200), st.binary(max_size=5_000))
def test_pieces_that_were_compressed_apart_are_one_message(opening: bytes, rest: bytes) -> None:
    joined = deflate.deflate(opening, last=False) + deflate.deflate(rest)
    assert zlib.decompressobj(-15).decompress(joined + b"\x00\x00\xff\xff") == opening + rest
