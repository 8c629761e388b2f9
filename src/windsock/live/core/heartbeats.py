"""Spread the heartbeats of all sessions evenly over the interval, with one timer."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from windsock.live.core.ports import Timers

Member = TypeVar("Member")


class Heartbeats(Generic[Member]):
    """A wheel of about one slot a second: each member has a slot, and each slot has its turn once an interval."""

    def __init__(self, timers: Timers, seconds: float, beat: Callable[[Member], object]) -> None:
        self._timers = timers
        self._beat = beat
        self._slots: list[dict[Member, None]] = [{} for _ in range(max(1, round(seconds)))]
        self._slot_seconds = seconds / len(self._slots)
        self._current = 0
        self._timer: Any = None

    def start(self) -> None:
        """Start the wheel. Harmless when repeated."""
        if self._timer is None:
            self._timer = self._timers.call_later(self._slot_seconds, self._turn)

    def stop(self) -> None:
        """Stop the wheel."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def add(self, member: Member) -> int:
        """Add the member to the slot with the fewest, and return the slot's number, for `remove`."""
        slot = min(range(len(self._slots)), key=lambda number: len(self._slots[number]))
        self._slots[slot][member] = None
        return slot

    def remove(self, member: Member, slot: int) -> None:
        """Take the member out of its slot."""
        self._slots[slot].pop(member, None)

    def _turn(self) -> None:
        self._timer = self._timers.call_later(self._slot_seconds, self._turn)
        self._current = (self._current + 1) % len(self._slots)
        for member in list(self._slots[self._current]):
            self._beat(member)
