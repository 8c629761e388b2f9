"""Nobody speaks as another source, whichever way a report comes; and who handed it in is kept with it."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.asgi import get_asgi_application
from django.test import Client

from windsock.access import tokens
from windsock.access.lookup.single import identity_of_token, identity_of_user
from windsock.access.models import Token
from windsock.access.rights import Identity
from windsock.api.lane import ReportsLane
from windsock.cli.diagnosis import access as diagnosis
from windsock.flights.sources import alike, is_own
from windsock.ingest import Recorded, Rejected, record
from windsock.ingest.results import Result
from windsock.ingest.speaker import REFUSALS
from windsock.journal.models import ReportRow
from windsock.live.service import LiveService

pytestmark = pytest.mark.django_db(transaction=True)

REPORT = {"flight": "DL1865", "date": "2015-01-02", "origin": "ATL", "destination": "MCO", "cancelled": True}

# As what a report is to be recorded → who may: None is without `source`.
SPOKEN = {
    None: True,
    "ops": True,
    "tower": True,
    "trusted-ops": False,
    "OPS": False,
    "oslo": False,
    "OSLO": False,
    "оslo": False,  # the first letter is Cyrillic
    "avinor": False,
    "windsock.overdue": False,
    "Windsock.overdue": False,
    "wіndsock.overdue": False,  # so is the second
    "ｗindsock.x": False,
    "user:ann": False,
}


@pytest.fixture(autouse=True)
def feeds(settings: Any) -> None:
    settings.WINDSOCK = {
        **settings.WINDSOCK,
        "FEEDS": {"oslo": {"format": "mvt", "source": "avinor"}, "telex": {"format": "mvt"}},
    }


def a_token() -> tuple[Token, str]:
    return tokens.create(None, "gate displays", ["publish"], source="ops", speaks_for=["tower"])


def posted(path: str, content_type: str) -> Callable[[dict[str, Any]], tuple[int, str | None]]:
    """Django's own way, for JSON and for lines."""

    def post(report: dict[str, Any]) -> tuple[int, str | None]:
        _, secret = a_token()
        answer = Client().post(
            path, json.dumps(report), content_type=content_type, headers={"Authorization": f"Bearer {secret}"}
        )
        return answer.status_code, answer.json().get("code")

    return post


def through_the_lane(report: dict[str, Any]) -> tuple[int, str | None]:
    _, secret = a_token()
    sent: list[dict[str, Any]] = []
    bodies = [{"type": "http.request", "body": json.dumps(report).encode()}]

    async def receive() -> dict[str, Any]:
        return bodies.pop() if bodies else await asyncio.Event().wait()  # type: ignore[return-value]

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def never(*_: Any) -> None:
        raise AssertionError("the lane is to answer by itself")

    scope = {
        "type": "http", "method": "POST", "path": "/api/v1/reports", "root_path": "",
        "headers": [(b"content-type", b"application/json"), (b"authorization", b"Bearer " + secret.encode())],
    }  # fmt: skip
    get_asgi_application()
    async_to_sync(ReportsLane(never))(scope, receive, send)
    return int(sent[0]["status"]), json.loads(sent[1]["body"]).get("code")


def by_socket(report: dict[str, Any]) -> tuple[int, str | None]:
    token, _ = a_token()
    identity = identity_of_token(token)
    assert identity is not None
    return _said(async_to_sync(_socket)(report, identity))


async def _socket(report: dict[str, Any], identity: Identity) -> Result:
    return await LiveService.record(None, report, identity)  # type: ignore[arg-type]


def _said(result: Result) -> tuple[int, str | None]:
    if isinstance(result, Recorded):
        return 200, None
    return 403 if result.code in REFUSALS else 422, result.code


ENTRANCES = {
    "REST": posted("/api/v1/reports", "application/json"),
    "lines": posted("/api/v1/reports", "application/x-ndjson"),
    "lane": through_the_lane,
    "socket": by_socket,
}


@pytest.mark.parametrize("entrance", ENTRANCES)
@pytest.mark.parametrize("source", SPOKEN)
def test_a_publisher_speaks_as_its_own_source_or_one_it_was_given(entrance: str, source: str | None) -> None:
    report = REPORT if source is None else REPORT | {"source": source}
    status, code = ENTRANCES[entrance](report)
    row = ReportRow.objects.get()
    token = Token.objects.get()
    assert (row.reporter, row.entrance) == (
        f"token:{token.pk} gate displays",
        "socket" if entrance == "socket" else "rest",
    )
    if SPOKEN[source]:
        assert (status, row.source, row.error) == (200, source or "ops", None)
    else:
        assert status == 403
        assert code in REFUSALS
        assert row.error == code
        assert row.flight_id is None


@pytest.mark.parametrize("source", [source for source in SPOKEN if source])
def test_code_of_the_process_may_name_any_source_but_windsocks_own(source: str) -> None:
    (result,) = record([REPORT | {"source": source}])
    assert isinstance(result, Rejected) == is_own(source)
    # Trusted code may, but each own source reports its own fields alone, of which the gate is none.
    (trusted,) = record([REPORT | {"source": source}], trusted=True)
    assert isinstance(trusted, Rejected) == is_own(source)
    assert set(ReportRow.objects.values_list("reporter", "entrance")) <= {(None, "code")}


def test_the_good_part_of_a_batch_is_kept() -> None:
    _, secret = a_token()
    answer = Client().post(
        "/api/v1/reports",
        json.dumps([REPORT, REPORT | {"source": "trusted-ops"}]),
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert (answer.status_code, answer.json()["recorded"], answer.json()["rejected"]) == (207, 1, 1)
    assert "--speaks-for trusted-ops" in answer.json()["results"][1]["error"]["message"]


def test_a_token_with_a_star_names_any_source_that_is_not_reserved() -> None:
    _, secret = tokens.create(None, "gateway", ["publish"], speaks_for=["*"])
    for source, allowed in SPOKEN.items():
        if source is None:
            continue
        answer = Client().post(
            "/api/v1/reports",
            json.dumps(REPORT | {"source": source}),
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )
        free = allowed or source in ("trusted-ops", "OPS")
        assert (answer.status_code == 200) == free, source


def test_a_user_speaks_as_nobody_else(client: Client) -> None:
    ann = get_user_model().objects.create_user("ann", password="x")
    ann.user_permissions.add(Permission.objects.get(codename="publish", content_type__app_label="windsock"))
    identity = identity_of_user(get_user_model().objects.get(pk=ann.pk))
    assert identity is not None
    client.force_login(ann)
    for report, status in (
        (REPORT, 200),
        (REPORT | {"source": "ops"}, 403),
        (REPORT | {"source": "user:ann"}, 200),
    ):
        answer = client.post("/api/v1/reports", json.dumps(report), content_type="application/json")
        assert answer.status_code == status, answer.content
    assert set(ReportRow.objects.values_list("reporter", "entrance")) == {(f"user:{ann.pk} ann", "rest")}


def test_a_token_whose_source_a_feed_took_since_is_told_what_to_do(settings: Any) -> None:
    token, secret = a_token()
    assert [finding.found for finding in diagnosis.tokens()] == []
    settings.WINDSOCK = {**settings.WINDSOCK, "FEEDS": {"ops": {"format": "mvt"}}}
    for report in (REPORT, REPORT | {"source": "ops"}):
        answer = Client().post(
            "/api/v1/reports",
            json.dumps(report),
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "reserved_source")
        assert "make a new token" in answer.json()["detail"]
        assert "Leave 'source' out" not in answer.json()["detail"]
    (finding,) = diagnosis.tokens()
    assert finding.state == "wrong"
    assert f"{token.prefix} (ops)" in finding.found


def test_a_feed_speaks_as_itself_and_who_handed_its_input_in_is_kept() -> None:
    token, secret = a_token()
    now = datetime.now(UTC)
    answer = Client().post(
        "/api/v1/feeds/oslo",
        f"MVT\nWF588/{now:%d}.LNWDE.BGO\nED{now:%d}2359\n",
        content_type="text/plain",
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert answer.json()["recorded"] == 1
    row = ReportRow.objects.get()
    by = f"feed:oslo by token:{token.pk} gate displays"
    assert (row.source, row.reporter, row.entrance) == ("avinor", by, "webhook")


def test_names_are_alike_across_case_width_script_and_what_is_invisible() -> None:
    for one, other in (
        ("oslo", "ОЅLО"),
        ("oslo", "O S L O"),
        ("ops", "ｏｐｓ"),
        ("ops", "o\u0301ps"),
        ("mm", "rnm"),
    ):
        assert alike(one, other), other
    for one, other in (("oslo", "bergen"), ("jal", "jai"), ("oslo", "北京空港"), ("ops", "ops-2")):
        assert not alike(one, other), other


def test_who_may_only_publish_learns_nothing_of_a_flight_from_the_answers() -> None:
    _, secret = a_token()
    record([REPORT | {"cancelled": False, "departure": {"gate": "B12"}, "source": "tower"}])
    answer = Client().post(
        "/api/v1/reports",
        json.dumps(REPORT | {"departure": {"gate": "C1"}}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert answer.status_code == 200
    assert "B12" not in answer.text
    assert "gate.changed" in answer.text


def test_members_see_on_the_flights_page_who_handed_a_report_in_and_visitors_do_not(settings: Any) -> None:
    settings.WINDSOCK = {**settings.WINDSOCK, "PUBLIC_READ": True}
    token, secret = a_token()
    Client().post(
        "/api/v1/reports",
        json.dumps(REPORT),
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )
    member = Client()
    member.force_login(get_user_model().objects.create_user("ann", password="x"))
    page = "/flights/DL1865.2015-01-02.ATL/"
    assert f"submitted by token:{token.pk} gate displays (rest)" in member.get(page).text
    assert "submitted by" not in Client().get(page).text
