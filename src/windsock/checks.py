"""System checks of the host's settings, run by `manage.py check`. Ids are stable, so that a host can silence them."""

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.management import get_commands
from django.db import connections

from windsock import hosting
from windsock.conf import Config, config, faults
from windsock.errors import ConfigError
from windsock.feeds.configuration import read as read_feeds

NEVER_WARNED = ("migrate", "makemigrations", "test", "collectstatic", "windsock_run")
"""Commands that need nothing to be running."""

WORKERS = ("WEB_CONCURRENCY", "WINDSOCK_WORKERS")
"""Environment variables that set the number of a server's processes."""

MIN_BUSY_SECONDS = 5


def _config() -> Config | None:
    try:
        return config()
    except (ConfigError, TypeError, ValueError):
        return None


@register()
def check_settings(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """E001: unknown keys and wrong values of settings.WINDSOCK, all of them. E002: time zones."""
    found: list[CheckMessage] = [
        Error(wrong, id="windsock.E001") for wrong in faults(getattr(settings, "WINDSOCK", {}))
    ]
    if not settings.USE_TZ:
        found.append(
            Error(
                "settings.USE_TZ is False, but every time in Windsock is UTC.",
                hint="Set USE_TZ = True.",
                id="windsock.E002",
            )
        )
    return found


@register(Tags.database)
def check_database(
    app_configs: Sequence[Any] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """E003 to E005, W001 to W005: the settings of the journal's database. No connection is made."""
    chosen = _config()
    if chosen is None:
        return []
    if chosen.database not in connections:
        return [
            Error(
                f"settings.WINDSOCK['DATABASE'] is {chosen.database!r}, which is not in settings.DATABASES.",
                hint=f"Known: {', '.join(sorted(connections))}.",
                id="windsock.E003",
            )
        ]
    connection = connections[chosen.database]
    options = {str(key).lower(): value for key, value in connection.settings_dict.get("OPTIONS", {}).items()}
    if connection.vendor == "sqlite":
        return _sqlite(chosen, connection.settings_dict, options)
    if connection.vendor == "postgresql":
        return _postgresql(chosen, options)
    return [
        Error(
            f"The database {chosen.database!r} is {connection.display_name}; the journal needs SQLite or PostgreSQL.",
            hint="Add one of them to settings.DATABASES and name it in settings.WINDSOCK['DATABASE'].",
            id="windsock.E004",
        )
    ]


def _sqlite(chosen: Config, database: dict[str, Any], options: dict[str, Any]) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    where = f"settings.DATABASES[{chosen.database!r}]"
    name = str(database.get("NAME") or "")
    if ":memory:" in name or "mode=memory" in name:
        found.append(
            Warning(
                f"{where} is in memory: every flight is forgotten at exit, and each thread sees its own.",
                hint="Give it a file as NAME.",
                id="windsock.W001",
            )
        )
    if str(options.get("transaction_mode") or "DEFERRED").upper() == "DEFERRED":
        found.append(
            Warning(
                f"{where} begins transactions DEFERRED: one that reads first and then writes fails at once with "
                "'database is locked' while Windsock writes.",
                hint='Add "OPTIONS": {"transaction_mode": "IMMEDIATE"}.',
                id="windsock.W002",
            )
        )
    commands = str(options.get("init_command") or "").lower().replace(" ", "")
    if "synchronous=off" in commands or "synchronous=normal" in commands or "synchronous=0" in commands:
        found.append(
            Warning(
                f"{where} sets PRAGMA synchronous below FULL. Windsock's own writes are FULL all the same; "
                "yours may be lost in a power failure.",
                hint="Use PRAGMA synchronous=FULL.",
                id="windsock.W003",
            )
        )
    timeout = options.get("timeout", MIN_BUSY_SECONDS)
    if isinstance(timeout, (int, float)) and timeout < MIN_BUSY_SECONDS:
        found.append(
            Warning(
                f"{where} waits only {timeout} s for the write lock, which Windsock takes often, if briefly.",
                hint='Add "OPTIONS": {"timeout": 20}.',
                id="windsock.W004",
            )
        )
    return found


def _postgresql(chosen: Config, options: dict[str, Any]) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    where = f"settings.DATABASES[{chosen.database!r}]"
    # psycopg's IsolationLevel: READ COMMITTED is 2, and Django's default.
    level = options.get("isolation_level")
    if level is not None and getattr(level, "value", level) != 2:
        found.append(
            Error(
                f"{where} sets isolation_level {level!r}; the journal needs READ COMMITTED, where waiting for the "
                "head's lock gives the newest head. Under this level concurrent writers would fail.",
                hint="Leave isolation_level out, or add a second alias for Windsock without it.",
                id="windsock.E005",
            )
        )
    if "synchronous_commit=off" in str(options.get("options", "")).replace(" ", ""):
        found.append(
            Warning(
                f"{where} switches synchronous_commit off. Windsock's own writes switch it on; yours may be lost.",
                id="windsock.W005",
            )
        )
    return found


@register()
def check_channel_layer(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """W006 to W008: a channel layer that is missing, unreliable, or limited to one process while several run."""
    chosen = _config()
    if chosen is None:
        return []
    layers = getattr(settings, "CHANNEL_LAYERS", {}) or {}
    layer = layers.get(chosen.channel_layer)
    if layer is None:
        return [
            Warning(
                f"settings.CHANNEL_LAYERS has no {chosen.channel_layer!r}: events of other processes arrive up to a "
                "second late, and the group 'flight-delay' reaches nobody.",
                hint='For one process {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}, else Redis.',
                id="windsock.W006",
            )
        ]
    backend = str(layer.get("BACKEND", ""))
    found: list[CheckMessage] = []
    if backend.endswith("InMemoryChannelLayer") and (told := _several_workers()):
        found.append(
            Warning(
                f"{told}, but the channel layer {chosen.channel_layer!r} is in memory: events of other processes "
                "arrive up to a second late, and what is sent to the group 'flight-delay' stays in its process.",
                hint="Use channels_redis.core.RedisChannelLayer.",
                id="windsock.W007",
            )
        )
    if backend.endswith("RedisPubSubChannelLayer"):
        found.append(
            Warning(
                "channels_redis.pubsub loses messages silently when it reconnects; Windsock catches up within a "
                "second, your own consumers do not.",
                hint="Use channels_redis.core.RedisChannelLayer.",
                id="windsock.W008",
            )
        )
    return found


def _several_workers() -> str | None:
    for name in WORKERS:
        value = os.environ.get(name, "")
        if value.isdigit() and int(value) > 1:
            return f"{name}={value} asks for several processes"
    return None


@register(Tags.security, deploy=True)
def check_origins(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """W009: entries that are not origins, so that browsers from there would be refused."""
    chosen = _config()
    wrong = [] if chosen is None else [origin for origin in chosen.allowed_origins if not _is_origin(origin)]
    if not wrong:
        return []
    return [
        Warning(
            f"settings.WINDSOCK['ALLOWED_ORIGINS'] has {wrong[0]!r}, which is not an exact origin: "
            "it matches no browser.",
            hint="Write scheme, host and (if unusual) port, without a path: 'https://board.example.org'.",
            id="windsock.W009",
        )
    ]


def _is_origin(text: str) -> bool:
    scheme, separator, host = text.partition("://")
    return bool(separator and scheme in ("http", "https") and host) and "/" not in host and "*" not in host


@register()
def check_runserver(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """W020: the development server is Django's own, which speaks WSGI, so that no socket opens."""
    provider = get_commands().get("runserver")
    if not settings.DEBUG or provider not in ("django.core", "django.contrib.staticfiles"):
        return []
    return [
        Warning(
            "manage.py runserver is Django's own, which speaks WSGI: pages load, but no socket opens and no board "
            "is live.",
            hint='Put "daphne" first in INSTALLED_APPS, or develop with an ASGI server such as uvicorn and silence '
            "this check.",
            id="windsock.W020",
        )
    ]


STATIC_SERVERS = ("servestatic.", "whitenoise.")
"""Middleware that serves static files begins with one of these."""


@register(Tags.database)
def check_connection_age(
    app_configs: Sequence[Any] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """W022: CONN_MAX_AGE, which does nothing for an ASGI server but keep connections that nobody uses again."""
    if not getattr(settings, "ASGI_APPLICATION", None):
        return []
    return [
        Warning(
            f"settings.DATABASES[{alias!r}] sets CONN_MAX_AGE. Under ASGI each request has a thread of its own, so a "
            "kept connection is never used again; Windsock closes them after each request.",
            hint='Set "CONN_MAX_AGE": 0, and on PostgreSQL "OPTIONS": {"pool": True} to keep connections.',
            id="windsock.W022",
        )
        for alias in sorted(connections)
        if connections.settings[alias].get("CONN_MAX_AGE") not in (0, "0")
    ]


@register(Tags.staticfiles, deploy=True)
def check_static_files(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """W021: nothing in the project serves static files, and ASGI servers do not."""
    elsewhere = "://" in str(settings.STATIC_URL)
    if elsewhere or any(name.startswith(STATIC_SERVERS) for name in settings.MIDDLEWARE):
        return []
    return [
        Warning(
            f"Nothing in this project serves {settings.STATIC_URL}: under an ASGI server Windsock's pages have "
            "neither style nor scripts.",
            hint='Add "servestatic.middleware.ServeStaticMiddleware" after SecurityMiddleware, or have your web '
            "server serve STATIC_ROOT and silence this check.",
            id="windsock.W021",
        )
    ]


@register()
def check_duties(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """W010: feeds are configured or flights are known, and nobody runs the feeds, the overdue watch, or pruning.

    Asks the database, if it is there: whether anybody runs them cannot be seen from the settings.
    """
    chosen = _config()
    if chosen is None or chosen.database not in connections or set(sys.argv[1:2]) & set(NEVER_WARNED):
        return []
    from windsock.duties import health, registry
    from windsock.journal.head_row import has_head

    try:
        feeds = any(name.startswith("feed.") for name in registry.expected())
        if not feeds and not has_head(chosen.database):
            return []  # a project that has just been set up
        said = health.complaint()
    except Exception:
        # No database, no tables, no network: other checks and commands say so.
        return []
    return [] if said is None else [Warning(said, id="windsock.W010")]


@register()
def check_feeds(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """E006: settings.WINDSOCK["FEEDS"] cannot be read. W023: the secret of a feed is missing or too short."""
    chosen = _config()
    if chosen is None:
        return []
    try:
        feeds = read_feeds(chosen.feeds)
    except (ConfigError, AttributeError) as error:
        return [Error(f"settings.WINDSOCK['FEEDS']: {error}", id="windsock.E006")]
    return [
        Warning(fault, hint="The check sees the environment it runs in.", id="windsock.W023")
        for feed in feeds.values()
        if feed.enabled and (fault := feed.secret_fault()) is not None
    ]


@register()
def check_routing(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """W024: the project's ASGI application does not come from `windsock.asgi.add_windsock`."""
    if set(sys.argv[1:2]) & set(NEVER_WARNED):
        return []
    path = getattr(settings, "ASGI_APPLICATION", None) or f"{settings.ROOT_URLCONF.rpartition('.')[0]}.asgi.x"
    module = path.rpartition(".")[0]
    try:
        importlib.import_module(module)
    except Exception:
        return []  # a project without such a file, or one that the server itself will name the fault of
    if hosting.adds_windsock:
        return []
    return [
        Warning(
            f"{module} does not use windsock.asgi.add_windsock: request bodies are read before the credentials are "
            "checked, health probes need a Host that ALLOWED_HOSTS knows, an unknown socket address is a traceback, "
            "and Windsock does not start and stop with the server.",
            hint="Write: application = add_windsock(django_application, websockets)",
            id="windsock.W024",
        )
    ]
