"""Every key of `settings.WINDSOCK` as an environment variable `WINDSOCK_<KEY>` of the ready-made service."""

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from windsock.conf import Config
from windsock.errors import ConfigError

PREFIX = "WINDSOCK_"
TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


def windsock_settings(environment: Mapping[str, str]) -> dict[str, Any]:
    """The keys that the environment sets: numbers, 1 or 0, comma-separated lists, JSON for SOURCE_RANKS.

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


def _read(name: str, text: str, default: object) -> Any:
    try:
        if isinstance(default, bool):
            if text.lower() not in TRUE | FALSE:
                raise ValueError
            return text.lower() in TRUE
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
        wanted = {bool: "1 or 0", int: "a whole number"}.get(type(default), "a JSON object")
        raise ConfigError(f"{name} is {text!r}; {wanted} is needed.") from None
    return text
