"""The one Django app. Nothing starts here: threads and sockets begin on first use, never on import."""

import logging
import sys
from contextlib import suppress
from typing import Any

from django.apps import AppConfig
from django.core.signals import setting_changed
from django.db.backends.signals import connection_created

logger = logging.getLogger(__name__)


class WindsockConfig(AppConfig):
    """`INSTALLED_APPS = [..., "windsock"]`."""

    name = "windsock"
    label = "windsock"
    verbose_name = "Windsock"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks, and have every process note who signs in and who loses a right."""
        from windsock import checks  # noqa: F401
        from windsock.access import revocations, signed_in
        from windsock.collect import duties
        from windsock.conf import config
        from windsock.duties import registry
        from windsock.errors import ConfigError
        from windsock.hosting import close_connections_after_requests
        from windsock.journal import sqlite_file, standstill
        from windsock.live.group import duties as live_duties
        from windsock.runtime import start_live_with_first_request

        registry.add("ingest", duties.SOURCE)
        registry.add("live", live_duties.SOURCE)
        start_live_with_first_request()
        close_connections_after_requests()
        connection_created.connect(sqlite_file.on_connection_created, dispatch_uid="windsock.sqlite_file")
        connection_created.connect(standstill.on_connection_created, dispatch_uid="windsock.standstill")
        with suppress(
            ConfigError, TypeError, ValueError, AttributeError
        ):  # the system checks say what is wrong
            standstill.set_patience(config().database)
        standstill.set_patience("default")
        revocations.connect()
        signed_in.connect()
        _use_own_tables()
        setting_changed.connect(_follow_settings, dispatch_uid="windsock.settings")


def _follow_settings(*, setting: str, **kwargs: Any) -> None:
    """Drop what was made from settings.WINDSOCK when a test changes it (`override_settings`, pytest's `settings`).

    The next use reads the settings anew: configuration, merge rules, feeds. A LiveService that is already running keeps
    those it was started with.
    """
    if setting != "WINDSOCK":
        return
    from windsock.conf import config
    from windsock.errors import ConfigError

    if (process := sys.modules.get("windsock.ingest.current")) is not None:
        process.stop()
    config.cache_clear()
    try:
        _use_own_tables()
    except ConfigError:
        # Only a start is stopped by a wrong file: an override must always be able to end.
        logger.exception("Airports and airlines of your own are as before")


def _use_own_tables() -> None:
    """Read WINDSOCK["AIRPORTS"] and ["AIRLINES"]; raises ConfigError: without them flights would get wrong keys."""
    from windsock.conf import config
    from windsock.errors import ConfigError
    from windsock.flights import own_tables

    try:
        chosen = config()
    except (ConfigError, TypeError, ValueError, AttributeError):
        return  # the system check windsock.E001 says what is wrong with the settings
    own_tables.use(chosen.airports, chosen.airlines)
