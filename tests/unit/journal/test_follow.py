"""A follower keeps any reader level with the journal: here a list. `tests/unit/live/test_tail.py` follows for a hub."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from windsock.flights import DepartureReport, FlightKey, MergeRules, Report, apply_report
from windsock.journal.base import Draft, Event, Head
from windsock.journal.follow import Follower
from windsock.journal.memory import MemoryJournal

NOON = datetime(2015, 1, 2, 12, 0, tzinfo=UTC)
KEY = FlightKey("DL", 1, None, NOON.date(), "ATL")


def write(journal: MemoryJournal, *gates: str) -> list[Event]:
    events = []
    for gate in gates:
        with journal.write() as writing:
            report = Report(
                flight="DL1", date=KEY.date, origin="ATL", source="t", departure=DepartureReport(gate=gate)
            )
            before = writing.load([KEY]).get(KEY)
            merged = apply_report(before, KEY, report, received_at=NOON, rules=MergeRules(), latest=True)
            events += writing.append([Draft(merged.record, merged.changes, ("all",), NOON)])
    return events


class Numbers:
    """The offsets of the events it was given."""

    def __init__(self) -> None:
        self.epoch, self.offset, self.ready = "", 0, False
        self.got: list[int] = []

    def publish(self, epoch: str, events: Sequence[Event]) -> bool:
        if epoch != self.epoch:
            return False
        for event in events:
            if event.offset > self.offset + 1:
                return False
            if event.offset == self.offset + 1:
                self.offset = event.offset
                self.got.append(event.offset)
        return True


class Following(Follower[Head]):
    def __init__(self, journal: MemoryJournal, numbers: Numbers, **options: Any) -> None:
        async def run(question: Callable[[], object]) -> object:
            return question()

        self.numbers = numbers
        super().__init__(journal, numbers, run=run, look_seconds=60.0, **options)  # type: ignore[arg-type]

    def read_all(self) -> Head:
        return self.journal.head()

    def load(self, loaded: Head) -> None:
        self.numbers.epoch, self.numbers.offset, self.numbers.ready = loaded.epoch, loaded.offset, True


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.002)


async def test_a_reader_gets_every_event_once_in_order_whichever_way_it_comes() -> None:
    journal, numbers = MemoryJournal(), Numbers()
    write(journal, "A1", "A2")
    follower = Following(journal, numbers)
    follower.start()
    await follower.loaded()
    epoch = journal.head().epoch

    third, fourth, fifth = write(journal, "A3", "A4", "A5")
    follower.offer(epoch, [fifth])
    follower.offer(epoch, [fourth])
    follower.offer(epoch, [third])
    assert numbers.got == [3, 4, 5]

    write(journal, "A6")  # nobody offers it
    follower.offer(epoch, write(journal, "A7"))
    await until(lambda: numbers.got == [3, 4, 5, 6, 7])
    assert follower.holes == 1

    write(journal, "A8")
    follower.look_soon()
    await until(lambda: numbers.offset == 8)
    assert follower.reloads == 1
    await follower.stop()


async def test_a_journal_that_was_replaced_is_loaded_anew() -> None:
    journal, numbers = MemoryJournal(), Numbers()
    write(journal, "A1")
    follower = Following(journal, numbers)
    follower.start()
    await follower.loaded()
    before = numbers.epoch
    journal.reset()
    events = write(journal, "B1")
    follower.offer(journal.head().epoch, events)
    await until(lambda: numbers.epoch not in ("", before) and numbers.offset == 1)
    assert follower.reloads == 2
    await follower.stop()
