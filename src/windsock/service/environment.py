"""Every key of `settings.WINDSOCK` as an environment variable `WINDSOCK_<KEY>` of the ready-made service."""

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from windsock.conf import Config, switch
from windsock.errors import ConfigError
from windsock.feeds.configuration import from_toml

PREFIX = "WINDSOCK_"


def windsock_settings(environment: Mapping[str, str]) -> dict[str, Any]:
    """The keys that the environment sets: numbers, 1 or 0, comma-separated lists, JSON for SOURCE_RANKS and FEEDS.

    Raises ConfigError for a value that cannot be read. Other variables that begin alike are not looked at.
    """
    given: dict[str, Any] = {}
    defaults = Config()
    for field in fields(Config):
        key = field.name.upper()
        text = environment.get(PREFIX + key)
        if text is not None:
            given[key] = _read(PREFIX + key, text.strip(), getattr(defaults, field.name))
    return given


def value(name: str, environment: Mapping[str, str], default: Any) -> Any:
    """Return what a variable says, read as its default is: a switch, a number, a list, a JSON object or a text."""
    text = environment.get(name)
    return default if text is None else _read(name, text.strip(), default)


def feeds_file(path: Path) -> dict[str, Any]:
    """The feeds of a feeds.toml, none where there is no such file; raises ConfigError when it cannot be read."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.") from error
    return from_toml(text, str(path))


def own_table(path: Path) -> str:
    """The path of an operator's own table in the data folder, empty where there is no such file."""
    return str(path) if path.is_file() else ""


def _read(name: str, text: str, default: object) -> Any:
    try:
        if isinstance(default, bool):
            return switch(name, {name: text})
        if isinstance(default, int):
            return int(text)
        if isinstance(default, tuple):
            return tuple(part.strip() for part in text.split(",") if part.strip())
        if isinstance(default, Mapping):
            value = json.loads(text)
            if not isinstance(value, dict):
                raise ValueError
            return value
    except ValueError:
        wanted = "a whole number" if isinstance(default, int) else "a JSON object"
        raise ConfigError(f"{name} is {text!r}; {wanted} is needed.") from None
    return text
