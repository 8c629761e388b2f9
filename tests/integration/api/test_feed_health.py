"""What /readyz and /metrics say of the configured feeds."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from windsock.collect import health as feedhealth
from windsock.collect.models import FeedState, ParkedReport
from windsock.conf import config
from windsock.duties.lease import LEASE
from windsock.duties.models import DutyState

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def feeds(settings: object) -> None:
    """A feed that failed into silence with a report that waits, one of which nothing came yet, one switched off."""
    settings.WINDSOCK = {  # type: ignore[attr-defined]
        "FEEDS": {
            "bergen": {"format": "avinor", "airport": "BGO"},
            "telex": {"format": "mvt"},
            "old": {"format": "mvt", "enabled": False},
        }
    }
    config.cache_clear()
    now = timezone.now()
    DutyState.objects.create(name="feed.bergen", owner="node", owned_until=now + LEASE)
    FeedState.objects.create(
        name="bergen",
        reported_at=now - timedelta(minutes=40),
        heard_at=now - timedelta(minutes=40),
        stale_since=now - timedelta(minutes=10),
        failures=3,
        error="HTTP 500",
        error_at=now,
    )
    FeedState.objects.create(name="not-configured-any-more", failures=9)
    for settled_at in (None, None, now):
        ParkedReport.objects.create(
            feed="bergen",
            received_at=now,
            report={},
            code="unknown_flight",
            message="",
            settled_at=settled_at,
        )


def test_readiness_tells_how_each_feed_does_and_does_not_depend_on_it() -> None:
    answer = Client().get("/readyz")
    told = answer.json()["feeds"]
    assert answer.status_code == 200
    assert list(told) == ["bergen", "old", "telex"]
    age = told["bergen"].pop("report_age_seconds")
    assert 2400 <= age < 2460
    assert told["bergen"] == {
        "state": "failing", "stale": True, "failures": 3, "parked": 2, "error": "HTTP 500"
    }  # fmt: skip
    assert told["telex"] == {
        "state": "on", "stale": False, "report_age_seconds": None, "failures": 0, "parked": 0
    }  # fmt: skip
    assert told["old"]["state"] == "off"


def test_metrics_have_the_same_figures_by_feed() -> None:
    text = Client().get("/metrics").content.decode()
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("windsock_feed_"))
    assert lines['windsock_feed_state{feed="bergen",state="failing"}'] == "1.0"
    assert lines['windsock_feed_state{feed="bergen",state="on"}'] == "0.0"
    assert lines['windsock_feed_stale{feed="bergen"}'] == "1.0"
    assert lines['windsock_feed_failures{feed="bergen"}'] == "3.0"
    assert lines['windsock_feed_parked{feed="bergen"}'] == "2.0"
    assert 2400 <= float(lines['windsock_feed_report_age_seconds{feed="bergen"}']) < 2460
    assert 'windsock_feed_report_age_seconds{feed="telex"}' not in lines


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ({"failures": 0, "error": ""}, "stale"),
        ({"failures": 0, "error": "", "stale_since": None}, "on"),
        ({"paused": True}, "paused"),
    ],
)
def test_a_feed_stands_as_an_operator_decided_else_as_its_worst_news_says(
    more: dict[str, object], state: str
) -> None:
    FeedState.objects.filter(name="bergen").update(**more)
    assert feedhealth.feeds()[0].state == state


def test_a_feed_that_nobody_runs_is_not_on_and_one_that_is_pushed_needs_nobody() -> None:
    FeedState.objects.filter(name="bergen").update(failures=0, error="", stale_since=None)
    DutyState.objects.update(owned_until=timezone.now() - timedelta(minutes=1))
    assert [(feed.name, feed.state) for feed in feedhealth.feeds()] == [
        ("bergen", "unattended"), ("old", "off"), ("telex", "on")
    ]  # fmt: skip


def test_settings_that_cannot_be_read_leave_readiness_without_feeds(settings: object) -> None:
    settings.WINDSOCK = {"FEEDS": {"bergen": {"format": "no-such-format"}}}  # type: ignore[attr-defined]
    config.cache_clear()
    assert config().feeds
    assert feedhealth.details() == {}
    assert "feeds" not in Client().get("/readyz").json()


def test_details_that_cannot_be_told_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from windsock.api import health

    def fails() -> dict[str, object]:
        raise OSError("gone")

    monkeypatch.setitem(health._details, "feeds", fails)
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert "feeds" not in answer.json()
