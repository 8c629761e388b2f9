"""The calendar file of a flight: what calendar programs rely on."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from windsock.pages.flight.calendar_file import MAX_OCTETS, CalendarEntry, calendar_file, escaped, folded

BEGINS = datetime(2026, 7, 1, 21, 30, tzinfo=UTC)


def entry(**changes: object) -> CalendarEntry:
    values: dict[str, object] = {
        "uid": "DL1.2026-07-01.JFK@windsock",
        "sequence": 7,
        "changed_at": BEGINS - timedelta(hours=1),
        "day": date(2026, 7, 1),
        "begins": BEGINS,
        "ends": BEGINS + timedelta(hours=6),
        "cancelled": False,
        "title": "DL 1 New York JFK to Seattle: 35 min late",
        "description": "late inbound aircraft\nGate 27",
        "place": "New York JFK, Gate 27",
        "url": "https://example.org/flights/DL1.2026-07-01.JFK/",
    }
    return CalendarEntry(**{**values, **changes})  # type: ignore[arg-type]


def properties(data: bytes) -> dict[str, str]:
    lines = data.decode().replace("\r\n ", "").split("\r\n")
    assert lines.pop() == ""
    found = dict(line.split(":", 1) for line in lines if not line.startswith(("BEGIN", "END")))
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VEVENT", "END:VCALENDAR"]
    return found


def test_it_has_a_stable_id_a_growing_sequence_and_times_in_utc() -> None:
    found = properties(calendar_file(entry()))
    assert found["UID"] == "DL1.2026-07-01.JFK@windsock"
    assert found["SEQUENCE"] == "7"
    assert (found["DTSTART"], found["DTEND"]) == ("20260701T213000Z", "20260702T033000Z")
    assert found["STATUS"] == "CONFIRMED"
    assert found["DESCRIPTION"] == "late inbound aircraft\\nGate 27"
    assert found["LOCATION"] == "New York JFK\\, Gate 27"


def test_a_cancelled_flight_is_cancelled_in_the_calendar() -> None:
    found = properties(calendar_file(entry(cancelled=True)))
    assert (found["STATUS"], found["TRANSP"]) == ("CANCELLED", "TRANSPARENT")


def test_a_flight_without_times_takes_its_day_and_never_ends_before_it_begins() -> None:
    found = properties(calendar_file(entry(begins=None, ends=None)))
    assert found["DTSTART;VALUE=DATE"] == "20260701"
    assert "DTEND" not in found
    assert "DTEND" not in properties(calendar_file(entry(ends=BEGINS - timedelta(minutes=5))))


@given(st.text())
def test_any_text_stays_one_property(text: str) -> None:
    data = calendar_file(entry(title=text, description=text, place=text))
    assert set(properties(data)) == set(properties(calendar_file(entry())))


@given(st.text(st.characters(codec="utf-8")))
def test_lines_are_short_and_hold_whole_characters(text: str) -> None:
    line = f"SUMMARY:{escaped(text)}"
    data = folded(line)
    for piece in data.split(b"\r\n"):
        assert len(piece) <= MAX_OCTETS
        piece.decode()
    assert data.replace(b"\r\n ", b"").removesuffix(b"\r\n") == line.encode()
