"""Named cursors (`windsock.journal.cursors`) and pruning that knows them, on SQLite and on PostgreSQL."""

import logging
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections, transaction

from windsock.errors import CursorMoved, JournalReplaced, PositionTrimmed
from windsock.flights import DepartureReport, FlightKey, MergeRules, Report, apply_report
from windsock.journal.base import Draft
from windsock.journal.cursors import NamedCursor, list_cursors, remove_cursor
from windsock.journal.database import DatabaseJournal
from windsock.journal.follow import Page, read_on
from windsock.journal.models import CursorRow, WriteProbe
from windsock.protocol.positions import Position

NOON = datetime(2015, 1, 2, 12, 0, tzinfo=UTC)
KEY = FlightKey("DL", 1, None, NOON.date(), "ATL")
WAIT = 60  # seconds until a thread that should long have finished fails its test


@pytest.fixture(
    params=[
        pytest.param("default", marks=pytest.mark.django_db(transaction=True), id="sqlite"),
        pytest.param(
            "postgresql", marks=pytest.mark.django_db(transaction=True, databases=["default", "postgresql"])
        ),
    ]
)
def journal(request: pytest.FixtureRequest) -> DatabaseJournal:
    return DatabaseJournal(request.param)


def write(journal: DatabaseJournal, number: int, first: datetime = NOON) -> None:
    """Write this many events, an hour apart."""
    for hour in range(number):
        now = first + timedelta(hours=hour)
        with journal.write() as writing:
            report = Report(
                flight="DL1", date=KEY.date, origin="ATL", source="test", observed_at=now,
                departure=DepartureReport(gate=f"A{now:%d%H}"),
            )  # fmt: skip
            merged = apply_report(
                writing.load([KEY]).get(KEY), KEY, report, received_at=now, rules=MergeRules()
            )
            assert merged.changes
            writing.append([Draft(merged.record, merged.changes, ("all",), now)])


def offsets(page: Page) -> list[int]:
    return [event.offset for event in page.events]


def probes(journal: DatabaseJournal) -> int:
    return WriteProbe.objects.using(journal.using).count()


# --- Reading ----------------------------------------------------------------------------------------------------------


def test_a_cursor_begins_at_the_head_or_at_the_oldest_event_and_stays_there(journal: DatabaseJournal) -> None:
    write(journal, 3)
    assert offsets(NamedCursor("new", journal).read()) == []
    assert offsets(NamedCursor("all", journal, start="oldest").read()) == [1, 2, 3]
    write(journal, 2, NOON + timedelta(hours=3))
    assert offsets(NamedCursor("new", journal).read()) == [4, 5]
    assert NamedCursor("new", journal, start="oldest").position().offset == 3, "start counts once"


def test_every_event_is_read_once_in_order_page_by_page_across_restarts(journal: DatabaseJournal) -> None:
    write(journal, 7)
    read: list[int] = []
    while (page := NamedCursor("a", journal, start="oldest").read(limit=3)).events:
        NamedCursor("a", journal).advance(page)
        read += offsets(page)
    assert read == [1, 2, 3, 4, 5, 6, 7]
    assert page.start == page.end == journal.head().position


def test_a_page_that_was_not_processed_is_read_again(journal: DatabaseJournal) -> None:
    write(journal, 2)
    cursor = NamedCursor("a", journal, start="oldest")
    assert offsets(cursor.read()) == offsets(cursor.read()) == [1, 2]


def test_a_name_that_the_column_cannot_hold_is_refused(journal: DatabaseJournal) -> None:
    for name in ("", "x" * 81):
        with pytest.raises(ValueError, match="use 1 to 80"):
            NamedCursor(name, journal)


# --- Advancing --------------------------------------------------------------------------------------------------------


def test_the_consumers_rows_and_the_cursor_are_committed_together(journal: DatabaseJournal) -> None:
    write(journal, 2)
    cursor = NamedCursor("a", journal, start="oldest")
    page = cursor.read()
    with pytest.raises(ZeroDivisionError), cursor.advancing(page):
        WriteProbe.objects.using(journal.using).create(at=NOON)
        raise ZeroDivisionError
    assert (probes(journal), cursor.position().offset) == (0, 0)
    with cursor.advancing(page):
        WriteProbe.objects.using(journal.using).create(at=NOON)
    assert (probes(journal), cursor.position().offset) == (1, 2)


def test_advance_joins_the_transaction_of_its_caller(journal: DatabaseJournal) -> None:
    write(journal, 2)
    cursor = NamedCursor("a", journal, start="oldest")
    page = cursor.read()
    with pytest.raises(ZeroDivisionError), transaction.atomic(using=journal.using):
        cursor.advance(page)
        raise ZeroDivisionError
    assert cursor.position().offset == 0
    with transaction.atomic(using=journal.using):
        cursor.advance(page)
    assert cursor.position().offset == 2


def test_the_second_of_two_runners_writes_nothing(journal: DatabaseJournal) -> None:
    write(journal, 2)
    one, other = (NamedCursor("a", journal, start="oldest") for _ in range(2))
    first, second = one.read(), other.read(limit=1)
    one.advance(first)
    with pytest.raises(CursorMoved, match="another runner"), other.advancing(second):
        WriteProbe.objects.using(journal.using).create(at=NOON)
    assert (probes(journal), one.position().offset) == (0, 2)
    with pytest.raises(CursorMoved):
        one.advance(first)


def test_of_runners_at_the_same_time_exactly_one_processes_each_page(journal: DatabaseJournal) -> None:
    write(journal, 12)
    processed: list[int] = []
    lock, together = threading.Lock(), threading.Barrier(4)
    failed: list[BaseException] = []

    def runner() -> None:
        try:
            cursor = NamedCursor("a", journal, start="oldest")
            together.wait(WAIT)
            while (page := cursor.read(limit=2)).events:
                try:
                    with cursor.advancing(page):
                        with lock:
                            processed.extend(offsets(page))
                except CursorMoved:
                    continue
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=runner, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
        assert not thread.is_alive()
    assert failed == []
    assert processed == list(range(1, 13))


def test_a_cursor_never_moves_backwards(journal: DatabaseJournal) -> None:
    write(journal, 2)
    cursor = NamedCursor("a", journal)
    at = cursor.position()
    with pytest.raises(ValueError, match="moves forward"):
        cursor.advance(Page(at, Position(at.epoch, 1), ()))
    with pytest.raises(ValueError, match="moves forward"):
        cursor.advance(Page(at, Position("other", 3), ()))


# --- A journal that was replaced --------------------------------------------------------------------------------------


def test_a_new_epoch_is_an_error_until_the_consumer_decides(
    journal: DatabaseJournal, caplog: pytest.LogCaptureFixture
) -> None:
    write(journal, 3)
    cursor = NamedCursor("a", journal, start="oldest")
    cursor.advance(cursor.read(limit=1))
    epoch = journal.renew().epoch
    with pytest.raises(JournalReplaced, match=r'recover\("oldest"\)'):
        cursor.read()
    (status,) = list_cursors(journal.using)
    assert (status.state, status.events_behind, status.unread_since) == ("replaced", 0, None)

    with caplog.at_level(logging.WARNING):
        assert cursor.recover("oldest") == Position(epoch, 0)
    assert "The journal was replaced: the cursor a" in caplog.text
    assert offsets(cursor.read()) == [1, 2, 3]
    assert cursor.recover("head") == Position(epoch, 0), "one that can read on stays"


def test_a_journal_that_went_back_is_one_that_was_replaced(journal: DatabaseJournal) -> None:
    write(journal, 2)
    cursor = NamedCursor("a", journal)
    cursor.position()
    CursorRow.objects.using(journal.using).update(offset=9)
    with pytest.raises(JournalReplaced):
        cursor.read()
    assert cursor.recover("head") == journal.head().position


def test_a_reset_leaves_the_cursor_with_the_old_epoch(journal: DatabaseJournal) -> None:
    write(journal, 2)
    cursor = NamedCursor("a", journal)
    cursor.position()
    journal.reset()
    with pytest.raises(JournalReplaced):
        cursor.read()


# --- A consumer, page by page -----------------------------------------------------------------------------------------


def test_read_on_takes_a_consumer_to_the_head_and_says_whether_there_is_more(
    journal: DatabaseJournal,
) -> None:
    write(journal, 3)
    cursor, got = NamedCursor("a", journal, start="oldest"), []
    more = [read_on(cursor, lambda page: got.extend(offsets(page)), limit=2) for _ in range(3)]
    assert (got, more) == ([1, 2, 3], [True, True, False])


@pytest.mark.parametrize("transactional", [False, True])
def test_what_a_consumer_fails_at_is_read_again(journal: DatabaseJournal, transactional: bool) -> None:
    write(journal, 2)
    cursor = NamedCursor("a", journal, start="oldest")

    def failing(page: Page) -> None:
        WriteProbe.objects.using(journal.using).create(at=NOON)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        read_on(cursor, failing, transactional=transactional)
    assert (probes(journal), cursor.position().offset) == (0 if transactional else 1, 0)
    read_on(cursor, lambda page: None, transactional=transactional)
    assert cursor.position().offset == 2


def test_read_on_recovers_a_cursor_that_cannot_read_on(journal: DatabaseJournal) -> None:
    write(journal, 4)
    cursor, got = NamedCursor("a", journal, start="oldest", holds_events=False), []
    cursor.position()
    journal.prune(events_before=NOON + timedelta(hours=2))
    while read_on(cursor, lambda page: got.extend(offsets(page))):
        pass
    journal.renew()
    while read_on(cursor, lambda page: got.extend(offsets(page))):
        pass
    assert got == [3, 4], "the oldest held after pruning, the head after a replacement"
    journal.renew()
    while read_on(cursor, lambda page: got.extend(offsets(page)), after_replacement="oldest"):
        pass
    assert got == [3, 4, 3, 4]


# --- Pruning ----------------------------------------------------------------------------------------------------------

LATER = NOON + timedelta(days=30)


def test_pruning_keeps_what_a_cursor_has_not_read_and_says_so(journal: DatabaseJournal) -> None:
    write(journal, 6)
    slow, fast = NamedCursor("slow", journal, start="oldest"), NamedCursor("fast", journal)
    slow.advance(slow.read(limit=2))
    fast.position()

    pruned = journal.prune(events_before=LATER)

    assert (pruned.events, pruned.held, pruned.holding, pruned.left_behind) == (2, 4, ("slow",), ())
    assert offsets(slow.read()) == [3, 4, 5, 6]
    slow.advance(slow.read())
    pruned = journal.prune(events_before=LATER)
    assert (pruned.events, pruned.held, pruned.holding) == (4, 0, ())


def test_pruning_does_not_keep_more_than_is_old_for_a_cursor(journal: DatabaseJournal) -> None:
    write(journal, 6)
    cursor = NamedCursor("a", journal, start="oldest")
    cursor.advance(cursor.read(limit=4))
    pruned = journal.prune(events_before=NOON + timedelta(hours=3))
    assert (pruned.events, pruned.held, pruned.holding) == (3, 0, ())


def test_a_bound_leaves_a_cursor_behind_which_then_gets_an_error_and_recovers(
    journal: DatabaseJournal, caplog: pytest.LogCaptureFixture
) -> None:
    write(journal, 6)
    cursor = NamedCursor("a", journal, start="oldest")
    cursor.advance(cursor.read(limit=1))

    with caplog.at_level(logging.WARNING):
        pruned = journal.prune(events_before=LATER, unread_before=NOON + timedelta(hours=3))

    epoch = journal.head().epoch
    assert (pruned.events, pruned.held, pruned.left_behind) == (3, 3, ("a",)), (
        "unread ones younger than the bound stay"
    )
    assert f"the cursor a has not read, from {epoch}:2 to {epoch}:3" in caplog.text
    (status,) = list_cursors(journal.using)
    assert (status.state, status.events_behind) == ("left behind", 5)
    with pytest.raises(PositionTrimmed, match="cursor 'a' stands at"):
        cursor.read()
    with caplog.at_level(logging.ERROR):
        cursor.recover("oldest")
    assert f"skipped events it had not read, from {epoch}:1 to {epoch}:3" in caplog.text
    assert offsets(cursor.read()) == [4, 5, 6]


def test_a_cursor_that_holds_nothing_is_left_behind_and_named(journal: DatabaseJournal) -> None:
    write(journal, 3)
    cursor = NamedCursor("news", journal, start="oldest", holds_events=False)
    cursor.position()
    assert journal.prune(events_before=LATER).left_behind == ("news",)
    with pytest.raises(PositionTrimmed):
        cursor.read()
    assert cursor.recover("oldest") == journal.head().position


def test_cursors_of_another_epoch_hold_nothing(journal: DatabaseJournal) -> None:
    write(journal, 3)
    NamedCursor("a", journal, start="oldest").position()
    journal.renew()
    assert journal.prune(events_before=LATER).events == 3


def test_a_cursor_created_while_the_journal_is_pruned_loses_nothing(
    journal: DatabaseJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    from windsock.journal import pruning

    write(journal, 6)
    monkeypatch.setattr(pruning, "CHUNK", 2)
    lock_head = pruning.lock_head
    chunks: list[int] = []

    def create_before_second_chunk(connection):  # type: ignore[no-untyped-def]
        chunks.append(1)
        if len(chunks) == 2:
            row = {"epoch": journal.head().epoch, "offset": 2, "moved_at": NOON}
            CursorRow.objects.using(journal.using).create(name="late", **row)
        return lock_head(connection)

    monkeypatch.setattr(pruning, "lock_head", create_before_second_chunk)
    assert journal.prune(events_before=LATER).events == 2
    assert offsets(NamedCursor("late", journal).read()) == [3, 4, 5, 6]


# --- For operators ----------------------------------------------------------------------------------------------------


def test_a_list_of_cursors_tells_how_far_each_is_behind(journal: DatabaseJournal) -> None:
    write(journal, 4)
    behind, level = NamedCursor("behind", journal, start="oldest"), NamedCursor("level", journal)
    behind.advance(behind.read(limit=1))
    level.position()
    one, other = list_cursors(journal.using)
    assert (one.name, one.state, one.events_behind) == ("behind", "reading", 3)
    assert one.lag(NOON + timedelta(hours=5)) == timedelta(hours=4)
    assert (other.name, other.events_behind, other.lag(NOON + timedelta(hours=5))) == (
        "level",
        0,
        timedelta(0),
    )


def test_a_removed_cursor_holds_nothing_and_begins_anew(journal: DatabaseJournal) -> None:
    write(journal, 2)
    cursor = NamedCursor("a", journal, start="oldest")
    page = cursor.read()
    assert remove_cursor("a", journal.using)
    assert not remove_cursor("a", journal.using)
    with pytest.raises(CursorMoved):
        cursor.advance(page)
    assert journal.prune(events_before=LATER).events == 2
