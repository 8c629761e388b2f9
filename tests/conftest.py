"""What every tier shares: real services started when a test needs them, and in CI nothing may skip."""

import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests import services

IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")

# Tests start hundreds of processes of this source tree. An environment that forbids compiled files (many containers
# do) would have each of them compile 200 modules anew: a third of the time of a start, half of that of a collection.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# An example that takes 200 ms is a fault of the moment on a loaded machine: what must be fast is measured elsewhere.
hypothesis.settings.register_profile("windsock", hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("windsock")


def _aliases(item: pytest.Item) -> set[str]:
    """The database aliases that a test's `django_db` mark names."""
    mark = item.get_closest_marker("django_db")
    named = mark.kwargs.get("databases") if mark else None
    if named == "__all__":
        from django.conf import settings

        return set(settings.DATABASES)
    return set(named or ())


def _needs_postgresql(item: pytest.Item) -> bool:
    return "postgresql" in _aliases(item) or "postgresql" in getattr(item, "fixturenames", ())


def pytest_configure(config: pytest.Config) -> None:
    # A SIGTERM (`timeout`, a cancelled job) ends the run as Ctrl-C does: with everything stopped that it started.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_sessionstart() -> None:
    # In a fresh clone the first text that Hypothesis draws costs seconds, for its tables of Unicode, which it then
    # keeps in .hypothesis. The test that happens to draw it would be told that it is slow.
    # Nor is any example timed: a machine that much else loads stops a process for longer than any deadline.
    hypothesis.settings.register_profile(
        "untimed",
        parent=hypothesis.settings(),
        deadline=None,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    hypothesis.settings.load_profile("untimed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that this is slow is known: here nobody is timed
        hypothesis.find(hypothesis.strategies.text(), lambda _: True)


# From fast to slow, so that a simple mistake is reported early.
TIERS = ("unit", "docs", "contract", "integration", "js", "browser", "acceptance")


LONGEST_FIRST = (
    "acceptance/test_faults_nodes.py",
    "acceptance/test_faults_database.py",
    "acceptance/test_feed_days.py",
    "acceptance/test_replay_day.py",
    "acceptance/test_duties.py",
    "docs/test_blocks.py",
    "browser/test_documents.py",
    "acceptance/test_put_back.py",
    "browser/test_board.py",
    "acceptance/test_host_settings.py",
    "integration/live/test_rights_processes.py",
    "acceptance/test_frozen.py",
    "integration/live/test_group.py",
    "browser/test_everybody.py",
    "browser/test_console.py",
    "browser/test_programmes.py",
    "integration/live/test_drain.py",
    "browser/test_display.py",
    "browser/test_large_board.py",
    "browser/test_board_choices.py",
    "unit/wording/test_display.py",
    "integration/collect/test_every_poller.py",
    "contract/test_journal.py",
    "unit/live/test_subscribe_storm.py",
    "integration/api/test_openapi.py",
    "contract/test_servers.py",
    "acceptance/test_large_answers.py",
    "contract/test_cursors.py",
    "integration/collect/test_bad_company.py",
    "integration/api/test_end.py",
    "acceptance/test_kill.py",
    "unit/wording/test_laws.py",
    "integration/live/test_programmes.py",
    "unit/replay/test_bts.py",
    "unit/replay/test_staging.py",
    "acceptance/test_edge.py",
    "acceptance/test_redis_half_open.py",
    "acceptance/test_faults_redis.py",
)
"""Files whose tests take longest, in the order in which several processes take them (`make test`, with
`--no-loadscope-reorder`). One that came last would run on alone; `pytest --durations=0` shows which belong here."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_tier)
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=_place)
    missing = services.postgresql_missing()
    for item in items:
        for tier in ("acceptance", "browser"):  # the folder is the tier
            if f"/tests/{tier}/" in item.path.as_posix():
                item.add_marker(tier)
        if missing and _needs_postgresql(item):
            item.add_marker(pytest.mark.skip(reason=missing))
        if item.get_closest_marker("shared_data") and not services.SHARED.is_dir():
            item.add_marker(pytest.mark.skip(reason=f"the data folder {services.SHARED} is not here"))


def _place(item: pytest.Item) -> int:
    file = item.path.as_posix().rpartition("/tests/")[2]
    return LONGEST_FIRST.index(file) if file in LONGEST_FIRST else len(LONGEST_FIRST)


def _tier(item: pytest.Item) -> int:
    return next((place for place, tier in enumerate(TIERS) if f"/tests/{tier}/" in item.path.as_posix()), 0)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    request: pytest.FixtureRequest, django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """Starts PostgreSQL before Django makes its test databases, if a collected test wants one."""
    if services.postgresql_missing() is None and any(map(_needs_postgresql, request.session.items)):
        services.start_postgresql()


@pytest.fixture(scope="session")
def postgresql() -> services.PostgreSQL:
    """A running PostgreSQL server: `.url(database)`, `.create_database(name)` for tests with processes of their own."""
    if missing := services.postgresql_missing():
        pytest.skip(missing)
    return services.start_postgresql()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The URL of a running Redis, one per test process."""
    if missing := services.redis_missing():
        pytest.skip(missing)
    with services.running_redis() as url:
        yield url


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium."""
    return services.chromium() or pytest.skip("Chromium is not installed; Debian: apt-get install chromium")


@pytest.fixture(scope="session")
def node() -> str:
    """The path of node."""
    return services.node() or pytest.skip("node is not installed; Debian: apt-get install nodejs")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder beside the clone with the large data files; mark tests that ask for it `shared_data`."""
    if not services.SHARED.is_dir():
        pytest.skip(f"the data folder {services.SHARED} is not here")
    return services.SHARED


@pytest.fixture(autouse=True)
def _nothing_stays() -> Iterator[None]:
    """After each test: no cached `config()` of changed settings, no pipeline with a thread on a flushed database."""
    yield
    if (process := sys.modules.get("windsock.ingest.current")) is not None:
        process.stop()
    if (conf := sys.modules.get("windsock.conf")) is not None:
        conf.config.cache_clear()


# --- In CI nothing may skip -------------------------------------------------------------------------------------------


def _excused(node: pytest.Item | pytest.Collector) -> bool:
    if node.get_closest_marker("autobahn") is not None:
        return True  # it needs a Python 2.7; tests/unit/live/test_framing.py has the same rules
    return node.get_closest_marker("shared_data") is not None and not services.SHARED.is_dir()


def _as_failure(report: pytest.TestReport | pytest.CollectReport) -> pytest.TestReport | pytest.CollectReport:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
    report.outcome = "failed"
    report.longrepr = f"In CI nothing may skip, yet {report.nodeid} did: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):  # type: ignore[no-untyped-def]
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail") and not _excused(item):
        return _as_failure(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector):  # type: ignore[no-untyped-def]
    report = yield
    if IN_CI and report.skipped and not _excused(collector):
        return _as_failure(report)
    return report
