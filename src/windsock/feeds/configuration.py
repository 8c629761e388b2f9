"""The feeds that an operator configures: `WINDSOCK["FEEDS"]` (or feeds.toml) as checked, frozen objects.

```toml
[oslo]
format = "avinor"
airport = "OSL"

[ops-telex]
format = "mvt"
folder = "/srv/telex"

[alerts]
format = "aeroapi"
secret_env = "AEROAPI_KEY"
```
"""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from windsock.errors import ConfigError
from windsock.feeds.mailaddress import MailAddress, mail_address
from windsock.feeds.registry import FORMATS, FeedFormat

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}", re.ASCII)

COMMON: Mapping[str, type | tuple[type, ...]] = {
    "format": str,
    "source": str,  # the source of its reports; default: the feed's name
    "enabled": bool,
    "interval_seconds": (int, float),
    "requests_per_day": int,
    "stale_minutes": (int, float),
    "url": str,  # another address than the provider's own: a proxy, a test server
    "secret_env": str,
    "secret_file": str,
    "folder": str,
    "mailbox": str,
}
"""Keys that every feed may have, besides those of its format."""


MIN_SECRET = 16
"""Shorter secrets can be guessed; providers make them of 24 bytes and more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings:
    """One configured feed. `options` are the format's own keys; the secret itself is read only when it is used."""

    name: str
    format: FeedFormat
    source: str
    enabled: bool = True
    interval_seconds: float | None = None
    requests_per_day: int | None = None
    stale_minutes: float | None = None
    url: str | None = None
    secret_env: str | None = None
    secret_file: str | None = None
    folder: str | None = None
    mailbox: MailAddress | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def secret(self, environment: Mapping[str, str] = os.environ) -> str | None:
        """Return the feed's key or password, None if none is configured; raise ConfigError if it cannot be read."""
        if self.secret_env is not None:
            found = environment.get(self.secret_env, "").strip()
            if not found:
                raise ConfigError(
                    f"The feed {self.name!r} takes its secret from the environment variable {self.secret_env}, "
                    "which is not set."
                )
            return found
        if self.secret_file is not None:
            try:
                return Path(self.secret_file).expanduser().read_text("utf-8-sig").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(
                    f"The feed {self.name!r} takes its secret from {self.secret_file}, which cannot be read: {error}."
                ) from None
        return None

    def webhook_secret(self, environment: Mapping[str, str] = os.environ) -> str | None:
        """Return the secret that lets inputs in, None where there is none; raise ConfigError where it is too short."""
        found = self.secret(environment)
        if found is not None and len(found) < MIN_SECRET:
            where = self.secret_env or self.secret_file
            raise ConfigError(
                f"The secret of the feed {self.name!r} ({where}) has {len(found)} characters; webhooks need at least "
                f"{MIN_SECRET}, and are refused until then. Make one with: openssl rand -hex 24"
            )
        return found

    def secret_fault(self, environment: Mapping[str, str] = os.environ) -> str | None:
        """Return what is wrong with the feed's secret for what the feed needs it for, None if nothing is."""
        try:
            if self.mailbox is not None or self.format.is_polled(self.options, self.url):
                self.secret(environment)  # the provider's own: it is as long as it is
            else:
                self.webhook_secret(environment)
        except ConfigError as error:
            return str(error)
        return None


def read(feeds: Mapping[str, Any]) -> dict[str, FeedSettings]:
    """Return the feeds of `WINDSOCK["FEEDS"]`; raise ConfigError with the feed, the key and the cure."""
    return {name: _feed(name, given) for name, given in feeds.items()}


def order(feeds: Mapping[str, Any]) -> dict[str, int]:
    """Return the sources of the feeds in order: of equal ranks the first is believed while it keeps reporting."""
    found: dict[str, int] = {}
    for settings in read(feeds).values():
        found.setdefault(settings.source, len(found))
    return found


def attributions(feeds: Mapping[str, Any]) -> list[str]:
    """Return the attributions of the enabled feeds' providers, each once."""
    told = (settings.format.attribution for settings in read(feeds).values() if settings.enabled)
    return list(dict.fromkeys(text for text in told if text is not None))


def from_toml(text: str, name: str = "feeds.toml") -> dict[str, Any]:
    """Return the tables of a feeds.toml, unchecked; raise ConfigError if it is not TOML."""
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name} cannot be read: {error}.") from None


def _feed(name: str, given: object) -> FeedSettings:
    if _NAME.fullmatch(name) is None or name.startswith("windsock"):
        raise ConfigError(
            f"A feed cannot be called {name!r}. Take lower-case letters, digits, '-', '_' and '.', not beginning "
            "with 'windsock'."
        )
    if not isinstance(given, Mapping):
        raise ConfigError(f'The feed {name!r} is {given!r}; use a table like {{"format": "mvt"}}.')
    kind = given.get("format")
    if kind not in FORMATS:
        near = difflib.get_close_matches(str(kind), FORMATS, n=1)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        raise ConfigError(
            f"The feed {name!r} has the format {kind!r}.{meant} There are: {', '.join(sorted(FORMATS))}."
        )
    form = FORMATS[kind]
    known = {*COMMON, *form.options}
    options: dict[str, Any] = {}
    common: dict[str, Any] = {}
    for key, value in given.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            raise ConfigError(
                f"The feed {name!r} has no key {key!r}.{meant} It may have {', '.join(sorted(known))}."
            )
        if key in COMMON:
            common[key] = _checked(name, key, value, COMMON[key])
        else:
            options[key] = value
    missing = [key for key in form.required if key not in options]
    if missing:
        raise ConfigError(f"The feed {name!r} ({kind}) needs the key {missing[0]!r}.")
    common.pop("format")
    if "mailbox" in common:
        common["mailbox"] = mail_address(common["mailbox"], feed=name)
    return FeedSettings(name=name, format=form, source=common.pop("source", name), options=options, **common)


def _checked(feed: str, key: str, value: object, kind: type | tuple[type, ...]) -> object:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        names = " or ".join(each.__name__ for each in (kind if isinstance(kind, tuple) else (kind,)))
        raise ConfigError(f"The feed {feed!r}: {key} is {value!r}; it must be {names}.")
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value <= 0:
        raise ConfigError(f"The feed {feed!r}: {key} is {value!r}; use a number above 0.")
    return value
