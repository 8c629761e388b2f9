"""JSON bodies: caps, typed access and the places that faults name."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from windsock.errors import FeedError
from windsock.feeds.json import JsonObject, decode, records, refused
from windsock.feeds.json.bodies import MAX_BYTES, MAX_DEPTH, without_secrets
from windsock.feeds.json.objects import MAX_ENTRIES, MAX_FAULTS, MAX_RECORDS
from windsock.feeds.parsing import Gathering
from windsock.feeds.reports import zone

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def gathering() -> Gathering:
    return Gathering(NOW, "test")


def at(fields: dict[str, Any]) -> JsonObject:
    return JsonObject(fields, "flights[2]", gathering())


def test_a_byte_order_mark_is_no_fault() -> None:
    assert decode(b"\xef\xbb\xbf{}", name="x") == {}


@pytest.mark.parametrize("depth", [MAX_DEPTH, MAX_DEPTH + 1, 100_000])
def test_nesting_is_read_to_the_cap(depth: int) -> None:
    data = b"[" * depth + b"]" * depth
    if depth == MAX_DEPTH:
        assert decode(data, name="x")
    else:
        with pytest.raises(FeedError, match="nests too deep"):
            decode(data, name="x")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "nothing came"),
        (b"<html>", "an HTML page came"),
        (b"{", "not whole JSON"),
        (b"NaN", "not whole JSON"),
        (b"[1e999]", "not whole JSON"),
        (b"1" * 5000, "not whole JSON"),
        (b"\xff", "byte 0 is not UTF-8"),
        (b'["\xff"]', "byte 2 is not UTF-8"),
    ],
)
def test_what_is_no_json_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(FeedError, match=words):
        decode(data, name="x")


def test_half_a_surrogate_pair_costs_its_character_and_not_the_body() -> None:
    assert decode(b'["A\\ud800B", 1.5, true]', name="x") == ["A?B", 1.5, True]


def test_a_body_over_the_cap_is_refused_before_it_is_read() -> None:
    with pytest.raises(FeedError, match=str(MAX_BYTES)):
        decode(b"[" * (MAX_BYTES + 1), name="x")


@pytest.mark.parametrize(
    ("reader", "value"),
    [
        ("text", []),
        ("text", True),
        ("truth", 1),
        ("number", "one"),
        ("inner", []),
        ("entries", {}),
        ("time", 7),
    ],
)
def test_a_wrong_type_is_a_fault_with_its_path(reader: str, value: Any) -> None:
    place = at({"gate": value})
    getattr(place, reader)("gate")

    (fault,) = place.gathering.faults
    assert (fault.path, fault.column) == ("flights[2].gate", "gate")


def test_absent_null_and_blank_are_no_faults() -> None:
    for fields in ({}, {"gate": None}):
        place = at(fields)
        assert place.text("gate") is place.truth("gate") is place.number("gate") is place.time("gate") is None
        assert (place.entries("gate"), place.inner("gate").fields, place.gathering.faults) == ([], {}, [])
    assert at({"gate": " "}).text("gate") is None


def test_numbers_and_truths_are_also_read_from_text() -> None:
    place = at({"a": "-12", "b": "TRUE", "c": 14})

    assert (place.number("a"), place.truth("b"), place.text("c")) == (-12, True, "14")


@pytest.mark.parametrize("text", ["2026-03-01 05:00Z", "2026-03-01T05:00:00.000Z", "2026-03-01 06:00+01:00"])
def test_times_with_a_blank_a_fraction_or_an_offset_are_utc(text: str) -> None:
    assert at({"t": text}).time("t") == datetime(2026, 3, 1, 5, 0, tzinfo=UTC)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-02-30T00:00Z"])
def test_a_time_of_no_flight_is_a_fault(text: str) -> None:
    place = at({"t": text})

    assert place.time("t", tz=zone("JFK"), ignore_utc=True) is None
    assert len(place.gathering.faults) == 1


def test_the_longest_lists_are_cut_with_one_fault() -> None:
    place = at({"a": ["x"] * (MAX_ENTRIES + 5)})
    assert len(place.texts("a")) == MAX_ENTRIES
    assert len(place.gathering.faults) == 1

    into = gathering()
    assert len(list(records([{}] * (MAX_RECORDS + 5), "flights", into))) == MAX_RECORDS
    assert len(into.faults) == 1


def test_a_body_of_rubbish_gives_no_million_of_faults() -> None:
    into = gathering()
    for index in range(MAX_FAULTS // MAX_ENTRIES + 3):
        JsonObject({"a": [1] * MAX_ENTRIES}, f"flights[{index}]", into).objects("a")

    assert len(into.faults) == MAX_FAULTS


def test_an_invalid_field_is_dropped_and_the_rest_told() -> None:
    place = at({})
    told = place.tell(
        {
            "flight": "DL1",
            "origin": "QQQQ",
            "registration": "#",
            "arrival": {"gate": "x" * 99},
            "cancelled": True,
        }
    )

    assert told
    (statement,) = place.gathering.statements
    assert statement.report.cancelled is True
    assert [fault.column for fault in place.gathering.faults] == ["origin", "arrival.gate", "registration"]


def test_a_report_of_no_flight_is_one_fault() -> None:
    place = at({})

    assert not place.tell({"flight": "?", "cancelled": True})
    assert [fault.column for fault in place.gathering.faults] == ["flight"]


@pytest.mark.parametrize(
    "text",
    [
        "https://x.test/?access_key=SECRET&b=1", '{"appKey": "SECRET"}', "X-RapidAPI-Key: SECRET", "apikey=SECRET",
        json.dumps({"app_id": "SECRET", "a": 1}),
    ],
)  # fmt: skip
def test_keys_are_taken_out(text: str) -> None:
    assert "SECRET" not in without_secrets(text)
    assert "SECRET" not in str(refused({"status": 401, "message": text}, name="x", expected="flights"))


@pytest.mark.parametrize("name", ["Nowhere/Land", "America", "../../etc/passwd", "", None, 7, "a" * 300])
def test_what_is_no_zone_is_none(name: object) -> None:
    assert zone(None, name) is None
    assert zone("JFK", name) is not None
