"""The one XML reader that all XML feeds share."""

from xml.etree.ElementTree import tostring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windsock.errors import FeedError
from windsock.feeds.xml import child, children, is_nil, local, root_of, text

GOOD = b'<?xml version="1.0"?><a xmlns="urn:x"><b> one </b><b/><c><d>deep</d></c></a>'


def refusal(data: bytes, *, max_bytes: int = 10_000, max_depth: int = 40) -> str:
    with pytest.raises(FeedError) as caught:
        root_of(data, max_bytes=max_bytes, max_depth=max_depth)
    return str(caught.value)


def test_children_and_texts_are_found_whatever_the_namespace() -> None:
    root = root_of(GOOD, max_bytes=10_000)
    assert local(root.tag) == "a"
    assert text(root, "b") == "one"
    assert text(root, "c", "d") == "deep"
    assert len(list(children(root, "b"))) == 2
    assert child(root, "missing") is None
    assert text(root, "missing", "d") is None


def test_what_is_written_of_an_element_is_as_it_was_sent_without_made_up_prefixes() -> None:
    root = root_of(b'<a xmlns="urn:one"><b c="1">d</b></a>', max_bytes=100)
    assert tostring(root, encoding="unicode") == '<a><b c="1">d</b></a>'


def test_an_empty_element_has_no_text() -> None:
    root = root_of(b"<a><b>  </b></a>", max_bytes=100)
    assert text(root, "b") is None


def test_a_comment_does_not_cut_a_text() -> None:
    assert text(root_of(b"<a>on<!-- x -->e</a>", max_bytes=100)) == "one"


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "windows-1252", "utf-16"])
def test_the_declared_encoding_is_respected(encoding: str) -> None:
    data = f'<?xml version="1.0" encoding="{encoding}"?><a>Tromsø</a>'.encode(encoding)
    assert text(root_of(data, max_bytes=1000)) == "Tromsø"


@pytest.mark.parametrize("encoding", ["klingon", "shift_jis", "rot13", "hex", "utf-7"])
def test_an_encoding_that_cannot_be_read_is_refused(encoding: str) -> None:
    assert "XML" in refusal(f'<?xml version="1.0" encoding="{encoding}"?><a>\xf8</a>'.encode("latin-1"))


def test_a_doctype_is_refused_in_clear_words() -> None:
    data = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
    assert "has a DOCTYPE" in refusal(data)
    assert "has a DOCTYPE" in refusal(b"<!DOCTYPE a><a/>")


def test_damage_is_told_by_line_and_column() -> None:
    assert "line 2, column 6: mismatched tag" in refusal(b"<a>\n<b></c></a>")
    assert "damaged" in refusal(GOOD[:-10])


def test_too_large_too_deep_and_empty_are_refused() -> None:
    assert "at most 10 are read" in refusal(GOOD, max_bytes=10)
    assert "deeper than 40 levels" in refusal(b"<a>" * 41 + b"</a>" * 41)
    assert root_of(b"<a>" * 40 + b"</a>" * 40, max_bytes=10_000).tag == "a"
    assert "empty" in refusal(b" \n")


def test_nil_is_told_from_empty() -> None:
    data = b'<a xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><b xsi:nil="true"/><b xsi:nil="false"/><b/></a>'
    assert [is_nil(one) for one in root_of(data, max_bytes=1000)] == [True, False, False]


@given(st.binary(max_size=200))
def test_any_bytes_give_a_tree_or_a_feed_error(data: bytes) -> None:
    try:
        root_of(data, max_bytes=1000)
    except FeedError:
        pass


@given(st.integers(0, len(GOOD) - 1), st.binary(max_size=3))
def test_a_damaged_document_gives_a_tree_or_a_feed_error(at: int, junk: bytes) -> None:
    try:
        root_of(GOOD[:at] + junk + GOOD[at + 1 :], max_bytes=1000)
    except FeedError:
        pass
