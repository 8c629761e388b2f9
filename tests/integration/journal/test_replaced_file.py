"""A file that is replaced at any moment of a write: nothing is acknowledged that is not in the file that is there."""

import shutil
from pathlib import Path

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from tests.integration.journal.test_careless_hosts import KEY, Scratch, other, tell
from windsock.errors import JournalUnavailable
from windsock.journal.database import DatabaseJournal


def backup(alias: str) -> Path:
    name = Path(connections[alias].settings_dict["NAME"])
    copy = name.with_suffix(".backup")
    with other(alias) as source:
        source.execute("VACUUM INTO ?", (str(copy),))
    return copy


def put_back(alias: str, copy: Path) -> None:
    copy.rename(connections[alias].settings_dict["NAME"])


def gate(journal: DatabaseJournal) -> str | None:
    found = journal.flight(KEY)
    return None if found is None else found.flight.departure.gate


def test_a_file_replaced_between_two_writes_is_opened_under_a_new_epoch(scratch: Scratch) -> None:
    alias = scratch()
    journal = DatabaseJournal(alias)
    tell(journal, "A1")
    copy = backup(alias)
    tell(journal, "A2")
    epoch = journal.head().epoch
    put_back(alias, copy)
    assert gate(journal) == "A1"
    assert journal.head().epoch != epoch
    tell(journal, "A3")
    connections[alias].close()
    assert gate(DatabaseJournal(alias)) == "A3"


@pytest.mark.parametrize(
    "moment", ["within the transaction", "just before the commit", "just after the commit"]
)
def test_what_was_written_to_the_old_file_is_not_acknowledged(
    moment: str, scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    alias = scratch()
    journal = DatabaseJournal(alias)
    tell(journal, "A1")
    copy = backup(alias)
    commit = BaseDatabaseWrapper._commit

    def replaced(wrapper: BaseDatabaseWrapper) -> None:
        if moment == "just before the commit":
            put_back(alias, copy)
        commit(wrapper)
        if moment == "just after the commit":
            put_back(alias, copy)

    with pytest.raises(JournalUnavailable, match="replaced"):
        if moment == "within the transaction":
            with journal.write() as writing:
                writing.load([KEY])
                put_back(alias, copy)
        else:
            with monkeypatch.context() as patched:
                patched.setattr(BaseDatabaseWrapper, "_commit", replaced)
                tell(journal, "A2")
    assert gate(journal) == "A1"
    tell(journal, "A3")
    assert gate(journal) == "A3"
    with other(alias) as looking:
        assert looking.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_what_the_old_file_left_beside_the_new_one_is_put_aside(scratch: Scratch) -> None:
    alias = scratch()
    journal = DatabaseJournal(alias)
    tell(journal, "A1")
    copy = backup(alias)
    tell(journal, "A2")  # stands in the -wal, which would be played into whatever lies beside it
    name = Path(connections[alias].settings_dict["NAME"])
    assert name.with_name(f"{name.name}-wal").stat().st_size > 0
    put_back(alias, copy)
    assert gate(journal) == "A1"
    assert list(name.parent.glob("*-wal.replaced-*"))


def test_a_file_that_was_copied_to_itself_is_the_same_file(scratch: Scratch) -> None:
    alias = scratch()
    journal = DatabaseJournal(alias)
    tell(journal, "A1")
    epoch = journal.head().epoch
    name = connections[alias].settings_dict["NAME"]
    shutil.copystat(name, name)
    tell(journal, "A2")
    assert journal.head().epoch == epoch
