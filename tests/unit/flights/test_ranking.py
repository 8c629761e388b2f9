"""Ranks a source, and a field of a source: read, explained, and what they decide."""

import pytest

from tests.unit.flights.building import flight_after, said, tell
from windsock.errors import ConfigError
from windsock.flights import MergeRules
from windsock.flights.ranking import ranks_of

RANKS, BY_FIELD = ranks_of(
    {
        "airline": 80,
        "airport": {"default": 60, "departure.gate": 90, "arrival": 85},
        "gossip": {"takeoff": 10},
    }
)
RULES = MergeRules(ranks=RANKS, field_ranks=BY_FIELD)


def test_a_field_has_the_rank_of_its_field_else_of_its_part_else_of_its_source() -> None:
    assert RULES.rank("airport", "departure.gate") == 90
    assert RULES.rank("airport", "departure.terminal") == 60
    assert RULES.rank("airport", "arrival.belt") == 85
    assert RULES.rank("airport", "arrival_delay_minutes") == 85
    assert RULES.rank("airline", "departure.gate") == 80
    assert RULES.rank("gossip", "takeoff.actual") == 10
    assert RULES.rank("gossip", "departure.gate") == 50


def test_the_airport_is_believed_of_its_gate_and_the_airline_of_its_aircraft() -> None:
    told = (
        said("06:00", source="airport", gate="B12", registration="N1"),
        said("07:00", source="airline", gate="C3", registration="N2"),
        said("08:00", source="airport", gate="B14", registration="N3"),
    )
    flight = flight_after(*told, rules=RULES)
    assert (flight.departure.gate, flight.registration) == ("B14", "N2")
    why = tell(*told, rules=RULES).record.provenance(RULES)["departure.gate"]["why"]
    assert why == "higher rank (90 over 80)"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"airport": "high"}, r"SOURCE_RANKS\['airport'\] is 'high'; a whole number"),
        ({"airport": {"departure.gat": 3}}, r"has no field 'departure.gat'. Did you mean 'departure.gate'\?"),
        ({"airport": {"departure.gate": True}}, r"SOURCE_RANKS\['airport'\]\['departure.gate'\] is True"),
    ],
)
def test_what_is_no_rank_is_named_with_the_cure(given: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        ranks_of(given)
