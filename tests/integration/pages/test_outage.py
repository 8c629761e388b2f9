"""Every page while the database is away: 503, in words, without a traceback, and fine again afterwards."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connections
from django.test import Client

from tests.integration.pages.snowy_day import BOARD
from windsock.pages.urls import urlpatterns

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("snowy_day")]

PAGES = {
    "home": "/",
    "names": "/names.json",
    "departures": BOARD,
    "arrivals": "/airports/JFK/arrivals/",
    "flight": "/flights/DL1865.2013-02-08.JFK/",
    "flight-calendar": "/flights/DL1865.2013-02-08.JFK/calendar/",
    "flight-calendar-file": "/flights/DL1865.2013-02-08.JFK/calendar.ics",
    "display-home": "/display/",
    "display-link": "/display/link.json",
    "display": "/display/JFK/departures/",
    "display-sheet": "/display/JFK/departures/sheet.json",
    "today": "/today/",
    "sign-in": "/sign-in/",
    "sign-in-link": "/sign-in/link/wst_00000000_x",
    "sign-out": "/sign-out/",
    "cannot-sign-in": "/sign-in/help/",
    "account": "/account/",
    "change-password": "/account/password/",
    "end-sessions": "/account/sessions/",
    "mine": "/mine/",
    "mine-list": "/mine/list.json",
    "mine-remove": "/mine/remove/",
    "console-record": "/console/record/",
    "console": "/console/",
    "console-feed": "/console/feeds/telex/",
    "console-input": "/console/feeds/telex/inputs/1/",
    "console-parked": "/console/parked/",
    "console-displays": "/console/displays/",
    "console-report": "/console/report/",
    "console-report-flight": "/console/report/DL1865.2013-02-08.JFK/",
}


POSTED = ("sign-out", "change-password", "end-sessions", "mine-list", "mine-remove")
"""Addresses that take a POST only."""


@contextmanager
def database_away() -> Iterator[None]:
    def refuse(*_: Any) -> Any:
        raise OperationalError("could not connect to server: Connection refused")

    with ExitStack() as wrapped:
        for connection in connections.all():
            wrapped.enter_context(connection.execute_wrapper(refuse))
        yield


def test_each_page_is_among_them() -> None:
    assert {pattern.name for pattern in urlpatterns} == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_that_the_database_is_away_and_comes_back(ada: Client, name: str) -> None:
    ask = ada.post if name in POSTED else ada.get
    with database_away():
        answer = ask(PAGES[name])
    if answer.status_code != 503:
        # It needs no database: nothing is to be said.
        assert answer.status_code < 500
        assert name in ("names", "sign-out", "sign-in-link", "display-link")
        return
    assert "The database does not answer" in answer.text
    assert answer.headers["Retry-After"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert ("Refresh" in answer.headers) == (ask == ada.get)
    assert ada.get(PAGES["home"]).status_code == 200
