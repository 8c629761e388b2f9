"""What terminals send becomes names of keys, however it is cut."""

import pytest

from windsock.cli.keys import KeyReader

SENT = b"\x1b[A\x1bOBk\x1b[5~\x1b[6~\x1b[1~\x1bOF\r\x7f\xc3\xa9/\x1b[1;5Cq"
KEYS = ["up", "down", "k", "page up", "page down", "home", "end", "enter", "backspace", "é", "/", "q"]


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_however_the_bytes_are_cut_the_keys_are_the_same(size: int) -> None:
    reader = KeyReader()
    keys = [key for at in range(0, len(SENT), size) for key in reader.feed(SENT[at : at + size])]
    assert keys == KEYS
    assert not reader.waiting


def test_escape_alone_is_a_key_once_nothing_follows() -> None:
    reader = KeyReader()
    assert reader.feed(b"\x1b") == []
    assert reader.waiting
    assert reader.give_up() == ["escape"]
    assert reader.feed(b"\x1bq") == ["escape", "q"]


def test_what_is_cut_off_for_good_is_not_a_key() -> None:
    reader = KeyReader()
    assert reader.feed(b"\x1b[") == []
    assert reader.give_up() == []
    assert reader.feed(b"q") == ["q"]
