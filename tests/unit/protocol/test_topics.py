"""Topics have one canonical name, and a flight knows all of its own."""

from timeit import repeat

import pytest
from msgspec.structs import replace

from tests.unit.client.service import flight
from windsock.errors import ProtocolError
from windsock.flights import Carrier
from windsock.protocol.topics import FORMS, Topic, matches, topics_of

DL = flight("dl1865-v2")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("all", "all"),
        (" ALL ", "all"),
        ("departures:KATL", "departures:ATL"),
        ("Departures:atl", "departures:ATL"),
        ("arrivals:EGLL", "arrivals:LHR"),
        ("airport: JFK", "airport:JFK"),
        ("carrier:DAL", "carrier:DL"),
        ("carrier:dl", "carrier:DL"),
        ("route:KATL-kmco", "route:ATL-MCO"),
        ("registration:g-eupt", "registration:GEUPT"),
        ("designator:DAL1865", "designator:DL1865"),
        ("designator:dl 1865", "designator:DL1865"),
        ("flight:DL1865.2015-01-02.ATL", "flight:DL1865.2015-01-02.ATL"),
        ("airport:ISN", "airport:ISN"),
    ],
)
def test_a_topic_has_one_canonical_name(text: str, name: str) -> None:
    assert str(Topic.parse(text)) == name
    assert str(Topic.parse(name)) == name


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Known forms: all, flight:DL1865.2015-01-02.ATL"),
        ("weather:JFK", "'weather:JFK' is not a topic"),
        ("JFK", "is not a topic"),
        ("all:JFK", "takes no value"),
        ("departures", "Write it like 'departures:ATL'"),
        ("departures:", "names nothing"),
        ("departures:XQZ", "names no airport we know ('XQZ')"),
        ("departures:JFK,LGA", "names no airport we know"),
        ("route:JFK", "is not a route"),
        ("route:JFK-", "is not a route"),
        ("route:JFK-XQZ", "names no airport we know ('XQZ')"),
        ("carrier:DELTA", "names no carrier ('DELTA')"),
        ("flight:DL1865", "Write it like 'flight:DL1865.2015-01-02.ATL'"),
        ("designator:1865", "Write it like 'designator:DL1865'"),
        ("x" * 500, "is not a topic"),
    ],
)
def test_what_is_no_topic_is_an_error_and_not_silence(text: str, says: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        Topic.parse(text)
    assert caught.value.code == "unknown_topic"
    assert says in caught.value.message
    assert len(caught.value.message) < 400


def test_every_form_that_errors_name_can_be_parsed() -> None:
    assert [str(Topic.parse(form)) for form in FORMS.values()] == list(FORMS.values())


def test_a_flight_belongs_to_each_of_its_topics() -> None:
    assert topics_of(DL) == {
        "all",
        "flight:DL1865.2015-01-02.ATL",
        "designator:DL1865",
        "departures:ATL",
        "airport:ATL",
        "arrivals:MCO",
        "airport:MCO",
        "carrier:DL",
        "route:ATL-MCO",
        "registration:N910DE",
    }
    assert all(matches(Topic.parse(name), DL) for name in topics_of(DL))
    assert not matches("departures:MCO", DL)


def test_a_diversion_adds_the_arrivals_of_the_other_airport_and_keeps_the_planned_ones() -> None:
    names = topics_of(replace(DL, diverted_to="JAX"))

    assert {"arrivals:MCO", "airport:MCO", "arrivals:JAX", "airport:JAX", "route:ATL-MCO"} <= names
    assert "route:ATL-JAX" not in names


def test_codeshares_are_found_by_their_designator_and_not_by_their_carrier() -> None:
    names = topics_of(replace(DL, codeshares=("AF2345",)))

    assert "designator:AF2345" in names
    assert "carrier:AF" not in names


def test_what_is_unknown_makes_no_topic() -> None:
    bare = replace(DL, destination=None, registration=None, carrier=Carrier(iata=None, icao="DAL"))

    assert topics_of(bare) == {
        "all", "flight:DL1865.2015-01-02.ATL", "designator:DL1865", "departures:ATL", "airport:ATL", "carrier:DAL",
    }  # fmt: skip


def test_the_topics_of_a_flight_are_found_fast_since_every_event_asks() -> None:
    times = 20_000
    each = min(repeat(lambda: topics_of(DL), number=times, repeat=5)) / times

    assert each < 20e-6, f"{each * 1e6:.1f} µs; the aim is 5, the bound leaves room for a busy machine"
