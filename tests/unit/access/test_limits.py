"""Counting failures. Django's cache is the in-memory one of the tests' settings, the clock is given."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache

from windsock.access.limits import FailureLimit


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


class Watch:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_the_attempt_after_the_last_allowed_one_has_to_wait() -> None:
    limit = FailureLimit("t", tries=3, seconds=60, clock=Watch())
    assert [limit.count("here") for _ in range(3)] == [None, None, None]
    wait = limit.count("here")
    assert wait is not None
    assert 0 < wait <= 60


def test_another_address_is_not_affected() -> None:
    limit = FailureLimit("t", tries=1, seconds=60, clock=Watch())
    limit.count("here")
    limit.count("here")
    assert limit.count("there") is None


def test_after_the_window_attempts_are_free_again() -> None:
    watch = Watch()
    limit = FailureLimit("t", tries=1, seconds=60, clock=watch)
    limit.count("here")
    wait = limit.count("here")
    assert wait is not None
    watch.now += wait
    assert limit.retry_after("here") is None
    assert limit.count("here") is None


def test_retry_after_says_so_beforehand() -> None:
    limit = FailureLimit("t", tries=2, seconds=60, clock=Watch())
    limit.count("here")
    assert limit.retry_after("here") is None
    limit.count("here")
    assert limit.retry_after("here") is not None


def test_no_count_is_lost_when_many_fail_at_once() -> None:
    limit = FailureLimit("t", tries=50, seconds=60, clock=Watch())
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: limit.count("here"), range(80)))
    assert sum(answer is None for answer in answers) == 50
