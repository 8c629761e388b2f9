"""A flight that gets another number stays the flight it was, for reports by the old number and by the new one."""

from datetime import UTC, datetime

import pytest

from windsock.collect.intake import Intake
from windsock.feeds.configuration import read
from windsock.ingest import pipeline, record

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
PLAN = "SSM\nLT\nNEW\nLX544\n01JUL26 02JUL26 1234567\nJ 320\nZRH1400 LHR1450\n"
RENUMBERED = "ASM\nLT\nFLT\nLX544/01JUL\nLX4544\n"


@pytest.mark.parametrize("route", [{}, {"origin": "ZRH"}])
def test_reports_by_the_new_number_reach_the_flight_planned_under_the_old_one(route: dict[str, str]) -> None:
    settings = read({"schedule": {"format": "ssm"}})["schedule"]
    parser = settings.format.parser(settings.source, settings.options)
    intake = Intake("schedule", parser, pipeline(), clock=lambda: NOW)
    for telex in (PLAN, RENUMBERED):
        taken = intake.take(telex.encode())
        assert (taken.parked, taken.faults) == (0, [])
    told = {"flight": "LX4544", "date": "2026-07-01", "source": "airport", "departure": {"gate": "E23"}}
    record([told | route])

    _, records = pipeline().journal.snapshot()
    flights = {entry.flight.id: entry.flight for entry in records}
    assert sorted(flights) == ["LX544.2026-07-01.ZRH", "LX544.2026-07-02.ZRH"]
    assert flights["LX544.2026-07-01.ZRH"].departure.gate == "E23"
    assert flights["LX544.2026-07-01.ZRH"].codeshares == ("LX4544",)
    assert flights["LX544.2026-07-02.ZRH"].codeshares == ()
