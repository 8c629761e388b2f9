"""Scratch SQLite databases with settings of their own, as careless hosts have them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from windsock.journal import models

TABLES = (models.JournalHead, models.FlightRow, models.FlightName, models.EventRow, models.ReportRow)

Scratch = Callable[..., str]


@pytest.fixture
def scratch(tmp_path: Path, django_db_blocker: Any) -> Iterator[Scratch]:
    """Makes a SQLite file with the journal's tables; `scratch(options={…})` gives its alias."""
    made: list[str] = []

    def make(name: str = "scratch", *, tables: bool = True, options: dict[str, object] | None = None) -> str:
        connections.settings[name] = {
            **connections.settings["default"],
            "NAME": str(tmp_path / f"{name}.sqlite3"),
            "OPTIONS": dict(options or {}),
        }
        made.append(name)
        if tables:
            with connections[name].schema_editor() as editor:
                for table in TABLES:
                    editor.create_model(table)
        return name

    with django_db_blocker.unblock():
        yield make
        for name in made:
            connections[name].close()
            del connections[name]
            del connections.settings[name]
