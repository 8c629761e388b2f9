"""The runner of duties: each in one process, work on its own thread, failures said, leases renewed beside slow work."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError

from tests.services import wait_until
from windsock.duties import Duty, Work, health, registry
from windsock.duties import lease as leases
from windsock.duties.models import DutyState
from windsock.duties.runner import Runner
from windsock.errors import JournalUnavailable

BEGIN = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


class Done:
    """Work that counts how often it was done, and fails as told."""

    def __init__(self) -> None:
        self.times = 0
        self.error: Exception | None = None

    def __call__(self) -> None:
        self.times += 1
        if self.error is not None:
            raise self.error


class Node:
    """A process's runner of one duty, its clock shared with the others."""

    now = BEGIN

    def __init__(self, name: str = "watch") -> None:
        self.done = Done()
        duty = Duty(name, f"the {name}", [Work("look", 1.0, self.done)])
        self.runner = Runner([duty], clock=lambda: Node.now)


@pytest.fixture(autouse=True)
def _clock() -> None:
    Node.now = BEGIN


@pytest.mark.django_db(transaction=True)
def test_of_two_processes_one_does_it_and_the_other_takes_over_within_30_seconds() -> None:
    first, second = Node(), Node()
    for _ in range(10):
        first.runner.tick()
        second.runner.tick()
        Node.now += timedelta(seconds=5)
    assert (first.done.times, second.done.times) == (10, 0)
    died = Node.now - timedelta(seconds=5)  # it did its last round then
    while second.done.times == 0:
        second.runner.tick()
        Node.now += timedelta(seconds=1)
    assert Node.now - died <= timedelta(seconds=30)


@pytest.mark.django_db(transaction=True)
def test_a_process_that_stood_still_gives_way_to_the_one_that_took_over() -> None:
    first, second = Node(), Node()
    first.runner.tick()
    Node.now += timedelta(minutes=1)
    second.runner.tick()
    first.runner.tick()
    assert (first.done.times, second.done.times) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_a_lease_from_a_clock_that_was_a_week_ahead_is_no_lease_once_it_is_put_right() -> None:
    first, second = Node(), Node()
    Node.now += timedelta(days=7)
    first.runner.tick()  # and dies, so that it gives nothing back
    Node.now -= timedelta(days=7)
    registry.add("test", registry.Source(lambda: {"watch": "the watch"}, lambda server: []))
    try:
        assert health.details(lambda: Node.now)["watch"] == {"state": "unattended"}
        assert "the watch" in health.unattended(lambda: Node.now).values()
        second.runner.tick()
        assert "watch" not in health.unattended(lambda: Node.now)
    finally:
        registry._sources.pop("test")
    assert (first.done.times, second.done.times) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_two_processes_may_share_duties_but_never_one() -> None:
    names = [f"duty-{number}" for number in range(20)]
    owners = ["one", "two", "three"]
    together = threading.Barrier(len(owners))
    found: dict[str, set[str]] = {}

    def take(owner: str) -> None:
        from django.db import connections

        together.wait()
        try:
            found[owner] = leases.take(names, owner, BEGIN)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=take, args=(owner,)) for owner in owners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(len(held) for held in found.values()) == 20
    assert set.union(*found.values()) == set(names)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("not a number"),
        JournalUnavailable("The disk is full."),
        OperationalError("locked"),
        RecursionError(),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.django_db(transaction=True)
def test_whatever_work_raises_is_reported_and_it_is_done_again(error: Exception) -> None:
    node = Node()
    node.done.error = error
    for _ in range(3):
        node.runner.tick()
    row = DutyState.objects.get()
    assert row.failures == 3
    assert row.error
    registry.add("test", registry.Source(lambda: {"watch": "the watch"}, lambda server: []))
    try:
        told = health.details(lambda: Node.now)["watch"]
        assert isinstance(told, dict)
        assert told["state"] == "failing"
        node.done.error = None
        node.runner.tick()
        assert DutyState.objects.get().failures == 0
    finally:
        registry._sources.pop("test")


@pytest.mark.django_db(transaction=True)
def test_work_that_takes_longer_than_a_lease_keeps_it_and_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from windsock.duties import runner as module

    monkeypatch.setattr(leases, "LEASE", timedelta(seconds=2.0))
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(module, "RENEW_SECONDS", 0.2)
    ends, began, other = threading.Event(), threading.Event(), Done()

    def slow() -> None:
        began.set()
        ends.wait(60)

    one = Runner([Duty("slow", "slow", [Work("wait", 1.0, slow), Work("beside", 0.05, other)])])
    two = Runner([Duty("slow", "slow", [Work("wait", 1.0, lambda: pytest.fail("run twice"))])])
    one.start()
    try:
        assert began.wait(60)
        two.start()
        until = time.monotonic() + 5  # several leases
        counted = other.times
        wait_until(lambda: time.monotonic() > until, 20, "several leases")
        assert one.holds("slow")
        assert not two.holds("slow")
        assert other.times > counted + 5
    finally:
        ends.set()
        one.stop()
        two.stop()
    assert DutyState.objects.get().owned_until is None, "it was given back"


@pytest.mark.django_db(databases=["postgresql"])
def test_on_postgresql_the_leases_are_by_its_clock_which_all_nodes_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from django.db import connections

    if "postgresql" not in connections:
        pytest.skip("PostgreSQL is not installed")
    wrong = lambda: datetime.now(UTC) + timedelta(hours=1)  # noqa: E731
    monkeypatch.setattr(leases, "system_clock", wrong)
    now = leases.shared_now(wrong, "postgresql")
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=5)
    # A clock of a test's own is followed.
    assert leases.shared_now(lambda: BEGIN, "postgresql") == BEGIN
