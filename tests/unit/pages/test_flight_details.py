"""The page of a flight: what it says of milestones without a time."""

from datetime import timedelta

import pytest

from tests.unit.flights.building import at, said, schedule, tell
from windsock.pages.flight.details import flight_details
from windsock.wording.changes import ChangeContext, describe_change


@pytest.mark.parametrize(
    ("stated", "state", "origin", "destination", "told"),
    [
        (
            "out",
            "Departed",
            "scheduled · departed, time not known",
            "scheduled · arrival not confirmed yet",
            "Departed, time not known",
        ),
        (
            "airborne",
            "Departed",
            "scheduled · departed, time not known",
            "scheduled · arrival not confirmed yet",
            "Took off, time not known",
        ),
        (
            "landed",
            "Landed",
            "scheduled · departed, time not known",
            "scheduled · landed, time not known",
            "Landed, time not known",
        ),
        (
            "arrived",
            "Arrived",
            "scheduled · departed, time not known",
            "scheduled · arrived, time not known",
            "At the gate, time not known",
        ),
    ],
)
def test_a_milestone_without_a_time_says_that_its_time_is_not_known(
    stated: str, state: str, origin: str, destination: str, told: str
) -> None:
    merged = tell(schedule(), said("15:30", "board", stated_status=stated))
    page = flight_details(merged.record, [], [], at("15:30") + timedelta(minutes=1))

    assert page.state == state
    assert page.why == "time not known"
    assert (page.origin.kind, page.destination.kind) == (origin, destination)
    assert [
        describe_change(change, ChangeContext())
        for change in merged.changes
        if change.field == "stated_status"
    ] == [told]
