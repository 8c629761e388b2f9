"""Laws over every format of the registry: a new one is held to them by its line there."""

import gzip
import inspect
import json
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from bench import feeds as bench_feeds
from tests.unit.feeds import inputs, jsonbodies, on_time_files, test_avinor
from tests.unit.feeds.inputs import Input
from tools import fuzz_feeds
from windsock.errors import FeedError
from windsock.feeds import configuration, polling
from windsock.feeds.format import Format
from windsock.feeds.parsing import Gathering, Parsed
from windsock.feeds.registry import FORMATS, FeedFormat
from windsock.flights import Report
from windsock.replay import bts
from windsock.replay.days import DAYS

BODIES = [pytest.param(one, data, id=f"{one}-{number}") for number, (one, data) in enumerate(inputs.bodies())]
every_body = pytest.mark.parametrize(("source", "data"), BODIES)
every_input = pytest.mark.parametrize("source", inputs.of_every_format(), ids=str)


def as_told(parsed: Parsed) -> list[dict[str, Any]]:
    return [msgspec.to_builtins(report) for report in parsed.reports]


# --- The registry ----------------------------------------------------------------------------------------------------


def test_every_format_has_input_that_says_something_here() -> None:
    assert {source.format for source in inputs.ALL} == set(FORMATS)
    for source, data in inputs.bodies():
        parsed = source.read(data)
        assert parsed.statements or parsed.programmes
    for source in inputs.ALL:
        assert not source.read(source.once or source.bodies[0]).faults


def test_a_new_format_without_input_is_left_out_by_no_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    """The laws, the polled providers, the fuzzer and the bench begin with this list."""
    monkeypatch.setitem(FORMATS, "morse", FeedFormat("morse", "Morse code"))
    with pytest.raises(LookupError, match=r"format morse: add an Input to tests/unit/feeds/inputs\.py"):
        inputs.of_every_format()
    for module in (fuzz_feeds.targets, partial(bench_feeds.scenes, DAYS["storm"].path)):
        with pytest.raises(LookupError, match="morse"):
            module()


def test_a_hook_whose_name_is_misspelt_is_an_error() -> None:
    misspelt: dict[str, Any] = {"acknowledgment": None}
    with pytest.raises(TypeError, match="acknowledgment"):
        Format(parse=lambda data: Parsed(), **misspelt)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_what_a_module_defines_for_the_registry_it_hands_over(name: str) -> None:
    hooks = FORMATS[name].hooks
    module = sys.modules[f"windsock.feeds.{name}"]
    asked = [
        value
        for value in vars(module).values()
        if inspect.isclass(value)
        and issubclass(value, polling.Poller)
        and value.__module__.startswith(module.__name__)
    ]
    assert asked == [hooks.poller] if hooks.poller is not None else asked == []
    for hook, spelt in (
        ("prepared", "prepared"),
        ("acknowledgement", "acknowledgement"),
        ("attribution", "ATTRIBUTION"),
    ):
        assert getattr(hooks, hook) == getattr(module, spelt, None)


# --- Encodings -------------------------------------------------------------------------------------------------------


@every_body
def test_a_byte_order_mark_changes_nothing(source: Input, data: bytes) -> None:
    plain, marked = source.read(data), source.read(b"\xef\xbb\xbf" + data)
    assert marked == plain


@every_body
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_with_its_mark_is_read_or_refused_by_its_name(
    source: Input, data: bytes, encoding: str
) -> None:
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    marked = mark + data.decode("iso-8859-1").encode(encoding)
    if source.format != "mvt":
        assert as_told(source.read(marked)) == as_told(source.read(data))
        return
    # Telexes are ASCII; what the fixture has besides is read as garbled either way.
    assert len(source.read(marked).statements) == len(source.read(data).statements)


@pytest.mark.parametrize("name", ["mvt", "ssm", "generic-ndjson"])
def test_files_with_a_mark_each_put_together_are_read_like_those_without(name: str) -> None:
    (source,) = (one for one in inputs.ALL if str(one) == name)
    data = source.bodies[0].rstrip() + b"\n"
    assert source.read(b"\xef\xbb\xbf" + data + b"\xef\xbb\xbf" + data) == source.read(data + data)


# --- What a snapshot leaves out --------------------------------------------------------------------------------------

JSON_BODIES = [
    pytest.param(one, json.loads(data), id=f"{one}-{number}")
    for number, (one, data) in enumerate(inputs.bodies())
    if data[:1] in (b"{", b"[") and b"\n{" not in data
]


def holes(body: Any) -> Iterator[Any]:
    """The body with one of its values null, then with the value missing, for each value in it."""
    for path in paths(body):
        for missing in (False, True):
            copy = deepcopy(body)
            at = copy
            for key in path[:-1]:
                at = at[key]
            if not missing:
                at[path[-1]] = None
            elif isinstance(at, dict):
                del at[path[-1]]
            else:
                continue
            yield copy


def paths(value: Any) -> Iterator[tuple[Any, ...]]:
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, inner in entries:
        yield (key,)
        yield from ((key, *path) for path in paths(inner))


ERASED_BY_STATUS = {"cancelled", "boarding", "stated_status"}
"""What a board's status says all of: one that names no cancellation says that there is none."""
AS_SCHEDULED = {"hongkong"}
"""Where an empty status means as scheduled, which takes an estimate back."""


def erased(report: Report) -> set[str]:
    told = msgspec.to_builtins(report)
    single = {name for name, value in told.items() if value is None}
    return single | {
        f"{part}.{name}"
        for part, values in told.items()
        if isinstance(values, dict)
        for name, value in values.items()
        if value is None
    }


@pytest.mark.parametrize(("source", "body"), JSON_BODIES)
def test_a_value_that_is_null_or_missing_takes_nothing_back(source: Input, body: Any) -> None:
    for copy in holes(body):
        try:
            parsed = source.read(json.dumps(copy).encode())
        except FeedError:
            continue
        for report in parsed.reports:
            left = erased(report) - ERASED_BY_STATUS
            if source.format in AS_SCHEDULED:
                left = {path for path in left if not path.endswith(".estimated")}
            assert left == set()


@pytest.mark.parametrize("status", ["", '<status code="N"/>', '<status code="E"/>', "<status/>"])
def test_avinors_board_takes_back_no_more_than_an_estimate_and_a_cancellation(status: str) -> None:
    (source,) = (one for one in inputs.ALL if one.format == "avinor")
    for report in source.read(test_avinor.board(test_avinor.departure(status))).reports:
        assert erased(report) <= {"cancelled", "departure.estimated"}


# --- Runways and the order of things ---------------------------------------------------------------------------------


def gate_and_runway(report: Report) -> Iterator[tuple[Any, Any]]:
    for gate, runway in ((report.departure, report.takeoff), (report.arrival, report.landing)):
        if gate is not UNSET and runway is not UNSET:
            yield gate, runway


moments = st.integers(0, 5).map(lambda n: f"2026-03-01T{10 + n}:00:00Z")
parts = st.fixed_dictionaries({}, optional={"estimated": moments, "actual": moments, "scheduled": moments})


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(("departure", "takeoff", "landing", "arrival"), parts))
)
def test_no_feed_tells_a_runways_time_as_an_estimate_of_the_gate(said: dict[str, Any]) -> None:
    gathering = Gathering(datetime.fromisoformat("2026-03-02T00:00:00Z"), "feed")
    told = {"flight": "LX544", "date": "2026-03-01", "origin": "ZRH", "cancelled": False} | said
    gathering.tell_what_holds(told)
    for report in gathering.parsed().reports:
        for gate, runway in gate_and_runway(report):
            if isinstance(gate.estimated, datetime):
                assert gate.estimated not in (runway.estimated, runway.actual)


def estimated_before_it_left(report: Report) -> list[str]:
    left = [
        part.actual
        for part in (report.departure, report.takeoff)
        if part is not UNSET and isinstance(part.actual, datetime)
    ]
    return [
        name
        for name, part in (("landing", report.landing), ("arrival", report.arrival))
        if part is not UNSET and isinstance(part.estimated, datetime) and left and part.estimated < max(left)
    ]


still_to_come = st.fixed_dictionaries({}, optional={"estimated": moments, "scheduled": moments})


@given(
    st.fixed_dictionaries(
        {},
        optional={"departure": parts, "takeoff": parts, "landing": still_to_come, "arrival": still_to_come},
    )
)
def test_an_arrival_expected_before_the_flight_left_is_a_fault(said: dict[str, Any]) -> None:
    gathering = Gathering(datetime.fromisoformat("2026-03-02T00:00:00Z"), "feed")
    told = {"flight": "LX544", "date": "2026-03-01", "origin": "ZRH", "cancelled": False} | said
    gathering.tell_what_holds(told, path="flights[0]")
    (report,) = gathering.parsed().reports
    assert estimated_before_it_left(report) == []
    left = max(
        (
            part.actual
            for part in (report.departure, report.takeoff)
            if part is not UNSET and part.actual is not UNSET
        ),
        default=None,
    )
    for name in ("landing", "arrival"):
        estimated = said.get(name, {}).get("estimated")
        if left is None or estimated is None or datetime.fromisoformat(estimated) >= left:
            assert f"{name}.estimated" not in {fault.column for fault in gathering.faults}
        elif name == "landing" or estimated != said.get("landing", {}).get("estimated"):
            assert f"{name}.estimated" in {fault.column for fault in gathering.faults}


@pytest.mark.parametrize(("source", "body"), JSON_BODIES)
@settings(max_examples=60)
@given(data=st.data())
def test_whatever_is_exchanged_in_a_body_both_laws_hold(
    source: Input, body: Any, data: st.DataObject
) -> None:
    times = [path for path in paths(body) if is_time(at(body, path))]
    if not times:
        return
    changed = deepcopy(body)
    for _ in range(data.draw(st.integers(1, 4))):
        to, of = data.draw(st.sampled_from(times)), data.draw(st.sampled_from(times))
        at(changed, to[:-1])[to[-1]] = at(body, of)
    for report in source.read(json.dumps(changed).encode()).reports:
        assert estimated_before_it_left(report) == []
        for gate, runway in gate_and_runway(report):
            if isinstance(gate.estimated, datetime):
                assert gate.estimated not in (runway.estimated, runway.actual)


def at(body: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        body = body[key]
    return body


def is_time(value: Any) -> bool:
    return isinstance(value, str) and len(value) >= 16 and value[:4].isdigit() and value[4] == "-"


# --- Hostile bodies --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("source", "body"), JSON_BODIES)
@settings(max_examples=40)
@given(data=st.data())
def test_a_damaged_body_is_read_or_refused(source: Input, body: Any, data: st.DataObject) -> None:
    try:
        parsed = source.read(data.draw(jsonbodies.damaged(body)))
    except FeedError as error:
        str(error).encode()
        return
    for fault in parsed.faults:
        assert fault.line is not None or fault.path
        str(fault).encode()


# --- Files that an operator writes -----------------------------------------------------------------------------------


def test_a_mark_before_a_file_of_settings_a_mapping_or_a_secret_changes_nothing(tmp_path: Path) -> None:
    settings = configuration.from_toml('\ufeff[oslo]\nformat = "avinor"\nairport = "OSL"\n')
    assert set(configuration.read(settings)) == {"oslo"}
    (tmp_path / "map.toml").write_text(inputs.mapped("csv"), "utf-8-sig")
    read = FORMATS["generic"].parser("board", {"mapping": str(tmp_path / "map.toml")})
    (csv,) = (one for one in inputs.ALL if str(one) == "generic-csv")
    assert read(csv.bodies[0], csv.now).statements
    (tmp_path / "secret").write_text("k3y\n", "utf-8-sig")
    feed = {"format": "swedavia", "airport": "ARN", "secret_file": str(tmp_path / "secret")}
    assert configuration.read({"arlanda": feed})["arlanda"].secret() == "k3y"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("packed", [bytes, gzip.compress])
def test_past_days_are_read_whatever_the_mark(encoding: str, packed: Callable[[bytes], bytes]) -> None:
    data = on_time_files.DOT.encode()
    rows = list(bts.read(data))
    assert rows
    assert list(bts.read(packed(on_time_files.DOT.encode(encoding)))) == rows
