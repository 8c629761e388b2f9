"""WINDSOCK["AIRPORTS"] and ["AIRLINES"]: known to reports, feeds, boards, commands and the service's processes."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import LazySettings
from django.test import Client

from windsock.collect.intake import Intake
from windsock.errors import ConfigError
from windsock.feeds.configuration import read
from windsock.flights import airports
from windsock.ingest import Rejected, pipeline, record

STRIP = "iata,icao,name,city,country,zone,latitude,longitude\nQZX,,Red Ridge Mine,,AU,Australia/Perth,-22.81,118.42\n"
CARRIER = "iata,icao,name\nQ7,XQJ,Red Ridge Air\n"
NOW = datetime(2026, 11, 27, 9, 31, tzinfo=UTC)
REPORT = {
    "flight": "XQJ7",
    "date": "2026-11-27",
    "origin": "QZX",
    "destination": "PER",
    "departure": {"scheduled": "2026-11-27T09:00Z"},
}


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "airports.csv").write_text(STRIP)
    (tmp_path / "airlines.csv").write_text(CARRIER)
    return tmp_path / "airports.csv", tmp_path / "airlines.csv"


@pytest.mark.django_db(transaction=True)
def test_reports_feeds_and_boards_know_a_strip_and_a_carrier_of_ones_own(
    settings: LazySettings, files: tuple[Path, Path], client: Client
) -> None:
    (refused,) = record([REPORT], source="mine")
    assert isinstance(refused, Rejected) and refused.code == "unknown_airport"
    settings.WINDSOCK = {"AIRPORTS": files[0], "AIRLINES": str(files[1]), "PUBLIC_READ": True}
    record([REPORT], source="mine")
    feed = read({"telex": {"format": "mvt"}})["telex"]
    telex = b"MVT\nXQJ7/27.VHABC.QZX\nAD0920/0930 EA1010 PER\n"
    intake = Intake("telex", feed.format.parser(feed.source, feed.options), pipeline(), clock=lambda: NOW)
    taken = intake.take(telex)
    assert (taken.recorded, taken.parked, taken.faults) == (1, 0, [])
    _, (found,) = pipeline().journal.snapshot()

    assert found.flight.id == "Q77.2026-11-27.QZX"
    assert (found.flight.carrier.icao, found.flight.departure.delay_minutes) == ("XQJ", 20)
    assert client.get("/api/v1/flights", {"airport": "QZX"}).json()["flights"][0]["id"] == found.flight.id
    assert "Red Ridge Mine" in client.get("/airports/QZX/departures/").content.decode()


def test_a_wrong_file_stops_the_start_and_an_overridden_setting_ends_with_it(
    settings: LazySettings, tmp_path: Path
) -> None:
    (tmp_path / "airports.csv").write_text("iata,zone\nQZX,Perth\n")
    settings.WINDSOCK = {"AIRPORTS": tmp_path / "airports.csv"}
    with pytest.raises(ConfigError, match=r"line 2: `zone` is 'Perth'"):
        apps.get_app_config("windsock").ready()
    (tmp_path / "airports.csv").write_text(STRIP)
    settings.WINDSOCK = {"AIRPORTS": tmp_path / "airports.csv"}
    assert airports.airport("QZX") is not None
    settings.WINDSOCK = {}

    assert airports.airport("QZX") is None


def command(data: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    return subprocess.run(
        [sys.executable, "-m", "windsock.cli.main", *arguments],
        env=environment | {"WINDSOCK_DATA": str(data), "COLUMNS": "120"} | more,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_the_services_processes_read_the_files_of_the_data_folder(files: tuple[Path, Path]) -> None:
    data = files[0].parent
    done = command(data, "airport", "qzx", "TSE")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "QZX  ----  Red Ridge Mine (AU)  Australia/Perth  [your own table]",
        "NQZ  UACC  Nursultan Nazarbayev International Airport (Astana, KZ)  Asia/Almaty  [TSE is a former code]",
    ]
    done = command(data, "airline", "XQJ", "EJU", "ZZZ", "--on", "2026-11-27")
    assert done.returncode == 1
    assert "Q7  XQJ  Red Ridge Air  [your own table]" in done.stdout
    assert "[flights go by U2]" in done.stdout and "No carrier held ZZZ" in done.stderr
    files[0].write_text(STRIP.replace("Australia/Perth", "Perth"))
    done = command(data, "airport", "QZX")
    assert done.returncode == 1 and "airports.csv, line 2: `zone` is 'Perth'" in done.stderr
    assert "Traceback" not in done.stderr
    elsewhere = data / "other.csv"
    elsewhere.write_text(STRIP)
    assert "Red Ridge" in command(data, "airport", "QZX", WINDSOCK_AIRPORTS=str(elsewhere)).stdout
    assert "own airports" in command(data, "doctor", WINDSOCK_AIRPORTS=str(elsewhere)).stdout
