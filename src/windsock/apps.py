"""The one Django app. Nothing starts here: threads and sockets begin on first use, never on import."""

import sys
from typing import Any

from django.apps import AppConfig
from django.core.signals import setting_changed
from django.db.backends.signals import connection_created


class WindsockConfig(AppConfig):
    """`INSTALLED_APPS = [..., "windsock"]`."""

    name = "windsock"
    label = "windsock"
    verbose_name = "Windsock"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks, and have every process note who signs in and who loses a right."""
        from windsock import checks  # noqa: F401
        from windsock.access import changes, together
        from windsock.duties import registry
        from windsock.ingest import duties
        from windsock.journal import sqlitefile

        registry.add("ingest", duties.SOURCE)
        connection_created.connect(sqlitefile.on_connection_created, dispatch_uid="windsock.sqlitefile")
        changes.connect()
        together.connect()
        setting_changed.connect(_follow_settings, dispatch_uid="windsock.settings")


def _follow_settings(*, setting: str, **kwargs: Any) -> None:
    """Drop what was made from settings.WINDSOCK when a test changes it (`override_settings`, pytest's `settings`).

    The next use reads the settings anew: configuration, merge rules, feeds. A LiveService that is already running keeps
    those it was started with.
    """
    if setting != "WINDSOCK":
        return
    from windsock.conf import config

    if (process := sys.modules.get("windsock.ingest.process")) is not None:
        process.stop()
    config.cache_clear()
