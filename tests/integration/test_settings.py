"""`override_settings(WINDSOCK=…)` takes effect at once, and its end as well, as a host's tests expect of any app."""

from dataclasses import fields
from typing import Any

import pytest
from django.test import Client, override_settings

from windsock.conf import Config, config
from windsock.errors import ConfigError
from windsock.flights import FlightKey
from windsock.ingest import pipeline, record

OTHER = {bool: lambda value: not value, int: lambda value: value + 1, str: lambda value: value + "other"}
OTHER |= {tuple: lambda value: ("https://example.org",), dict: lambda value: {"ops": 60}}


@pytest.mark.parametrize("field", fields(Config), ids=lambda field: field.name)
def test_every_setting_follows_an_override(field: Any) -> None:
    usual = getattr(config(), field.name)
    other = OTHER[type(usual)](usual)

    with override_settings(WINDSOCK={field.name.upper(): other}):
        assert getattr(config(), field.name) == other
    assert getattr(config(), field.name) == usual


@pytest.mark.django_db(transaction=True)
def test_pages_open_and_close_with_public_read() -> None:
    with override_settings(WINDSOCK={"PUBLIC_READ": True}):
        assert Client().get("/api/v1/flights").status_code == 200
    assert Client().get("/api/v1/flights").status_code == 401


@pytest.mark.django_db(transaction=True)
def test_reports_are_merged_by_the_rules_of_the_moment() -> None:
    said = {"flight": "DL1865", "date": "2015-01-02", "origin": "ATL"}
    key = FlightKey.parse("DL1865.2015-01-02.ATL")
    with override_settings(WINDSOCK={"SOURCE_RANKS": {"ops": 90}}):
        record([{**said, "departure": {"gate": "B1"}}], source="ops")
        record([{**said, "departure": {"gate": "Z9"}}], source="zebra")
        flight = pipeline().journal.flight(key)
        assert flight is not None
        assert flight.flight.departure.gate == "B1"
    record([{**said, "departure": {"gate": "Z10"}}], source="zebra")
    flight = pipeline().journal.flight(key)
    assert flight is not None
    assert flight.flight.departure.gate == "Z10"


def test_a_wrong_override_is_an_error_where_it_is_read() -> None:
    with override_settings(WINDSOCK={"PUBLIC_REED": True}):
        with pytest.raises(ConfigError, match="PUBLIC_READ"):
            config()
    assert config().public_read is False
