"""Mapping files: what they may say, and how an error names the key, what was given and what is allowed."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windsock.errors import ConfigError
from windsock.feeds.generic.mapping import FIELDS, Column, Mapping, TimeRule, kind_of
from windsock.feeds.generic.mappingfile import read_mapping

BASE = 'format = "csv"\n{top}\n[flight]\ndesignator = "F"\n{rest}'


def mapping(rest: str = "", top: str = "") -> Mapping:
    return read_mapping(BASE.format(top=top, rest=rest))


def test_the_least_mapping_has_a_format_and_the_flights_column() -> None:
    found = mapping()
    assert (found.format, found.flight.designator, found.encoding, found.delimiter) == (
        "csv",
        "F",
        "utf-8",
        ",",
    )
    assert (found.columns, found.empty, found.status) == ((), "absent", None)


def test_a_mapping_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        mapping().format = "json"  # type: ignore[misc]


def test_a_column_without_a_rule_of_its_own_has_that_of_all_times() -> None:
    found = mapping(
        '[columns]\nstd = "departure.scheduled"\netd = { field = "departure.estimated", zone = "utc" }\n'
        '[times]\nformat = "%d.%m.%Y %H:%M"\nzone = "Europe/Oslo"'
    )
    rule = TimeRule(format="%d.%m.%Y %H:%M", zone="Europe/Oslo")
    assert found.columns == (
        Column(column="std", field="departure.scheduled", rule=rule),
        Column(column="etd", field="departure.estimated", rule=dataclasses.replace(rule, zone="utc")),
    )


def test_fields_of_constants_and_words_are_spelt_with_dots_or_as_tables() -> None:
    found = mapping('[constants]\n"departure.terminal" = "1"\narrival.gate = "2"\n')
    assert found.constants == (("departure.terminal", "1"), ("arrival.gate", "2"))


def test_all_columns_are_named() -> None:
    found = mapping(
        '[columns]\nA = { field = "departure.actual", format = "hhmm", date = "B" }\n[status]\ncolumn = "C"\n'
        '[status.words]\nX = { departure.actual = { column = "D" } }\n[codeshares]\ncolumn = "E"\n'
        '[reasons]\ncolumn = "G"\nminutes = "H"'
    )
    assert set(found.named()) == set("ABCDEFGH")


def test_every_field_has_a_kind() -> None:
    assert {kind_of(field) for field in FIELDS} == {"time", "day", "minutes", "truth", "text"}
    assert kind_of("arrival.estimated") == kind_of("air_return") == "time"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("format = ", ["not TOML", "Invalid value"]),
        ("", ["format is missing", 'format = "json"']),
        ('formats = "csv"', ["format is missing", "There is 'formats'"]),
        ('format = "xml"', ["format is 'xml'", "json, ndjson, csv"]),
        ("format = 3", ["format is 3", "json, ndjson, csv"]),
        ('format = "csv"', ["flight is missing"]),
        ('format = "csv"\n[flight]', ["[flight] has nothing", "designator", "carrier_is"]),
        ('format = "csv"\n[flight]\nnumber = "N"', ["[flight] has number", "carrier"]),
        ('format = "csv"\n[flight]\ndesignator = "F"\nnumber = "N"', ["[flight] has designator, number"]),
        ('format = "csv"\n[flight]\ndesignator = ""', ["flight.designator is ''", "not empty"]),
        ('format = "csv"\n[flight]\ndesignater = "F"', ["flight.designater", "did you mean 'designator'?"]),
        ('format = "csv"\nflight = "F"', ["flight is 'F'", "a table, [flight]"]),
    ],
)
def test_an_error_names_the_key_what_was_given_and_what_is_allowed(text: str, words: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        read_mapping(text)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("top", "rest", "words"),
    [
        ('delimit = ";"', "", ["delimit is ';'", "did you mean 'delimiter'?"]),
        ('delimiter = ";;"', "", ["delimiter is ';;'", "one character"]),
        ('records = "a"', "", ['records is only for format = "json"']),
        ('encoding = "utf-99"', "", ["encoding is 'utf-99'", "iso-8859-1"]),
        ('encoding = "base64"', "", ["encoding is 'base64'"]),
        ('empty = "erase"', "", ["empty is 'erase'", "absent, null"]),
        ('nothing = "-"', "", ["nothing is '-'", "a list of texts"]),
        ("", '[column]\nA = "origin"', ["column", "did you mean 'columns'?"]),
        ("", '[columns]\nA = "departure.schedule"', ["columns.A", "did you mean 'departure.scheduled'?"]),
        ("", '[columns]\nA = "origins"', ["columns.A", "did you mean 'origin'?"]),
        ("", '[columns]\nA = "tail"', ["columns.A", "did you mean 'registration'?"]),
        ("", '[columns]\nA = "flight"', ["columns.A", "the table [flight]"]),
        ("", '[columns]\nA = "arrival.codeshares"', ["columns.A", "no field 'arrival.codeshares'"]),
        ("", "[columns]\nA = 3", ["columns.A is 3", "a field's name"]),
        ("", '[columns]\na.b = "origin"', ["columns.a", "in quotes"]),
        ("", '[columns]\nA = { field = "origin", zone = "utc" }', ["columns.A.zone", "no such key"]),
        ("", '[columns]\nA = { field = "air_return", zone = "Oslo" }', ["columns.A.zone is 'Oslo'", "Europe/Oslo"]),
        ("", '[columns]\nA = { field = "air_return", formats = "iso" }', ["A.formats", "did you mean 'format'?"]),
        ("", '[columns]\nA = { field = "air_return", format = "%Q" }', ["columns.A.format is '%Q'", "strptime"]),
        ("", '[columns]\nA = { field = "air_return", format = "ISO" }', ["columns.A.format", "iso, hhmm, epoch"]),
        ("", '[columns]\nA = { field = "air_return", format = "%H:%M" }', ["columns.A", "no day", "date = "]),
        ("", '[columns]\nA = { field = "air_return", after = "origin" }', ["columns.A.after is 'origin'"]),
        ("", '[columns]\nA = { field = "date", format = "%d.%m." }', ["columns.A.format", "day, month and year"]),
        ("", '[columns]\nA = { field = "air_return", ignore_offset = true }', ["columns.A.ignore_offset", "zone"]),
        ("", "[constants]\ncancelled = 1", ["constants.cancelled is 1", "true or false"]),
        ("", "[constants]\norigin = 1", ["constants.origin is 1", "text"]),
        ("", '[constants]\nstated_status = "gone"', ["stated_status is 'gone'", "out, airborne, landed, arrived"]),
        ("", '[constants]\norigin = "QQQQ"', ["constants.origin is 'QQQQ'", "no airport"]),
        ("", '[constants]\nair_return = "x"', ["constants.air_return", "needs a column"]),
        ("", '[status]\ncolumn = "S"', ["status.words is missing"]),
        ("", '[status]\ncolumn = "S"\n[status.words]\nX = true', ["status.words.X is True", "a table"]),
        ("", '[status]\ncolumn = "S"\n[status.words]\nX = { canceled = true }', ["X.canceled", "'cancelled'"]),
        ("", '[status]\ncolumn = "S"\nother = "x"\n[status.words]', ["status.other", "did you mean 'others'?"]),
        ("", '[codeshares]\nseparator = "/"', ["codeshares.column is missing"]),
        ("", '[reasons]\ncolumn = "R"\nscheme = "iata"', ["reasons.scheme is 'iata'", "ahm730"]),
    ],
)  # fmt: skip
def test_a_wrong_key_or_value_is_named_with_what_may_be_meant(top: str, rest: str, words: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        mapping(rest, top)
    for word in words:
        assert word in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_a_mapping_or_a_config_error(text: str) -> None:
    for whole in (text, BASE.format(top="", rest=text.replace("{", "").replace("}", ""))):
        try:
            read_mapping(whole)
        except ConfigError:
            pass
