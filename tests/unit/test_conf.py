"""Each wrong key and value of settings.WINDSOCK is named, with what is needed instead."""

from pathlib import Path
from typing import Any

import pytest

from windsock.conf import SETTINGS, Config, changed, faults, load
from windsock.errors import ConfigError

WRONG: list[tuple[str, Any, str]] = [
    ("PUBLIC_REED", True, "Did you mean 'PUBLIC_READ'?"),
    ("public_read", True, "Did you mean 'PUBLIC_READ'?"),
    ("PUBLIC_READ", 1, "True or False is needed"),
    ("MAX_TOPICS", "200", "a whole number of at least 1 (topics) is needed"),
    ("MAX_TOPICS", True, "a whole number of at least 1 (topics) is needed"),
    ("RING_EVENTS", 0, "a whole number of at least 1 (events) is needed"),
    ("KEEP_EVENTS_DAYS", -1, "a whole number of at least 0 (days) is needed"),
    ("ALLOWED_ORIGINS", "https://example.org", "a list of strings is needed"),
    ("ALLOWED_ORIGINS", [1], "a list of strings is needed"),
    ("SOURCE_RANKS", [("ops", 60)], "a dict is needed"),
    ("AIRPORTS", 3, "a path is needed"),
    ("DATABASE", None, "a string is needed"),
]


@pytest.mark.parametrize(("key", "value", "needed"), WRONG)
def test_a_wrong_setting_is_refused_by_key_value_and_need(key: str, value: Any, needed: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load({key: value})
    assert needed in str(caught.value)
    assert repr(key) in str(caught.value)


def test_every_fault_is_listed_not_only_the_first() -> None:
    assert len(faults({key: value for key, value, _ in WRONG})) == len({key for key, _, _ in WRONG})
    assert faults([]) == ["settings.WINDSOCK is []; a dict is needed."]
    assert faults({"PUBLIC_READ": True}) == []


def test_a_path_may_be_a_path_object() -> None:
    assert load({"AIRPORTS": Path("/srv/airports.csv")}).airports == "/srv/airports.csv"


def test_the_defaults_are_within_their_own_limits() -> None:
    assert load({key: setting.default for key, setting in SETTINGS.items()}) == Config()


def test_what_differs_from_the_defaults_is_listed_with_its_unit() -> None:
    found = {setting.key: (value, setting.unit) for setting, value in changed(load({"LATE_MINUTES": 20}))}
    assert found == {"LATE_MINUTES": (20, "minutes")}
