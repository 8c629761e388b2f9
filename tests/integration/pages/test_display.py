"""Displays: what their pages say without JavaScript, what a wrong address gives, and how screens are linked."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.test import Client
from django.test.utils import override_settings
from django.utils import timezone

from tests.integration.pages.snowy_day import BOARD, at, tell, text
from windsock.access import displays, limits
from windsock.access.models import Display, DisplayLink, Token
from windsock.pages.console.displays import _kinds
from windsock.pages.display import parameters

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("snowy_day")]

HOME = "/display/"
DEPARTURES = "/display/JFK/departures/"
CONSOLE = "/console/displays/"


@pytest.fixture(autouse=True)
def no_failures() -> None:
    cache.clear()


@pytest.fixture
def operator() -> Client:
    user = get_user_model().objects.create_user("olga", password="x")
    user.user_permissions.add(Permission.objects.get(codename="operate_feeds"))
    client = Client()
    client.force_login(user)
    return client


def code_on(screen: Client, path: str = HOME) -> str:
    response = screen.get(path)
    found = re.search(r'class="code"[^>]*>([A-Z]{4}-[A-Z]{4})<', response.content.decode())
    assert found is not None, response.content
    return found[1]


def link(operator: Client, code: str, **more: str) -> Any:
    form = {"do": "link", "code": code, "name": "Hall B", "airport": "JFK", "kind": "departures", **more}
    return operator.post(CONSOLE, form)


def linked(operator: Client) -> tuple[Client, Display]:
    screen = Client()
    assert link(operator, code_on(screen)).status_code == 302
    return screen, Display.objects.latest("pk")


def test_a_display_is_complete_without_javascript(ada: Client) -> None:
    page = text(ada, DEPARTURES)

    for words in ("Departures", "Orlando", "11:20", "Cancelled", "B6 711", "10:20"):
        assert words in page
    assert page.index("B6 711") < page.index("DL 1865") < page.index("AA 181")
    assert 'http-equiv="refresh"' in page


def test_the_wall_of_former_days_leads_to_the_display(ada: Client) -> None:
    assert ada.get(f"{BOARD}?wall").headers["Location"] == DEPARTURES


@pytest.mark.parametrize("kind", ["departures", "arrivals", "both", "gate", "belt", "check-in"])
def test_every_kind_has_a_page_and_a_sheet_in_every_language(ada: Client, kind: str) -> None:
    tell(flight="DL1865", departure={"gate": "22", "checkin_desk": "101-110"})
    query = "?gate=22&lang=en,ar,de" if kind == "gate" else "?lang=en,ar,de"
    query += "&desk=105" if kind == "check-in" else ""

    assert ada.get(f"/display/JFK/{kind}/{query}").status_code == 200
    sheet = ada.get(f"/display/JFK/{kind}/sheet.json{query}").json()

    assert [panel["direction"] for panel in sheet["panels"]] == {
        "both": ["departures", "arrivals"],
        "arrivals": ["arrivals"],
        "belt": ["arrivals"],
    }.get(kind, ["departures"])
    assert [spoken["dir"] for spoken in sheet["panels"][0]["languages"]] == ["ltr", "rtl", "ltr"]
    names = {
        row["flights"][0] for page in sheet["panels"][0]["languages"][0]["pages"] for row in page["rows"]
    }
    assert (
        names
        == {
            "departures": {"B6 711", "DL 1865", "AA 181"},
            "both": {"B6 711", "DL 1865", "AA 181"},
            "arrivals": {"UA 703"},
            "belt": set(),
            "gate": {"B6 711", "DL 1865"},
            "check-in": {"DL 1865"},
        }[kind]
    )


@pytest.mark.parametrize(
    ("query", "shown"),
    [("carrier=DL", {"DL 1865"}), ("carrier=BA", {"AA 181"}), ("terminal=5", {"B6 711"}), ("terminal=9", set()),
     ("carrier=dl,b6", {"DL 1865", "B6 711"})],
)  # fmt: skip
def test_a_display_shows_the_carriers_and_terminals_of_its_address(
    ada: Client, query: str, shown: set[str]
) -> None:
    sheet = ada.get(f"/display/JFK/departures/sheet.json?{query}").json()

    pages = sheet["panels"][0]["languages"][0]["pages"]
    assert {row["flights"][0] for page in pages for row in page["rows"]} == shown


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("JFK/departures/?rows=abc", 400, "rows=abc does not work: use a number from 5 to 40."),
        ("JFK/departures/?rows=0", 400, "use a number from"),
        ("JFK/departures/?part=4/3", 400, "the second of three screens is part=2/3"),
        ("JFK/departures/?part=1/0&rows=99", 400, "rows=99 does not work"),
        ("JFK/departures/?lang=tlh", 400, "lang=tlh does not work: use en,"),
        ("JFK/departures/?theme=pink", 400, "use dark, light, auto"),
        ("JFK/departures/?page=5", 400, "use a number from 10 to 20"),
        ("JFK/departures/?row=14", 400, "row is not a parameter of a display"),
        ("JFK/gate/", 400, "gate=12"),
        ("JFK/nonsense/", 400, "use departures, arrivals, both, gate, belt, check-in"),
        ("XXQ/departures/", 404, "There is no airport XXQ"),
    ],
)
def test_nonsense_in_an_address_gives_a_page_that_says_what_is_wrong(
    ada: Client, address: str, status: int, words: str
) -> None:
    response = ada.get(f"/display/{address}")

    assert response.status_code == status
    assert words in response.content.decode()


def test_a_sheet_that_has_not_changed_is_not_sent_again(ada: Client) -> None:
    first = ada.get("/display/JFK/departures/sheet.json")
    again = ada.get("/display/JFK/departures/sheet.json", headers={"If-None-Match": first.headers["ETag"]})
    tell(flight="DL1865", departure={"estimated": at(120)})
    then = ada.get("/display/JFK/departures/sheet.json", headers={"If-None-Match": first.headers["ETag"]})

    assert (first.status_code, again.status_code, then.status_code) == (200, 304, 200)
    assert again.content == b""


def test_a_screen_never_shows_a_password_form() -> None:
    for path in (HOME, DEPARTURES, "/display/JFK/gate/?gate=22"):
        response = Client().get(path)

        assert response.headers["Cache-Control"] == "no-store" or path == HOME
        assert 'class="code"' in response.content.decode()
        assert "Orlando" not in response.content.decode()
        assert "password" not in response.content.decode().lower()
    assert Client().get("/display/JFK/departures/sheet.json").status_code == 401


def test_a_screen_is_linked_by_its_code_and_follows_what_the_operator_chooses(operator: Client) -> None:
    screen = Client(headers={"User-Agent": "Mozilla/5.0 (a television)"})
    code = code_on(screen, "/display/JFK/departures/?rows=20")
    cookie = screen.cookies[displays.COOKIE]
    assert cookie["httponly"]
    assert screen.get("/display/link.json").json() == {"state": "waiting"}
    asked = operator.get(CONSOLE, {"code": code.lower()}).content.decode()
    assert 'value="rows=20"' in asked
    assert "Link it only if you see this code" in asked
    assert "Mozilla" not in asked.split("</nav>")[0]

    assert link(operator, code, options="rows=20").status_code == 302

    assert screen.get("/display/link.json").json()["state"] == "linked"
    assert screen.get(HOME).headers["Location"] == "/display/JFK/departures/?rows=20"
    assert "Orlando" in text(screen, DEPARTURES)
    display = Display.objects.get()
    operator.post(
        CONSOLE,
        {
            "do": "change",
            "display": display.pk,
            "name": "Hall C",
            "airport": "jfk",
            "kind": "both",
            "options": "",
        },
    )
    told = screen.get("/display/JFK/departures/sheet.json", headers={"Windsock-Screen": "1920x1080"})
    assert told.headers["Windsock-Shows"] == "/display/JFK/both/"
    page = text(operator, CONSOLE)
    for words in ("Hall C", "1920x1080", "Last seen"):
        assert words in page


def test_a_linked_display_with_a_wrong_address_asks_again_what_to_show(operator: Client) -> None:
    screen, _ = linked(operator)

    assert screen.get("/display/JFK/departures/?rows=99").headers["Refresh"] == "30; url=/display/"
    assert "Refresh" not in operator.get("/display/JFK/departures/?rows=99").headers


def test_a_linked_display_reads_its_pages_and_nothing_else(operator: Client) -> None:
    screen, display = linked(operator)

    assert display.token.scopes == ["read"]
    assert screen.get(BOARD).status_code == 302  # to the sign-in form
    assert screen.get(CONSOLE).status_code == 302
    assert screen.get("/api/v1/flights").status_code == 401
    assert screen.post("/api/v1/reports", "{}", content_type="application/json").status_code in (401, 403)


def test_an_unlinked_display_says_so_and_shows_a_new_code(operator: Client) -> None:
    screen, display = linked(operator)
    before = screen.cookies[displays.COOKIE].value

    operator.post(CONSOLE, {"do": "unlink", "display": display.pk})

    assert screen.get("/display/JFK/departures/sheet.json").status_code == 401
    page = screen.get(DEPARTURES).content.decode()
    assert "This display was unlinked" in page
    assert screen.cookies[displays.COOKIE].value != before
    assert screen.get("/display/link.json").json() == {"state": "waiting"}
    assert "Unlinked" in text(operator, CONSOLE)


# Attacks --------------------------------------------------------------------------------------------------------


def test_nobody_without_the_permission_approves_a_code(ada: Client) -> None:
    screen = Client()
    code = code_on(screen)

    assert link(ada, code).status_code == 403
    assert link(Client(), code).status_code == 302  # to the sign-in form
    assert screen.get("/display/link.json").json() == {"state": "waiting"}
    assert not Token.objects.exists()


def test_a_form_from_elsewhere_links_nothing() -> None:
    user = get_user_model().objects.create_user("olga", password="x")
    user.user_permissions.add(Permission.objects.get(codename="operate_feeds"))
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)

    assert link(client, code_on(Client())).status_code == 403
    assert not Token.objects.exists()


def test_a_code_works_once(operator: Client) -> None:
    code = code_on(Client())

    assert link(operator, code).status_code == 302
    assert link(operator, code, name="Another").status_code == 409
    assert Display.objects.count() == 1


def test_a_code_expires_and_the_screen_gets_another(operator: Client) -> None:
    screen = Client()
    code = code_on(screen)
    DisplayLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert link(operator, code).status_code == 409
    assert screen.get("/display/link.json").json() == {"state": "expired"}
    assert code_on(screen) != code


@pytest.mark.parametrize("by", ["form", "address"])
def test_codes_cannot_be_guessed(operator: Client, by: str) -> None:
    code = code_on(Client())
    for number in range(limits.DISPLAY_FAILURES._tries):
        guess = f"BCDF-GHJ{displays.ALPHABET[number]}"
        if by == "form":
            assert link(operator, guess).status_code == 409
        else:
            operator.get(CONSOLE, {"code": guess})

    refused = link(operator, code)

    assert refused.status_code == 409
    assert "Too many wrong codes" in refused.content.decode()
    assert not Token.objects.exists()


def test_the_code_alone_opens_nothing_and_neither_does_a_secret_that_was_made_up(operator: Client) -> None:
    code = code_on(Client())
    link(operator, code)
    for secret in (code, "wsk_00000000_" + "a" * 43 + "00000000", "", "x" * 5000):
        thief = Client()
        thief.cookies[displays.COOKIE] = secret

        assert thief.get("/display/JFK/departures/sheet.json").status_code == 401


def test_a_screen_keeps_its_code_and_an_address_gets_only_so_many(client: Client) -> None:
    assert code_on(client) == code_on(client)
    for _ in range(limits.DISPLAY_CODES._tries):
        Client().get(HOME)

    assert Client().get(HOME).status_code == 429
    assert DisplayLink.objects.count() == limits.DISPLAY_CODES._tries


def test_what_a_display_shows_is_always_a_display(operator: Client) -> None:
    for form in ({"airport": "../../"}, {"kind": "//evil.example"}, {"options": "next=//evil.example"}):
        assert link(operator, code_on(Client()), **form).status_code == 409
    assert set(parameters.KINDS) == {value for value, _ in _kinds()}
    assert not Token.objects.exists()


def test_a_name_is_shown_as_text(operator: Client) -> None:
    link(operator, code_on(Client()), name="<script>alert(1)</script>")

    assert "<script>alert" not in text(operator, CONSOLE)


def test_a_display_stays_linked_where_everybody_may_read(operator: Client, settings: Any) -> None:
    screen, _ = linked(operator)
    with override_settings(WINDSOCK={**getattr(settings, "WINDSOCK", {}), "PUBLIC_READ": True}):
        assert "Windsock-Shows" in screen.get("/display/JFK/departures/sheet.json").headers
        assert "Windsock-Shows" not in Client().get("/display/JFK/departures/sheet.json").headers
