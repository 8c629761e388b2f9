"""Every key of `settings.WINDSOCK`, declared once: name, default, unit, help, limits.

`Config` is the typed object that the code reads. Its fields carry the table `SETTINGS`, from which come the reference
page, the system check E001, `windsock doctor`, `windsock serve --help` and the service's environment variables
(docs/adr/0026-settings-as-a-table.md).
"""

import difflib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import TypeVar, cast

from windsock.errors import ConfigError

T = TypeVar("T")

ENVIRONMENT_PREFIX = "WINDSOCK_"
"""The service reads a key from the environment variable of this prefix and the key's name."""


def _setting(default: T, unit: str, help: str, *, minimum: int | None = None) -> T:
    """Declare a setting: a dataclass field whose metadata is its row of the table.

    Args:
        default: The value when the key is absent. Its type is the type that the key accepts.
        unit: What a value counts or names, such as "seconds" or "path".
        help: One sentence for the reference page, the command line and error messages.
        minimum: The smallest number that makes sense.
    """
    row = {"unit": unit, "help": help, "minimum": minimum}
    if isinstance(default, Mapping):
        return cast(T, field(default_factory=dict, metadata=row))
    return field(default=default, metadata=row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings of Windsock, typed, with their defaults."""

    # Reading
    public_read: bool = _setting(
        False, "yes or no", "Let anonymous visitors read boards, flights and streams."
    )
    allowed_origins: tuple[str, ...] = _setting(
        (),
        "origins",
        "Web origins, such as `https://example.org`, whose pages may open a socket, besides the service's own host.",
    )

    # Truth
    source_ranks: Mapping[str, object] = _setting(
        {},
        "source → rank",
        "Which source to believe when two disagree: the higher rank wins. Sources that are not named have 50.",
    )
    late_minutes: int = _setting(
        15,
        "minutes",
        "Count a flight as late from this delay on (D15 and A15 in punctuality statistics).",
        minimum=0,
    )
    overdue_after_minutes: int = _setting(
        15,
        "minutes",
        "Report a flight as overdue this long after a milestone that nobody confirmed.",
        minimum=1,
    )
    overdue_step_minutes: int = _setting(
        15, "minutes", "Report an overdue flight again each time this much more has passed.", minimum=1
    )
    stale_minutes: int = _setting(
        360, "minutes", "Mark the data of a flight as stale once it is overdue by this much.", minimum=1
    )

    # Tables
    airports: str = _setting(
        "", "path", "A CSV file of your own airports, which take precedence over the shipped table."
    )
    airlines: str = _setting(
        "", "path", "A CSV file of your own airlines, which take precedence over the shipped table."
    )

    # Journal
    database: str = _setting("default", "alias", "The alias in `DATABASES` that holds the journal.")
    seen_file: str = _setting(
        "",
        "path",
        "A file in which this node keeps the highest journal position it has seen, to detect a restored backup. "
        "Without it only running processes can detect one.",
    )
    keep_events_days: int = _setting(
        14, "days", "Keep events this long: how far back clients can resume and history reaches.", minimum=0
    )
    keep_unread_events_days: int = _setting(
        0,
        "days",
        "Keep events that a named cursor has not read this long, even if that is longer than `KEEP_EVENTS_DAYS`; "
        "0: until it has read them.",
        minimum=0,
    )
    keep_reports_days: int = _setting(7, "days", "Keep raw reports this long, for audits.", minimum=0)
    keep_flights_days: int = _setting(90, "days", "Keep flights this long after their last time.", minimum=0)
    prune_every: int = _setting(
        3600, "seconds", "Delete expired rows in the background this often.", minimum=1
    )
    batch_reports: int = _setting(
        500, "reports", "Reports per transaction, at most (group commit).", minimum=1
    )

    # Feeds
    feeds: Mapping[str, object] = _setting({}, "name → feed", "The feeds to collect, by name.")
    run_feeds: bool = _setting(
        True,
        "yes or no",
        "Run the feeds in the server's processes. If not, only `windsock ingest` and `manage.py windsock_run` do.",
    )

    # Live delivery
    heartbeat_seconds: int = _setting(
        20, "seconds", "Send a heartbeat to each connection this often.", minimum=1
    )
    ring_events: int = _setting(
        20_000, "events", "Recent events kept in memory, so that clients resume without a query.", minimum=1
    )
    active_hours: int = _setting(
        36, "hours", "Remove a flight from the live board this long after its last time.", minimum=1
    )
    compress_messages: bool = _setting(
        False,
        "yes or no",
        "Agree to permessage-deflate under `windsock serve`: two fifths of the bytes for some 20 µs of CPU per event.",
    )
    max_message_bytes: int = _setting(65_536, "bytes", "The largest frame accepted from a client.", minimum=1)
    max_body_bytes: int = _setting(
        5_000_000,
        "bytes",
        "The largest HTTP body with reports or a feed's input, also after decompression.",
        minimum=1,
    )
    max_topics: int = _setting(200, "topics", "Topics of one session, at most.", minimum=1)
    max_messages_per_minute: int = _setting(
        600, "messages", "Messages from one client per minute, at most.", minimum=1
    )
    max_pending_bytes: int = _setting(
        1_048_576,
        "bytes",
        "Data queued for one slow reader, at most. Above this, its events are conflated.",
        minimum=1,
    )
    max_connections_per_user: int = _setting(
        100, "connections", "Connections of one user or token, per process, at most.", minimum=1
    )
    max_connections_per_address: int = _setting(
        0,
        "connections",
        "Connections from one address (an IPv6 /64 counts as one), per process, at most. 0 means no limit.",
        minimum=0,
    )
    # A hall or a company behind one address fits; a flood does not.
    max_anonymous_per_address: int = _setting(
        200,
        "connections",
        "Anonymous connections from one public address, per process, at most. 0 means no limit.",
        minimum=0,
    )
    max_connections: int = _setting(50_000, "connections", "Connections of one process, at most.", minimum=0)
    max_handshakes: int = _setting(
        2_000,
        "handshakes",
        "Handshakes in progress at once, per process, at most. Above this, clients get HTTP 503 with `Retry-After`.",
        minimum=0,
    )
    ticket_seconds: int = _setting(30, "seconds", "A ticket can be redeemed, once, for this long.", minimum=1)
    channel_layer: str = _setting(
        "default", "alias", "The alias in `CHANNEL_LAYERS` that wakes other processes."
    )

    # Accounts
    contact: str = _setting(
        "",
        "text",
        "The name, address or telephone number that the ready-made service gives to users who cannot sign in.",
    )

    @property
    def feed_sources(self) -> frozenset[str]:
        """Return the names and source names of the configured feeds, which no publisher may use."""
        given = {name: feed for name, feed in self.feeds.items() if isinstance(feed, Mapping)}
        return frozenset(given) | {str(feed["source"]) for feed in given.values() if "source" in feed}


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table of settings."""

    name: str
    """The attribute of `Config`."""
    default: object
    unit: str
    help: str
    minimum: int | None

    @property
    def key(self) -> str:
        """The key of `settings.WINDSOCK`."""
        return self.name.upper()

    @property
    def variable(self) -> str:
        """The environment variable of the ready-made service."""
        return ENVIRONMENT_PREFIX + self.key

    @property
    def shown_default(self) -> str:
        """The default as one writes it in Python."""
        return repr(self.default)


def _rows() -> Iterator[Setting]:
    defaults = Config()
    for row in fields(Config):
        yield Setting(name=row.name, default=getattr(defaults, row.name), **row.metadata)


SETTINGS: Mapping[str, Setting] = {row.key: row for row in _rows()}
"""Every setting by its key, in the order of the reference page."""


def load(raw: Mapping[str, object]) -> Config:
    """Return the Config that `settings.WINDSOCK` (upper-case keys) describes.

    Raises:
        ConfigError: A key is unknown or a value is wrong. The text names the key, the value and what is needed.
    """
    values: dict[str, object] = {}
    for key, value in raw.items():
        if wrong := _fault(key, value):
            raise ConfigError(wrong)
        values[SETTINGS[key].name] = _converted(SETTINGS[key], value)
    return Config(**values)  # type: ignore[arg-type]


def faults(raw: object) -> list[str]:
    """Return everything that is wrong with `settings.WINDSOCK`, one sentence each; empty when it can be loaded."""
    if not isinstance(raw, Mapping):
        return [f"settings.WINDSOCK is {raw!r}; a dict is needed."]
    return [wrong for key, value in raw.items() if (wrong := _fault(key, value))]


def changed(current: Config) -> Iterator[tuple[Setting, object]]:
    """Yield the settings that differ from their defaults, with their values."""
    for setting in SETTINGS.values():
        value = getattr(current, setting.name)
        if value != setting.default:
            yield setting, value


def _fault(key: object, value: object) -> str | None:
    setting = SETTINGS.get(key) if isinstance(key, str) else None
    if setting is None:
        near = difflib.get_close_matches(str(key).upper(), SETTINGS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        return f"settings.WINDSOCK has no key {key!r}.{hint} Known keys: {', '.join(sorted(SETTINGS))}."
    needed = _needed(setting, value)
    return None if needed is None else f"settings.WINDSOCK[{key!r}] is {value!r}; {needed} is needed."


def _needed(setting: Setting, value: object) -> str | None:
    """Return what the setting needs instead of this value, or None if the value is right."""
    default = setting.default
    if isinstance(default, bool):
        return None if isinstance(value, bool) else "True or False"
    if isinstance(default, int):
        least = setting.minimum
        if isinstance(value, bool) or not isinstance(value, int) or (least is not None and value < least):
            bound = "" if least is None else f" of at least {least}"
            return f"a whole number{bound} ({setting.unit})"
        return None
    if isinstance(default, tuple):
        fits = isinstance(value, (list, tuple, set, frozenset)) and all(
            isinstance(part, str) for part in value
        )
        return None if fits else "a list of strings"
    if isinstance(default, Mapping):
        return None if isinstance(value, Mapping) else "a dict"
    if setting.unit == "path":
        return None if isinstance(value, (str, os.PathLike)) else "a path"
    return None if isinstance(value, str) else "a string"


def _converted(setting: Setting, value: object) -> object:
    if isinstance(setting.default, tuple):
        return tuple(cast("list[str]", value))
    return os.fspath(value) if isinstance(value, os.PathLike) else value


TRUE, FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off", ""})
"""The spellings of yes and no in environment variables, in any case."""


def switch(name: str, environment: Mapping[str, str], default: bool = False) -> bool:
    """Return what an environment variable switches.

    Raises:
        ConfigError: The value is neither a spelling of yes nor of no.
    """
    text = environment.get(name)
    if text is None:
        return default
    word = text.strip().lower()
    if word not in TRUE | FALSE:
        raise ConfigError(f"{name} is {text!r}; 1 or 0 is needed (or true, yes, on; false, no, off).")
    return word in TRUE


@lru_cache(maxsize=1)
def config() -> Config:
    """Return the configuration of this process, read from Django's settings once and again after an override."""
    from django.conf import settings

    return load(getattr(settings, "WINDSOCK", {}))
