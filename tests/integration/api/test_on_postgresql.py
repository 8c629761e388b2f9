"""The ready-made service on PostgreSQL and Redis: configured by two URLs, otherwise the same."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.integration.api.test_reports import GOOD, problem
from tests.running_service import RunningService
from tests.services import PostgreSQL, wait_until


@pytest.fixture(scope="module")
def service(
    tmp_path_factory: pytest.TempPathFactory, postgresql: PostgreSQL, redis_url: str
) -> Iterator[RunningService]:
    postgresql.create_database("windsock_service")
    running = RunningService.prepare(
        tmp_path_factory.mktemp("service"),
        DATABASE_URL=postgresql.url("windsock_service"),
        REDIS_URL=redis_url,
        WINDSOCK_FEEDS=json.dumps({"telex": {"format": "mvt", "stale_minutes": 0.05}}),
    )
    running.start()
    yield running
    running.stop()


def test_reports_are_recorded_and_read(service: RunningService) -> None:
    assert service.post([GOOD, GOOD | {"flight": "DL1866"}]).status == 200
    assert service.get("/api/v1/flights/DL1866.2015-01-02.ATL").status == 200
    assert service.get("/readyz", who=None).status == 200


def test_bad_input_is_told_as_on_sqlite(service: RunningService) -> None:
    problem(service.post(GOOD | {"origin": "QQQ"}), 422, service.post(GOOD | {"origin": "QQQ"}).data["code"])
    problem(service.get("/api/v1/events?after=another:1"), 410, "position_unknown")


def test_a_zero_byte_which_postgresql_cannot_hold_is_the_askers_error(service: RunningService) -> None:
    answer = service.post(GOOD | {"departure": {"gate": "B\x0012"}})
    assert answer.status == 422, answer.body
    problem(service.get("/api/v1/flights?q=%00"), 422, "invalid_parameter")
    assert service.post(GOOD | {"flight": "DL1867"}).status == 200


def test_many_at_once_are_all_recorded_and_the_journal_has_no_hole(service: RunningService) -> None:
    def one(number: int) -> int:
        return service.post(GOOD | {"flight": f"DL{2000 + number}"}).status

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(one, range(100))) == {200}
    events = service.get("/api/v1/events?limit=1000").data["events"]
    offsets = [int(event["position"].rpartition(":")[2]) for event in events]
    assert offsets == list(range(1, len(offsets) + 1))
    assert len(offsets) >= 100


def test_a_feed_that_falls_silent_makes_its_flights_stale_until_it_speaks_again(
    service: RunningService,
) -> None:
    now = datetime.now(UTC)
    flight = f"/api/v1/flights/WF588.{now:%Y-%m-%d}.KEF"  # where clocks show UTC, so that no midnight comes between

    def telex(line: str) -> None:
        body = f"MVT\nWF588/{now:%d}.LNWDE.KEF\n{line}\n"
        answer = service.ask("POST", "/api/v1/feeds/telex", body, {"Content-Type": "text/plain"})
        assert answer.data["recorded"] == 1, answer.body

    def silent_source() -> str | None:
        found: str | None = service.get(flight).data["flight"]["silent_source"]
        return found

    def feed() -> dict[str, Any]:
        standing: dict[str, Any] = service.get("/readyz", who=None).data["feeds"]["telex"]
        return standing

    def speaks_again() -> bool:
        telex(
            f"ED{now:%d%H%M}"
        )  # at each look: on a slow machine the feed may be silent for too long once more
        return silent_source() is None

    service.post(
        GOOD
        | {
            "flight": "WF588",
            "date": f"{now:%Y-%m-%d}",
            "origin": "KEF",
            "departure": {"scheduled": now.isoformat()},
        }
    )
    telex(f"ED{now:%d%H%M}")
    # The flights are marked before the feed is, so that a change that cannot be recorded is tried again: two steps.
    wait_until(lambda: silent_source() == "telex", 60, "the silence of the feed")
    wait_until(lambda: feed()["state"] == "stale", 60, "a feed that is shown as stale")
    assert feed()["report_age_seconds"] > 0
    wait_until(speaks_again, 60, "a flight that is stale no longer")
