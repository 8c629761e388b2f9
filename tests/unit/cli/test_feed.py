"""`windsock feed`: an input tried without recording, files taken in, and what feeds there are."""

import json
from pathlib import Path

import pytest
import typer
from django.conf import LazySettings
from typer.testing import CliRunner, Result

from windsock.cli import feed as verb
from windsock.collect.models import FeedInput
from windsock.conf import config
from windsock.ingest import stop
from windsock.journal.database import DatabaseJournal

pytestmark = pytest.mark.django_db(transaction=True)

app = typer.Typer()
verb.register(app)
app.command("other")(lambda: None)

TELEX = """QU OSLKKWF
.BGOKKWF 251245
MVT
WF588/25.LNWDE.BGO
AD1233/1241 EA1350 ABZ
"""
CAME = ("--received-at", "2026-11-25 12:50:00")


@pytest.fixture(autouse=True)
def feeds(settings: LazySettings) -> None:
    settings.WINDSOCK = {**settings.WINDSOCK, "FEEDS": {"telex": {"format": "mvt"}}}
    config.cache_clear()
    stop()


def run(*words: str, given: str | None = None) -> Result:
    return CliRunner().invoke(app, ["feed", *words], input=given)


@pytest.mark.parametrize(
    "came", [CAME[1], "2026-11-25T12:50:00", "2026-11-25T12:50:00Z", "2026-11-25T12:50Z"]
)
def test_an_input_is_told_with_its_changes_and_not_recorded(came: str) -> None:
    result = run("test", "mvt", "--received-at", came, given=TELEX)
    assert result.exit_code == 0, result.output
    assert "WF588.2026-11-25.BGO" in result.stdout
    assert "flight.off takeoff.actual: nothing → 2026-11-25 12:41Z" in result.stdout
    assert "Nothing was recorded" in result.stderr
    assert DatabaseJournal("default").head().offset == 0
    assert FeedInput.objects.count() == 0


def test_what_is_not_understood_is_named_and_the_exit_code_says_so() -> None:
    result = run("test", "telex", *CAME, given=TELEX + "ZZ WHAT IS THIS\n")
    assert result.exit_code == 1
    assert "line 6" in result.stdout
    assert "1 report, 1 fault" in result.stderr


def test_programs_get_one_json_object_a_report_and_a_fault() -> None:
    result = run("test", "mvt", "--json", *CAME, given=TELEX + "ZZ WHAT IS THIS\n")
    first, second = [json.loads(line) for line in result.stdout.splitlines()]
    assert first["result"]["flight"] == "WF588.2026-11-25.BGO"
    assert first["report"]["registration"] == "LNWDE"
    assert second["where"] == 6


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("test", "telexx"), 1, "There is no feed format 'telexx'"),
        (("test", "avinor"), 2, "avinor needs --option airport=VALUE"),
        (("test", "mvt", "--option", "a=b"), 2, "mvt has no key 'a'"),
        (("test", "mvt", "/no/such/file"), 1, "/no/such/file cannot be read"),
        (("take", "other"), 1, "No feed 'other' is configured"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(words: tuple[str, ...], code: int, says: str) -> None:
    result = run(*words, given="")
    assert result.exit_code != 0
    assert says in result.stderr + str(result.exception)
    if isinstance(result.exception, SystemExit):
        assert result.exit_code == code


def test_take_records_and_says_what_became_of_each_file(tmp_path: Path) -> None:
    path = tmp_path / "one.txt"
    path.write_text("MVT\nWF588/25.LNWDE.BGO\nAD251233/251241 EA1350 ABZ\n")
    result = run("take", "telex", str(path))
    assert result.exit_code == 0, result.output
    assert "1 report recorded, 1 of them with changes" in result.stderr
    assert DatabaseJournal("default").head().offset == 1
    assert "telex" in run("list").stdout


def test_formats_lists_every_format_with_its_keys() -> None:
    shown = run("formats").stdout
    assert "mvt" in shown
    assert "airport (needed)" in shown


def test_programmes_of_airports_are_told_as_such() -> None:
    document = (
        "<AIRPORT_STATUS_INFORMATION><Update_Time>Wed Nov 25 12:46:31 2026 GMT</Update_Time><Delay_type>"
        "<Ground_Stop_List><Program><ARPT>JFK</ARPT><Reason>wind</Reason><End_Time>9:00 am EST</End_Time></Program>"
        "</Ground_Stop_List></Delay_type></AIRPORT_STATUS_INFORMATION>"
    )
    result = run("test", "faa", *CAME, given=document)
    assert result.exit_code == 0, result.output
    assert "JFK ground_stop until 2026-11-25 14:00Z" in result.stdout
    assert "1 programme, 0 faults" in result.stderr
    told = json.loads(run("test", "faa", "--json", *CAME, given=document).stdout)
    assert told["programme"]["kind"] == "ground_stop"


@pytest.mark.parametrize(
    ("format_", "option"),
    [
        ("avinor", "airport=OSL"),
        ("swedavia", " airport = ARN"),
        ("aeroapi", 'flights=["DL1865", "SAS1423"]'),
        ("aerodatabox", 'flights=["DL1865"]'),
        ("aviationstack", 'flights=["DL1865"]'),
        ("aviationstack", 'airports=["LIS", "OPO"]'),
        ("flightstats", "flights=['DL1865']"),
    ],
)
def test_every_option_can_be_given_as_in_the_settings_file(format_: str, option: str) -> None:
    parser, source = verb._parser(format_, [option])

    assert callable(parser) and source == format_


def test_an_option_of_the_wrong_kind_is_refused_with_what_is_needed() -> None:
    result = run("test", "aeroapi", "--option", "flights=DL1865", given="{}")

    assert result.exit_code != 0
    assert "a list of flight numbers like" in str(result.exception) + result.output
