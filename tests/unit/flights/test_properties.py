"""What holds for any reports whatever: order and repetition do not matter, and changes tell the whole difference."""

import json
from datetime import UTC, date, datetime, timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.flights.building import KEY, timeless
from tests.unit.flights.values_of_fields import START, moments, reports, sometimes
from windsock.errors import InvalidReport
from windsock.flights import (
    Change,
    FlightKey,
    FlightRecord,
    MergeRules,
    Report,
    apply_changes,
    apply_report,
    parse_report,
)
from windsock.flights.fields import TABLE

RULES = MergeRules(
    ranks={"airline": 80, "airport": 80, "gossip": 20}, order={"airport": 0, "airline": 1}, silent_minutes=2
)

# Observations tie often, because ties are where order could creep in.
observations = st.integers(0, 4).map(lambda n: START + timedelta(minutes=n))
ordinary = reports(st.sampled_from(["airline", "airport", "gossip"]), observations)
overdue = st.builds(
    Report,
    flight=st.just("DL1865"),
    source=st.just("windsock.overdue"),
    observed_at=observations,
    departure_overdue_minutes=sometimes(st.integers(0, 400)),
    arrival_overdue_minutes=sometimes(st.integers(0, 400)),
)
silence = st.builds(
    Report,
    flight=st.just("DL1865"),
    source=st.just("windsock.feeds"),
    observed_at=observations,
    silent_source=st.sampled_from([None, "airline", "airport"]),
)
# Each with its time of receipt, which stays with it however often it comes.
deliveries = st.lists(
    st.tuples(st.one_of(ordinary, ordinary, ordinary, overdue, silence), moments), min_size=1, max_size=8
)


def fold(received: list[tuple[Report, datetime]]) -> FlightRecord:
    record = None
    for report, received_at in received:
        record = apply_report(record, KEY, report, received_at=received_at, rules=RULES).record
    assert record is not None
    return record


@settings(max_examples=150, deadline=None)
@given(st.data(), deliveries)
def test_any_order_and_any_repetition_of_the_same_reports_gives_the_same_state(
    data: st.DataObject, received: list[tuple[Report, datetime]]
) -> None:
    shuffled = data.draw(
        st.permutations(received + data.draw(st.lists(st.sampled_from(received), max_size=6)))
    )

    one, other = fold(received), fold(shuffled)

    assert timeless(one.flight) == timeless(other.flight)
    assert one.facts == other.facts


@settings(max_examples=150, deadline=None)
@given(deliveries)
def test_applying_the_changes_of_each_report_to_the_old_flight_gives_the_new(
    received: list[tuple[Report, datetime]],
) -> None:
    record = None
    for report, received_at in received:
        before = None if record is None else record.flight
        merged = apply_report(record, KEY, report, received_at=received_at, rules=RULES)
        record = merged.record
        on_the_wire = msgspec.json.decode(msgspec.json.encode(merged.changes), type=list[Change])
        if before is None:
            assert merged.changes[0].kind == "flight.added"
        for changes in (merged.changes, on_the_wire):
            if changes or before is not None:
                assert timeless(apply_changes(before, changes, RULES)) == timeless(record.flight)


@settings(max_examples=150, deadline=None)
@given(deliveries)
def test_data_is_stale_by_silence_exactly_while_nobody_has_spoken_since(
    received: list[tuple[Report, datetime]],
) -> None:
    record = fold(received)
    said = record.facts.get("silent_source", {}).get("windsock.feeds")
    words = [
        fact.observed_at
        for by_source in record.facts.values()
        for source, fact in by_source.items()
        if not source.startswith("windsock.")
    ]
    flight = record.flight
    down = flight.landing.actual or flight.arrival.actual or flight.stated_status in ("landed", "arrived")
    over = flight.cancelled or down

    if said is None or over or any(observed > said.observed_at for observed in words):
        assert flight.silent_source is None
    else:
        assert flight.silent_source == said.value
    if flight.silent_source is not None:
        assert "stale" in flight.flags


@settings(max_examples=80, deadline=None)
@given(deliveries)
def test_a_snapshot_and_the_changes_after_it_equal_a_later_snapshot(
    received: list[tuple[Report, datetime]],
) -> None:
    record = None
    snapshots = []
    told = []
    for report, received_at in received:
        merged = apply_report(record, KEY, report, received_at=received_at, rules=RULES)
        record = merged.record
        snapshots.append(record.flight)
        told.append(merged.changes)
    for start, flight in enumerate(snapshots):
        for changes in told[start + 1 :]:
            flight = apply_changes(flight, changes, RULES)
        assert timeless(flight) == timeless(snapshots[-1])


@settings(max_examples=80, deadline=None)
@given(deliveries)
def test_the_version_counts_the_reports_that_changed_something(
    received: list[tuple[Report, datetime]],
) -> None:
    record = None
    version = 0
    for report, received_at in received:
        before = record
        merged = apply_report(record, KEY, report, received_at=received_at, rules=RULES)
        record = merged.record
        version += bool(merged.changes)
        assert record.flight.version == version
        assert merged.facts_changed == (before is None or record.facts != before.facts)
        if merged.changes:
            assert record.flight.updated_at == received_at
        else:
            assert before is not None
            assert record.flight == before.flight


@settings(max_examples=80, deadline=None)
@given(deliveries)
def test_a_record_survives_its_json(received: list[tuple[Report, datetime]]) -> None:
    record = fold(received)

    again = FlightRecord.from_json(record.to_json())

    assert again == record
    json.dumps(record.provenance(RULES))


keys = st.builds(
    FlightKey,
    carrier=st.sampled_from(["DL", "B6", "9E", "OO"]),
    number=st.integers(1, 9999),
    suffix=st.sampled_from([None, "A", "Z"]),
    date=st.dates(date(1970, 1, 1), date(2100, 1, 1)),
    origin=st.sampled_from(["ATL", "JFK", "ISN"]),
)


@given(keys, keys)
def test_a_key_is_its_text_and_keys_have_one_order(one: FlightKey, other: FlightKey) -> None:
    assert FlightKey.parse(str(one)) == one
    assert (one == other) == (str(one) == str(other))
    assert sum([one < other, one == other, one > other]) == 1
    assert (one <= other) != (one > other)


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.builds(pow, st.just(10), st.just(5000)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
spelled = st.sampled_from(
    ["2015-03-08T02:30", "2015-01-02T13:55:00Z", "0001-01-01T00:00:00", "9999-12-31T23:59:59-14:00", "2015-02-30",
     "2015-01-02", "DL1865", "DL1865.2015-01-02.ATL", "...", "ATL", "KJFK", "\ud800", "93", "ahm730", "bts", "", " "]
)  # fmt: skip
values = anything | spelled | st.lists(spelled, max_size=2)
sides = st.dictionaries(
    st.sampled_from([*dict.fromkeys(field.name for field in TABLE if field.part), "gte"]),
    values,
    max_size=3,
)
reports_of_a_sort = st.fixed_dictionaries(
    {"flight": st.sampled_from(["DL1865", "dal 1865", "DL1865.2015-01-02.ATL"]) | values},
    optional={
        **{name: values for name in Report.__struct_fields__ if name != "flight"},
        **dict.fromkeys(("departure", "takeoff", "landing", "arrival"), sides | values),
        "date": st.just("2015-03-08") | values,
        "origin": st.just("ATL") | values,
        "delay_reasons": st.lists(
            st.dictionaries(st.sampled_from(["scheme", "code", "text", "minutes"]), values), max_size=2
        )
        | values,
    },
)


@settings(max_examples=300, deadline=None)
@given(anything | reports_of_a_sort, st.booleans())
def test_whatever_json_comes_is_a_report_or_an_error_that_can_be_sent_back(
    given_: object, trusted: bool
) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    try:
        report = parse_report(given_, source=None, now=now, trusted=trusted)
    except InvalidReport as error:
        refused = error
    else:
        # What was taken can be kept and read again.
        assert msgspec.json.decode(msgspec.json.encode(report), type=Report) == report
        return
    answer = [refused.code, refused.message, refused.field, refused.value, refused.expected]
    assert json.loads(msgspec.json.encode(answer)) == answer
    assert refused.message.endswith((".", "?"))
