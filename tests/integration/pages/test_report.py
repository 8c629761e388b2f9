"""Report a delay in the browser: the form, the preview, publishing, and taking it back."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client

from tests.integration.pages.snowy_day import at, tell
from windsock import journal
from windsock.conf import config
from windsock.flights import Flight, FlightKey
from windsock.ingest import stop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("snowy_day")]

KEY = FlightKey.parse("DL1865.2013-02-08.JFK")
PATH = f"/console/report/{KEY}/"


@pytest.fixture
def ann() -> Client:
    """May publish."""
    user = get_user_model().objects.create_user("ann", password="x")
    user.user_permissions.add(Permission.objects.get(codename="publish"))
    client = Client()
    client.force_login(user)
    return client


def believed(key: FlightKey = KEY) -> Flight:
    record = journal.current().flight(key)
    assert record is not None
    return record.flight


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def version_in(response: Any) -> str:
    found = re.search(r'name="version" value="(\d+)"', response.content.decode())
    assert found is not None, text(response)
    return found[1]


def publish(client: Client, path: str = PATH, **fields: str) -> Any:
    """Preview the fields and publish them as a browser does."""
    given = {name.replace("__", "."): value for name, value in fields.items()}
    shown = client.get(path, given)
    assert shown.status_code == 200, text(shown)
    return client.post(path, {**given, "version": version_in(shown), "do": "publish"})


def last_report(client: Client) -> str:
    found = re.search(r'name="report" value="([^"]+)"', client.get(PATH).content.decode())
    assert found is not None
    return found[1]


def undo(client: Client, report: str) -> str:
    answer = client.post(PATH, {"do": "undo", "report": report})
    assert answer.status_code == 302
    return str(answer["Location"])


def test_a_flight_is_found_by_its_number_and_opens_at_once(ann: Client) -> None:
    assert ann.get("/console/report/", {"q": "DL 1865"})["Location"] == PATH
    assert "No flight found for “DL 9”" in text(ann.get("/console/report/", {"q": "DL 9"}))
    assert "JFK LAX" in text(ann.get("/console/report/"))


def test_a_preview_says_what_the_report_would_do_and_writes_nothing(ann: Client) -> None:
    before = believed()

    shown = ann.get(PATH, {"departure.estimated": "+50"})

    assert "35 min late" in text(shown)
    assert "50 min late" in text(shown)
    assert "Departure 50 min late (was 35 min late)" in text(shown)
    assert "nothing is published yet" in text(shown)
    assert believed() == before


def test_it_is_published_as_previewed_and_undone(ann: Client) -> None:
    before = believed()

    answer = publish(ann, departure__estimated="+50", departure__gate="B31")

    assert answer.status_code == 302
    assert believed().departure.delay_minutes == 50
    assert believed().departure.gate == "B31"
    shown = text(ann.get(answer["Location"]))
    assert "Published." in shown
    assert "Undo" in shown

    report = last_report(ann)
    assert undo(ann, report).endswith("undone=whole")
    after = believed()
    assert (after.departure, after.status, after.flags) == (before.departure, before.status, before.flags)

    assert undo(ann, report).endswith("undone=none"), "a second undo is safe"
    assert believed().version == after.version
    kept = journal.current().reports(KEY)
    assert [(raw.source, raw.entrance) for raw in kept[:2]] == [("user:ann", "undo"), ("user:ann", "console")]
    assert "Taken back" in text(ann.get(PATH, {"undone": "whole"}))


def test_a_flight_that_changed_since_the_preview_is_previewed_anew(ann: Client) -> None:
    version = version_in(ann.get(PATH, {"departure.estimated": "+50"}))
    tell(flight="DL1865", departure={"gate": "7"})

    answer = ann.post(PATH, {"departure.estimated": "+50", "version": version, "do": "publish"})

    assert answer.status_code == 409
    assert "somebody else has reported this flight" in text(answer)
    assert believed().departure.delay_minutes == 35
    again = ann.post(PATH, {"departure.estimated": "+50", "version": version_in(answer), "do": "publish"})
    assert again.status_code == 302
    assert believed().departure.delay_minutes == 50


def test_a_source_of_higher_rank_keeps_its_word_and_the_preview_says_so(
    ann: Client, settings: LazySettings
) -> None:
    tell(flight="DL1865", departure={"gate": "7"}, source="airport")
    settings.WINDSOCK = {**settings.WINDSOCK, "SOURCE_RANKS": {"airport": 80}}
    config.cache_clear()
    stop()

    shown = ann.get(PATH, {"departure.gate": "B31"})

    assert "Departure gate: airport ranks higher (80 over 50) and is still believed. 7" in text(shown)
    assert "This changes nothing that people see." in text(shown)


def test_a_cancellation_and_its_undo(ann: Client) -> None:
    before = believed()
    publish(ann, cancelled="yes", delay_reasons="71")
    assert believed().cancelled
    assert "The flight takes place after all" in text(ann.get(PATH))

    undo(ann, last_report(ann))

    assert not believed().cancelled
    assert believed().delay_reasons == before.delay_reasons


@pytest.mark.parametrize(
    ("field", "typed", "error"),
    [
        ("departure.estimated", "soon", "Enter a time such as 14:05"),
        ("departure.estimated", "25:00", "Enter a time such as 14:05"),
        ("departure.actual", "+900", "still to come"),
        ("delay_reasons", "nonsense!", "Choose a reason"),
        ("departure.gate", "A" * 17, "too long"),
    ],
)
def test_what_cannot_be_read_is_said_at_its_field(ann: Client, field: str, typed: str, error: str) -> None:
    shown = ann.get(PATH, {field: typed})
    assert shown.status_code == 409
    assert error in text(shown)
    assert f'id="{field.replace(".", "-").replace("_", "-")}-error" role="alert"' in shown.content.decode()
    assert 'value="publish"' not in shown.content.decode()


def test_the_form_has_only_the_fields_that_make_sense(ann: Client) -> None:
    def names(path: str) -> set[str]:
        form = ann.get(path).content.decode().partition('id="form"')[2].partition("</form>")[0]
        return {name for name in re.findall(r'name="([a-z_.]+)"', form) if not name.endswith(".day")}

    waiting = names(PATH)
    assert {"departure.estimated", "departure.actual", "boarding", "cancelled"} <= waiting
    assert "landing.actual" not in waiting
    cancelled = names("/console/report/AA181.2013-02-08.JFK/")
    assert cancelled == {"cancelled", "delay_reasons"}
    tell(flight="DL1865", departure={"actual": at(-5)})
    gone = names(PATH)
    assert {"landing.actual", "arrival.estimated", "arrival.belt", "diverted_to"} <= gone
    assert not {"departure.estimated", "boarding"} & gone
    tell(flight="DL1865", landing={"actual": at(-1)})
    assert {"arrival.actual", "arrival.belt"} <= names(PATH)
    assert "arrival.estimated" not in names(PATH)


def test_local_times_are_by_the_clock_of_their_airport(ann: Client) -> None:
    publish(ann, departure__estimated="23:10")
    estimated = believed().departure.estimated
    assert estimated is not None
    assert estimated.astimezone(UTC) == datetime(2013, 2, 9, 4, 10, tzinfo=UTC)


def test_an_unknown_flight_is_not_found(ann: Client) -> None:
    assert ann.get("/console/report/DL1.2013-02-08.JFK/").status_code == 404
    assert ann.get("/console/report/nonsense/").status_code == 404


def test_another_ones_report_cannot_be_undone(ann: Client) -> None:
    publish(ann, departure__estimated="+50")
    report = last_report(ann)
    ben = get_user_model().objects.create_user("ben")
    ben.user_permissions.add(Permission.objects.get(codename="publish"))
    other = Client()
    other.force_login(ben)

    assert undo(other, report).endswith("undone=lost")

    assert believed().departure.delay_minutes == 50


def test_the_flight_page_leads_publishers_to_the_form(ann: Client, ada: Client) -> None:
    assert PATH in ann.get(f"/flights/{KEY}/").content.decode()
    assert PATH not in ada.get(f"/flights/{KEY}/").content.decode()
