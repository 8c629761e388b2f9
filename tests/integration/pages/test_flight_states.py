"""Every state that the page of a flight can be in, as the server renders it, and the flights around it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.integration.pages.snowy_day import NOW, at, tell, text
from tests.integration.pages.test_languages import NAMES, english_in, names_of_places
from windsock import journal
from windsock.ingest import record

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("snowy_day")]

STATES = {
    "waiting": "B6711.2013-02-08.JFK",
    "delayed": "DL1865.2013-02-08.JFK",
    "cancelled": "AA181.2013-02-08.JFK",
    "overdue": "UA703.2013-02-08.ORD",
    "ahead": "B6711.2013-02-12.JFK",
    "diverted": "DL20.2013-02-08.JFK",
    "recovery": "DL9920.2013-02-08.BOS",
    "arrived": "DL30.2013-02-08.JFK",
    "airborne": "DL40.2013-02-08.JFK",
}


@pytest.fixture
def every_state(snowy_day: None) -> None:
    """Flights in every state beside those of the snowy day."""
    day = timedelta(days=4)
    leaves = f"{NOW + day:%Y-%m-%dT%H:%M:%SZ}"
    tell(flight="B6711", date="2013-02-12", destination="MCO", departure={"scheduled": leaves})
    tell(flight="DL20", destination="LAX", departure={"scheduled": at(-300), "actual": at(-290)},
         arrival={"scheduled": at(60)}, diverted_to="BOS")  # fmt: skip
    tell(flight="DL9920", origin="BOS", destination="LAX", departure={"scheduled": at(90)},
         arrival={"scheduled": at(450)}, recovery_of=STATES["diverted"])  # fmt: skip
    tell(flight="DL30", destination="ATL", departure={"scheduled": at(-300), "actual": at(-280)},
         arrival={"scheduled": at(-150), "actual": at(-135), "belt": "3", "gate": "A4"})  # fmt: skip
    tell(flight="DL40", destination="ATL", departure={"scheduled": at(-60), "actual": at(-60)},
         arrival={"scheduled": at(90)})  # fmt: skip


@pytest.mark.usefixtures("every_state")
@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("waiting", ["Scheduled", "Departs in", "40 min", "Gate", "22", "Terminal"]),
        ("delayed", ["35 min late", "Departs in", "1 h 35 min", "scheduled <s", "11:20"]),
        ("cancelled", ["Cancelled", "No other flight on this route is known"]),
        ("overdue", ["At least 1 h late", "Departs not before"]),
        ("ahead", ["Departs in", "4 days"]),
        ("diverted", ["Diverted to Boston", "The journey continues as", "DL 9920"]),
        ("recovery", ["The journey continues as", "DL 20"]),
        ("arrived", ["Arrived", "Arrived at", "08:05", "15 min late", "Belt"]),
        ("airborne", ["Left the gate", "Arrives in", "1 h 30 min"]),
    ],
)
def test_every_state_says_what_matters(ada: Client, state: str, words: list[str]) -> None:
    page = text(ada, f"/flights/{STATES[state]}/")
    for each in words:
        assert each in page, each
    assert ("Departs" in page) == (state in ("waiting", "delayed", "overdue", "ahead", "recovery"))


@pytest.mark.usefixtures("every_state")
def test_title_and_preview_carry_the_state(ada: Client) -> None:
    page = text(ada, f"/flights/{STATES['delayed']}/")
    assert "<title>DL 1865 · 35 min late · Windsock</title>" in page
    assert '<meta property="og:title" content="DL 1865 · 35 min late">' in page
    assert re.search(r'<meta property="og:description" content="New York JFK \d\d:\d\d – Atlanta', page)


def test_a_cancelled_flight_offers_the_next_ones_on_its_route(ada: Client) -> None:
    for number, minutes in ((1, 10), (3, 200), (5, 120), (7, 60 * 25)):
        tell(flight=f"AA{number}", destination="LAX", departure={"scheduled": at(minutes)})
    tell(flight="AA9", destination="LAX", departure={"scheduled": at(130)}, cancelled=True)
    tell(flight="AA11", destination="SFO", departure={"scheduled": at(140)})

    response = ada.get(f"/flights/{STATES['cancelled']}/")

    assert [other.flight for other in response.context["alternatives"]] == ["AA 5", "AA 3"]
    assert response.context["page"].headline is None


def test_the_aircraft_that_comes_late_is_shown_with_what_follows(ada: Client) -> None:
    tell(flight="B6711", registration="N535JB")
    tell(flight="B6710", origin="MCO", destination="JFK", registration="N-535JB",
         departure={"scheduled": at(-160), "actual": at(-100)},
         arrival={"scheduled": at(-20), "estimated": at(45)})  # fmt: skip

    page = text(ada, f"/flights/{STATES['waiting']}/")

    assert "Where the aircraft is" in page
    assert "B6 710" in page
    assert "The aircraft arrives 11:05 and needs 45 min: departs not before 11:50 (inferred)." in page


def test_an_unknown_flight_offers_the_days_on_which_its_number_is_known(ada: Client) -> None:
    response = ada.get("/flights/B6711.2013-03-09.JFK/")
    page = " ".join(response.content.decode().split())
    assert response.status_code == 404
    assert "No source has reported B6 711 from JFK on 9 March 2013." in page
    assert f'href="/flights/{STATES["waiting"]}/"' in page
    assert "is known on" not in ada.get("/flights/DL99.2013-03-09.JFK/").content.decode()


def test_an_unknown_aircraft_says_nothing(ada: Client) -> None:
    assert ada.get(f"/flights/{STATES['waiting']}/").context["inbound"] is None
    tell(flight="B6711", registration="N535JB")
    assert ada.get(f"/flights/{STATES['waiting']}/").context["inbound"] is None


def test_earlier_days_and_later_dates_of_the_number(ada: Client) -> None:
    page = text(ada, f"/flights/{STATES['waiting']}/")
    assert "No earlier flight is known: Windsock has known B6 711 since" in page
    reports: list[dict[str, Any]] = []
    for back, late in ((1, 20), (2, -3), (3, 0), (-1, None)):
        leaves = NOW - timedelta(days=back)
        times = [f"{leaves + timedelta(minutes=m):%Y-%m-%dT%H:%M:%SZ}" for m in (0, 180, 180 + (late or 0))]
        told: dict[str, Any] = {
            "flight": "B6711", "date": f"{leaves:%Y-%m-%d}", "origin": "JFK", "destination": "MCO",
            "departure": {"scheduled": times[0]}, "arrival": {"scheduled": times[1]},
        }  # fmt: skip
        if late is not None:
            told["departure"]["actual"] = times[0]
            told["arrival"]["actual"] = times[2]
        reports.append(told)
    record(reports, source="operations", received_at=NOW)

    response = ada.get(f"/flights/{STATES['waiting']}/")
    page = " ".join(response.content.decode().split())

    assert "mostly on time (median) · 1 of 3 at least 15 min late (33 %)" in page
    assert [(dot.words, dot.late) for dot in response.context["days"].dots] == [
        ("on time", False),
        ("3 min early", False),
        ("20 min late", True),
    ]
    assert page.count('<circle class="dot') == 3
    assert "/flights/B6711.2013-02-09.JFK/" in page


def test_a_pruned_flight_says_that_its_events_are_no_longer_kept(ada: Client) -> None:
    tell(flight="B6711", departure={"gate": "24"})
    journal.current().prune(events_before=NOW + timedelta(days=1))

    page = text(ada, f"/flights/{STATES['waiting']}/")

    assert "The events of this flight are no longer kept." in page
    assert "Departs in" in page


@pytest.mark.usefixtures("every_state")
def test_in_arabic_every_state_has_no_english_word_but_names(ada: Client) -> None:
    names = NAMES | names_of_places() | {"boston", "logan", "ada"}
    tell(flight="B6711", registration="N535JB")
    tell(flight="B6710", origin="MCO", destination="JFK", registration="N535JB",
         departure={"scheduled": at(-160)}, arrival={"scheduled": at(-20), "estimated": at(45)})  # fmt: skip
    paths = [f"/flights/{flight_id}/" for flight_id in STATES.values()]
    left = {}
    for path in [*paths, f"{paths[0]}calendar/"]:
        page = text(ada, f"{path}?lang=ar")
        assert 'dir="rtl"' in page
        if words := english_in(page, names):
            left[path] = words
    assert left == {}


@pytest.mark.usefixtures("every_state")
def test_the_page_asks_few_questions_of_the_database(ada: Client) -> None:
    tell(flight="B6711", registration="N535JB")
    path = f"/flights/{STATES['waiting']}/"
    ada.get(path)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        ada.get(path)
    assert len(queries) <= 16, [query["sql"][:90] for query in queries]
