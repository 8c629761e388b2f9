"""Fixtures of the tests of pages."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from tests.integration.pages.snowy_day import NOW, at, tell
from windsock.clock import ReplayClock
from windsock.journal.database import DatabaseJournal


@pytest.fixture
def snowy_day() -> None:
    """A paused replay of 8 February 2013 with three flights from JFK and one to it."""
    journal = DatabaseJournal()
    journal.reset()
    journal.set_clock(
        ReplayClock(label="8 February 2013, New York", simulated_at=NOW, real_at=datetime.now(UTC), speed=0)
    )
    tell(
        flight="B6711",
        destination="MCO",
        departure={"scheduled": at(40), "gate": "22", "terminal": "5"},
        arrival={"scheduled": at(210)},
    )
    tell(flight="DL1865", destination="ATL", departure={"scheduled": at(60)})
    tell(flight="DL1865", departure={"estimated": at(95)}, delay_reasons=[{"scheme": "ahm730", "code": "93"}])
    tell(
        flight="AA181",
        destination="LAX",
        departure={"scheduled": at(90)},
        cancelled=True,
        codeshares=["BA1511"],
    )
    tell(
        flight="UA703",
        origin="ORD",
        destination="JFK",
        departure={"scheduled": at(-60)},
        arrival={"scheduled": at(80)},
    )


@pytest.fixture
def ada(client: Client) -> Client:
    """A reader who is signed in."""
    client.force_login(get_user_model().objects.create_user("ada", password="x"))
    return client
