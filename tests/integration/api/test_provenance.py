"""What is told of whose word is believed counts with the ranks of the settings."""

import pytest
from django.conf import LazySettings
from django.test import Client

from windsock.conf import config
from windsock.ingest import record, stop

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_provenance_counts_with_the_ranks_of_the_settings(settings: LazySettings) -> None:
    settings.WINDSOCK = {
        **settings.WINDSOCK,
        "PUBLIC_READ": True,
        "SOURCE_RANKS": {"desk": 80, "airport": {"default": 40, "departure.gate": 90}},
    }
    config.cache_clear()
    stop()
    for source, gate in (("airport", "A1"), ("desk", "B2")):
        record(
            [{"flight": "DL77", "date": "2015-01-02", "origin": "ATL", "departure": {"gate": gate}}],
            source=source,
        )
    gate = Client().get("/api/v1/flights/DL77.2015-01-02.ATL").json()["provenance"]["departure.gate"]
    assert (gate["believed"], gate["why"]) == ("airport", "higher rank (90 over 80)")
    page = Client().get("/flights/DL77.2015-01-02.ATL/").content.decode()
    assert "A1" in page
