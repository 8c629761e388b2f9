"""Every key of `settings.WINDSOCK` as an environment variable `WINDSOCK_<KEY>` of the ready-made service."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from windsock.conf import SETTINGS, switch
from windsock.errors import ConfigError
from windsock.feeds.configuration import from_toml


def windsock_settings(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the keys that the environment sets: numbers, 1 or 0, comma-separated lists, JSON for dicts.

    Other variables with the prefix are ignored.

    Raises:
        ConfigError: A value cannot be read.
    """
    return {
        setting.key: _read(setting.variable, environment[setting.variable].strip(), setting.default)
        for setting in SETTINGS.values()
        if setting.variable in environment
    }


def value(name: str, environment: Mapping[str, str], default: Any) -> Any:
    """Return the value of a variable, read by the type of its default: a switch, number, list, JSON object or text."""
    text = environment.get(name)
    return default if text is None else _read(name, text.strip(), default)


def feeds_file(path: Path) -> dict[str, Any]:
    """Return the feeds of a feeds.toml, or none if there is no such file.

    Raises:
        ConfigError: The file cannot be read.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.") from error
    return from_toml(text, str(path))


def own_table(path: Path) -> str:
    """Return the path of an operator's own table in the data folder, or "" if there is no such file."""
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
