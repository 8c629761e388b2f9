"""settings.WINDSOCK as one frozen, checked object. An unknown key is an error, so that a typo cannot pass silently."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache

from windsock.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All of Windsock's settings with their defaults. Durations are seconds unless the name says otherwise."""

    # Reading
    public_read: bool = False  # anonymous visitors may read boards and the stream
    allowed_origins: tuple[
        str, ...
    ] = ()  # exact origins ("https://example.org") besides the service's own host

    # Truth
    source_ranks: Mapping[str, object] = field(
        default_factory=dict
    )  # source → rank; unnamed sources have 50, higher wins
    late_minutes: int = 15  # D15/A15: from here a flight counts as late
    overdue_after_minutes: int = 15  # no word this long after a scheduled milestone: overdue
    overdue_step_minutes: int = 15  # then told again every so many minutes
    stale_minutes: int = 360  # overdue this long: what is shown of a flight is old rather than true

    # Tables
    airports: str = ""  # a CSV file with airports of one's own, before the shipped tables
    airlines: str = ""  # the same for carriers

    # Journal
    database: str = "default"  # alias of settings.DATABASES that holds the journal
    seen_file: str = ""  # this node notes there how far it has seen the journal; empty: only processes know
    keep_events_days: int = 14
    keep_reports_days: int = 7
    keep_flights_days: int = 90
    prune_every: int = 3600
    batch_reports: int = 500  # at most so many reports share one transaction (group commit)

    # Feeds
    feeds: Mapping[str, object] = field(
        default_factory=dict
    )  # name → {"format": …}, see windsock.feeds.configuration
    run_feeds: bool = True  # by the server's processes; else only `windsock ingest` does

    # Live delivery
    heartbeat_seconds: int = 20
    ring_events: int = 20_000  # recent events kept in memory for resumes
    active_hours: int = 36  # flights whose last time is older leave the live board
    compress_messages: bool = False  # where offered: two fifths of the bytes, 20 µs for each event
    max_message_bytes: int = 65_536  # one frame from a client
    max_body_bytes: int = 5_000_000  # one HTTP body with reports
    max_topics: int = 200  # per session
    max_messages_per_minute: int = 600  # per session, from the client
    max_pending_bytes: int = 1_048_576  # per session, not yet taken by the reader
    max_connections_per_user: int = 100
    max_connections_per_address: int = (
        0  # 0: no limit; many may share an address, or a proxy that is not trusted
    )
    # Anonymous readers from one public address, per process: a hall or a company behind one address fits, a flood not.
    max_anonymous_per_address: int = 200
    max_connections: int = 50_000  # per process
    max_handshakes: int = 2_000  # per process, under way at once; who comes then is told to come again
    ticket_seconds: int = 30
    channel_layer: str = "default"  # alias of settings.CHANNEL_LAYERS that serves as doorbell

    @property
    def feed_sources(self) -> frozenset[str]:
        """The names of the configured feeds, and the sources under which they speak: no publisher may use them."""
        given = {name: feed for name, feed in self.feeds.items() if isinstance(feed, Mapping)}
        return frozenset(given) | {str(feed["source"]) for feed in given.values() if "source" in feed}


def load(raw: Mapping[str, object]) -> Config:
    """The Config that `settings.WINDSOCK` (upper-case keys) describes; raises ConfigError with the key and the cure."""
    known = {f.name.upper(): f for f in fields(Config)}
    values: dict[str, object] = {}
    for key, value in raw.items():
        if key not in known:
            near = difflib.get_close_matches(key.upper(), known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ConfigError(
                f"settings.WINDSOCK has no key {key!r}.{hint} Known keys: {', '.join(sorted(known))}."
            )
        name, default = known[key].name, getattr(Config(), known[key].name)
        if isinstance(default, bool) != isinstance(value, bool) or (
            isinstance(default, int) and not isinstance(value, int)
        ):
            raise ConfigError(
                f"settings.WINDSOCK[{key!r}] is {value!r}; "
                f"a value like {default!r} ({type(default).__name__}) is needed."
            )
        if isinstance(default, tuple):
            if isinstance(value, str) or not isinstance(value, (list, tuple, set, frozenset)):
                raise ConfigError(f"settings.WINDSOCK[{key!r}] is {value!r}; a list of strings is needed.")
            value = tuple(value)
        values[name] = value
    return Config(**values)  # type: ignore[arg-type]


TRUE, FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off", ""})
"""How an environment variable says yes and no, in any case."""


def switch(name: str, environment: Mapping[str, str], default: bool = False) -> bool:
    """Return what an environment variable switches; raise ConfigError for a spelling that is neither yes nor no."""
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
