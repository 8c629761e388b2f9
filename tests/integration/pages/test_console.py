"""The operator's console: who may open it, what it shows of feeds, and what an operator can do there."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client

from windsock.collect.intake import Intake
from windsock.collect.models import FeedInput, FeedState, ParkedReport
from windsock.conf import config
from windsock.duties.lease import LEASE
from windsock.duties.models import DutyState
from windsock.feeds.configuration import read
from windsock.ingest import Recorded, pipeline, record, stop
from windsock.journal.database import DatabaseJournal

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "do-not-show-this"
NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
TELEX = b"MVT\nWF588/14.LNWDE.BGO\nED141530\n"


@pytest.fixture(autouse=True)
def feeds(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEX_SECRET", SECRET)
    settings.WINDSOCK = {
        **settings.WINDSOCK,
        "FEEDS": {
            "telex": {"format": "mvt", "secret_env": "TELEX_SECRET", "requests_per_day": 100},
            "quiet": {"format": "mvt"},
            "old": {"format": "mvt", "enabled": False},
        },
    }
    config.cache_clear()
    stop()
    DatabaseJournal().reset()


@pytest.fixture
def ada() -> Client:
    """May operate feeds."""
    user = get_user_model().objects.create_user("ada", password="x")
    user.user_permissions.add(Permission.objects.get(codename="operate_feeds"))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def parked() -> ParkedReport:
    """A report about WF588 of an unclear origin, and the two flights it may mean."""
    for origin, destination, hour in (("BGO", "OSL", 14), ("OSL", "TRD", 17)):
        whole = {
            "flight": "WF588",
            "date": "2026-03-14",
            "origin": origin,
            "destination": destination,
            "departure": {"scheduled": f"2026-03-14T{hour}:00:00Z"},
        }
        (result,) = record([whole], source="plan", received_at=NOW)
        assert isinstance(result, Recorded)
    return ParkedReport.objects.create(
        feed="telex",
        received_at=NOW,
        report={
            "flight": "WF588",
            "date": "2026-03-14",
            "source": "telex",
            "departure": {"estimated": "2026-03-14T15:30:00Z"},
        },
        code="ambiguous_flight",
        message="Two flights are called WF588.",
        candidates=["WF588.2026-03-14.BGO", "WF588.2026-03-14.OSL"],
    )


def take(body: bytes) -> FeedInput:
    form = read(config().feeds)["telex"]
    taken = Intake("telex", form.format.parser("telex", {}), pipeline()).take(body, received_at=NOW)
    return FeedInput.objects.get(pk=taken.input_id)


def text(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, (path, response.status_code)
    return " ".join(response.content.decode().split())


def settle(client: Client, report: ParkedReport, **fields: Any) -> Any:
    response = client.post("/console/parked/", {"report": report.pk, **fields})
    report.refresh_from_db()
    return response


@pytest.mark.parametrize("path", ["/console/", "/console/feeds/telex/", "/console/parked/"])
def test_only_operators_may_open_it(path: str, ada: Client) -> None:
    assert Client().get(path)["Location"] == f"/sign-in/?next={path}"
    ben = Client()
    ben.force_login(get_user_model().objects.create_user("ben"))
    refused = ben.get(path)
    assert refused.status_code == 403
    assert b"windsock.operate_feeds" in refused.content
    assert ben.post(path, {"do": "pause"}).status_code in (403, 405)
    assert not FeedState.objects.filter(paused=True).exists()
    assert ada.get(path).status_code == 200


def test_the_list_of_feeds_shows_the_state_of_each_in_words(ada: Client) -> None:
    take(TELEX)
    FeedState.objects.filter(name="telex").update(
        failures=3,
        error="The provider answered 503.",
        error_at=NOW,
        requests=7,
        requests_on=datetime.now(UTC),
    )
    FeedState.objects.create(name="quiet", heard_at=NOW, reported_at=NOW, stale_since=NOW)

    for name in ("feed.telex", "feed.quiet"):
        DutyState.objects.create(name=name, owner="node", owned_until=datetime.now(UTC) + LEASE)

    page = text(ada, "/console/")

    assert ">Failing<" in page and "3 times in a row" in page and "The provider answered 503." in page
    assert ">Stale<" in page
    assert ">Off<" in page
    assert "7 of 100" in page
    FeedState.objects.filter(name="telex").update(paused=True)
    assert ">Paused<" in text(ada, "/console/")


def test_an_error_that_is_over_is_shown_as_an_earlier_one(ada: Client) -> None:
    take(b"\x00 not a telex")
    assert FeedState.objects.get(name="telex").error == "" or ">Failing<" in text(ada, "/console/")
    FeedState.objects.update_or_create(
        name="telex", defaults={"error": "Cut off.", "error_at": NOW, "heard_at": datetime.now(UTC)}
    )
    page = text(ada, "/console/")
    assert ">Failing<" not in page and "Earlier, 14 Mar 12:00: Cut off." in page


def test_secrets_are_never_shown(ada: Client, parked: ParkedReport) -> None:
    for path in ("/console/", "/console/feeds/telex/", "/console/parked/"):
        assert SECRET not in text(ada, path)
    assert "TELEX_SECRET" in text(ada, "/console/feeds/telex/")


def test_faults_stand_with_what_was_sent(ada: Client) -> None:
    kept = FeedInput.objects.create(
        feed="telex",
        received_at=NOW,
        body=b"MVT\n<script>",
        faults=[{"where": "line 2", "message": "No such line.", "raw": "<script>"}],
        fault_count=1,
    )
    unread = FeedInput.objects.create(
        feed="telex", received_at=NOW, body=b"??", error="This is no telex at all."
    )

    page = text(ada, "/console/feeds/telex/")

    assert "<b>line 2</b>: No such line." in page and "&lt;script&gt;" in page and "<script>" not in page
    assert "This is no telex at all." in page and ">??</pre>" in page
    raw = ada.get(f"/console/feeds/telex/inputs/{kept.pk}/")
    assert raw.content == b"MVT\n<script>"
    assert raw["Content-Type"].startswith("text/plain") and raw["X-Content-Type-Options"] == "nosniff"
    assert ada.get(f"/console/feeds/quiet/inputs/{unread.pk}/").status_code == 404


def test_a_feed_is_paused_and_resumed(ada: Client) -> None:
    assert ada.post("/console/feeds/quiet/", {"do": "pause"}).status_code == 302
    assert FeedState.objects.get(name="quiet").paused
    assert "Resume" in text(ada, "/console/feeds/quiet/")
    ada.post("/console/feeds/quiet/", {"do": "resume"})
    assert not FeedState.objects.get(name="quiet").paused


def test_an_input_is_reprocessed(ada: Client) -> None:
    kept = FeedInput.objects.create(feed="telex", received_at=NOW, body=TELEX, error="It failed.")

    answer = ada.post("/console/feeds/telex/", {"replay": kept.pk}, follow=True)

    kept.refresh_from_db()
    assert kept.error == ""
    assert kept.recorded + kept.parked == 1
    assert b"Reprocessed just now" in answer.content
    assert ada.post("/console/feeds/quiet/", {"replay": kept.pk}).status_code == 409
    assert ada.post("/console/feeds/telex/", {"replay": "9" * 30}).status_code == 409


def test_a_form_from_elsewhere_changes_nothing(ada: Client, parked: ParkedReport) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = ada.cookies
    assert strict.post("/console/feeds/quiet/", {"do": "pause"}).status_code == 403
    assert strict.post("/console/parked/", {"report": parked.pk, "drop": "1"}).status_code == 403
    assert ParkedReport.objects.get(pk=parked.pk).waits


def test_a_parked_report_is_shown_in_words(ada: Client, parked: ParkedReport) -> None:
    page = text(ada, "/console/parked/")

    assert "WF 588</bdi> <small>on 14 March 2026, from an unknown origin</small>" in page
    assert "<dt>Expected departure</dt><dd>15:30</dd>" in page and "Times are UTC." in page
    assert "It may be about any of 2 flights:" in page
    assert "BGO–OSL, 14 Mar 14:00 UTC" in page
    assert "OSL–TRD, 14 Mar 17:00 UTC" in page
    assert "No parked reports." in text(ada, "/console/parked/?feed=quiet")


def test_choosing_a_candidate_records_the_report(ada: Client, parked: ParkedReport) -> None:
    assert settle(ada, parked, flight="WF588.2026-03-14.BGO").status_code == 302

    assert parked.settled_as == "WF588.2026-03-14.BGO"
    assert str(parked.settled_by) == "ada"
    assert "15:30" not in text(ada, "/console/parked/")  # it is settled now, with who and when
    assert "by ada," in text(ada, "/console/parked/")
    assert "telex" in text(ada, "/flights/WF588.2026-03-14.BGO/")
    assert settle(ada, parked, drop="1").status_code == 409


def test_another_flight_may_be_named_and_nonsense_is_refused(ada: Client, parked: ParkedReport) -> None:
    for wrong in ("", "nonsense", "DL1.2026-03-14.ATL"):
        answer = settle(ada, parked, other=wrong)
        assert answer.status_code == 409 and parked.waits, wrong
        assert b'role="alert"' in answer.content
    assert settle(ada, parked, other="WF588.2026-03-14.OSL").status_code == 302
    assert parked.settled_as == "WF588.2026-03-14.OSL"
    assert settle(ada, parked, undo="1").status_code == 409
    assert not parked.waits


def test_a_report_is_dropped_and_restored(ada: Client, parked: ParkedReport) -> None:
    settle(ada, parked, drop="1")
    assert not parked.waits and parked.settled_as == ""
    assert "dropped" in text(ada, "/console/parked/")
    settle(ada, parked, undo="1")
    assert parked.waits and parked.settled_by is None


def test_a_flight_nobody_has_reported_is_added_only_when_confirmed(ada: Client, parked: ParkedReport) -> None:
    name = "DL1.2026-03-14.ATL"
    answer = settle(ada, parked, other=name)
    assert answer.status_code == 409 and parked.waits
    assert f'name="add" value="{name}"' in answer.content.decode()
    assert settle(ada, parked, other=name, add=name).status_code == 302
    assert parked.settled_as == name
    assert ada.get(f"/flights/{name}/").status_code == 200


def test_times_are_local_where_the_report_knows_its_airports(ada: Client, parked: ParkedReport) -> None:
    parked.report = {
        **parked.report,
        "origin": "BGO",
        "departure": {"estimated": "2026-03-14T15:30:00Z", "gate": None},
    }
    parked.save()
    page = text(ada, "/console/parked/")
    assert "from Bergen (BGO)" in page and "Times are local." in page
    assert "<dt>Expected departure</dt><dd>16:30</dd>" in page
    assert "<dt>Departure gate</dt><dd>withdrawn</dd>" in page
    assert "BGO–OSL, 14 Mar 15:00 local" in page


def test_the_lag_is_that_of_the_newest_report(ada: Client) -> None:
    for minutes in (30, 7):
        report = {
            "flight": "WF588",
            "date": "2026-03-14",
            "origin": "BGO",
            "observed_at": f"2026-03-14T11:{60 - minutes:02}:00Z",
            "departure": {"gate": str(minutes)},
        }
        record([report], source="telex", received_at=NOW)
    assert 'data-label="Lag">7 min<' in text(ada, "/console/")


def test_old_inputs_and_those_with_trouble_are_found(ada: Client) -> None:
    bad = FeedInput.objects.create(feed="telex", received_at=NOW, body=b"?", error="Unreadable line noise.")
    FeedInput.objects.bulk_create(FeedInput(feed="telex", received_at=NOW, body=b"") for _ in range(30))
    first = text(ada, "/console/feeds/telex/")
    assert first.count('<li id="input-') == 25 and "Unreadable line noise." not in first
    oldest = bad.pk + 6
    assert f'href="?before={oldest}#inputs"' in first
    assert "Unreadable line noise." in text(ada, f"/console/feeds/telex/?before={oldest}")
    trouble = text(ada, "/console/feeds/telex/?show=trouble")
    assert trouble.count('<li id="input-') == 1 and "Unreadable line noise." in trouble


def test_only_operators_are_led_to_the_console(ada: Client) -> None:
    assert 'href="/console/"' in text(ada, "/")
    ben = Client()
    ben.force_login(get_user_model().objects.create_user("ben"))
    assert "/console/" not in text(ben, "/")


def test_a_feed_no_longer_configured_still_shows_its_inputs(ada: Client) -> None:
    kept = FeedInput.objects.create(feed="gone", received_at=NOW, body=b"MVT")
    assert "no longer configured" in text(ada, "/console/feeds/gone/")
    assert ada.post("/console/feeds/gone/", {"replay": kept.pk}).status_code == 409
    assert ada.get("/console/feeds/never/").status_code == 404


@pytest.mark.parametrize(
    "path", ["/console/feeds/%00/", f"/console/feeds/telex/inputs/{2**70}/", "/console/feeds/%00/inputs/1/"]
)
def test_odd_addresses_are_not_found(ada: Client, path: str) -> None:
    assert ada.get(path).status_code == 404
    assert ada.get("/console/parked/?feed=%00").status_code == 200


def test_a_parked_report_suggests_similar_flights_and_says_why(ada: Client) -> None:
    for flight, registration, hour in (("WF590", "LNWDE", 15), ("WF591", "LNAAA", 15)):
        whole = {
            "flight": flight,
            "date": "2026-03-14",
            "origin": "BGO",
            "destination": "OSL",
            "registration": registration,
            "departure": {"scheduled": f"2026-03-14T{hour}:00:00Z"},
        }
        assert isinstance(record([whole], source="plan", received_at=NOW)[0], Recorded)
    waiting = ParkedReport.objects.create(
        feed="telex",
        received_at=NOW,
        report={
            "flight": "WF95",
            "source": "telex",
            "registration": "LN-WDE",
            "departure": {"estimated": "2026-03-14T15:30:00Z"},
        },
        code="unknown_flight",
        message="No flight WF95 is known.",
        candidates=[],
    )
    page = text(ada, "/console/parked/")
    assert "same aircraft, planned 30 min before the report&#x27;s time" in page
    assert "WF 591" not in page

    settle(ada, waiting, other="wf 590")

    assert waiting.settled_as == "WF590.2026-03-14.BGO"
