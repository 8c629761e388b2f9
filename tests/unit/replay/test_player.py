"""A replay tells the same at any speed; the clock, the waiting and the machine's time are given by the test."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.feeds.on_time_files import dot_file, dot_row
from windsock.clock import ReplayClock
from windsock.flights.report import Report
from windsock.replay.bts import read
from windsock.replay.past_flights import PastFlight
from windsock.replay.player import Replay, ReplayResult
from windsock.replay.script import TimedReport, script


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Notes:
    """A listener that writes down what it hears, and when by the machine's clock."""

    def __init__(self, machine: "Machine") -> None:
        self.heard: list[tuple[datetime, object]] = []
        self.heard_at: list[datetime] = []
        self.minutes = 0
        self.clocks: list[ReplayClock] = []
        self.machine = machine

    def record(self, reports: Sequence[Report], at: datetime) -> ReplayResult:
        self.heard.append((at, list(reports)))
        self.heard_at.append(self.machine.now)
        return ReplayResult(events=len(reports))

    def minute(self, at: datetime) -> int:
        self.heard.append((at, "minute"))
        self.heard_at.append(self.machine.now)
        self.minutes += 1
        return 0

    def show_clock(self, clock: ReplayClock) -> None:
        self.clocks.append(clock)


class Machine:
    """Real time that passes only while the replay waits; `on_wait` is called at each waiting."""

    def __init__(self) -> None:
        self.now = utc("2026-01-01 00:00")
        self.waits: list[float | None] = []
        self.on_wait: object = None

    def __call__(self) -> datetime:
        return self.now

    def wait(self, seconds: float | None) -> None:
        self.waits.append(seconds)
        if callable(self.on_wait):
            self.on_wait(len(self.waits))
        self.now += timedelta(seconds=seconds or 0)


def tells() -> list[TimedReport]:
    lines = dot_row(), dot_row(FLIGHT_NUMBER=2, DEPARTURE_DELAY=-5, ARRIVAL_DELAY=0)
    return script(row for row in read(dot_file(*lines)) if isinstance(row, PastFlight))


def replay(*, speed: float = math.inf, start: str | None = None) -> tuple[Replay, Notes, Machine]:
    machine = Machine()
    notes = Notes(machine)
    told = Replay(
        tells(),
        notes,
        label="a day",
        speed=speed,
        start=utc(start) if start else None,
        real=machine,
        wait=machine.wait,
    )
    return told, notes, machine


def test_everything_is_told_in_order_with_a_watch_in_every_minute() -> None:
    run, notes, _ = replay()
    summary = run.run()
    assert summary.reports == run.total == 10
    assert summary.events == 10
    moments = [at for at, _ in notes.heard]
    assert moments == sorted(moments)
    assert notes.minutes == (run.last - run.first) / timedelta(minutes=1)
    assert run.finished


def test_in_a_minute_the_reports_come_before_the_watch() -> None:
    run, notes, _ = replay()
    run.run()
    out = notes.heard.index((utc("2015-01-02 14:29"), "minute"))
    assert notes.heard[out - 1][0] == utc("2015-01-02 14:29")
    assert notes.heard[out - 1][1] != "minute"


@pytest.mark.parametrize("speed", [1, 60, 3600.5])
def test_every_speed_tells_the_same(speed: float) -> None:
    fast, fast_notes, _ = replay()
    fast.run()
    slow, slow_notes, _ = replay(speed=speed, start="2015-01-02 13:00")
    slow.run()
    assert slow_notes.heard == fast_notes.heard


def test_pauses_change_nothing_but_the_time_it_takes() -> None:
    fast, fast_notes, _ = replay()
    fast.run()
    slow, notes, machine = replay(speed=60)

    def pause_now_and_then(count: int) -> None:
        if count % 7 == 3 and not slow.paused:
            slow.pause()
        elif slow.paused:
            machine.now += timedelta(minutes=10)
            slow.resume()

    machine.on_wait = pause_now_and_then
    slow.run()
    assert notes.heard == fast_notes.heard
    assert machine.now - utc("2026-01-01 00:00") > (slow.last - slow.first) / 60 + timedelta(minutes=10)


def test_what_lies_before_the_start_is_told_at_once_and_the_rest_at_its_time() -> None:
    run, notes, machine = replay(speed=60, start="2015-01-02 14:00")
    run.load()
    begun = machine.now
    assert not machine.waits
    assert notes.heard[-1][0] == utc("2015-01-02 13:59")
    run.run()
    late = notes.heard.index((utc("2015-01-02 14:30"), "minute"))
    assert abs(notes.heard_at[late] - begun - timedelta(seconds=30)) < timedelta(milliseconds=1)


def test_the_clock_is_shown_at_start_pause_and_end() -> None:
    run, notes, machine = replay(speed=60, start="2015-01-02 14:00")

    def pause_once(count: int) -> None:
        if count == 5:
            run.pause()
        elif run.paused:
            machine.now += timedelta(hours=1)
            run.resume()

    machine.on_wait = pause_once
    run.run()
    running = [clock for clock in notes.clocks if clock.speed]
    paused = notes.clocks[notes.clocks.index(running[0]) + 1]
    assert running[0].simulated_at == utc("2015-01-02 14:00")
    assert paused.speed == 0
    assert running[1].simulated_at == paused.simulated_at
    assert running[1].real_at == paused.real_at + timedelta(hours=1)
    assert notes.clocks[-1].speed == 0
    assert notes.clocks[-1].simulated_at == run.last == run.now


def test_stopped_it_returns_and_shows_where_the_clock_stands() -> None:
    run, notes, machine = replay(speed=60, start="2015-01-02 14:00")
    machine.on_wait = lambda count: run.stop() if count == 10 else None
    summary = run.run()
    assert not run.finished
    assert summary.reports < run.total
    assert notes.clocks[-1].speed == 0
    assert utc("2015-01-02 14:09") <= notes.clocks[-1].simulated_at <= utc("2015-01-02 14:11")


def test_a_listener_that_cannot_keep_up_makes_it_late_but_not_different() -> None:
    fast, fast_notes, _ = replay()
    fast.run()
    run, notes, machine = replay(speed=60, start="2015-01-02 14:00")
    slow_record = notes.record

    def record(reports: Sequence[Report], at: datetime) -> ReplayResult:
        machine.now += timedelta(minutes=3)
        return slow_record(reports, at)

    notes.record = record  # type: ignore[method-assign]
    run.run()
    assert notes.heard == fast_notes.heard


@pytest.mark.parametrize("speed", [0, -1, math.nan])
def test_a_speed_that_is_no_factor_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        replay(speed=speed)


def test_nothing_to_tell_is_an_error() -> None:
    with pytest.raises(ValueError, match="no reports to play"):
        Replay([], Notes(Machine()), label="a day")
