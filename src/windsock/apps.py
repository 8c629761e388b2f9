"""The one Django app. Nothing starts here: threads and sockets begin on first use, never on import."""

from django.apps import AppConfig


class WindsockConfig(AppConfig):
    """`INSTALLED_APPS = [..., "windsock"]`."""

    name = "windsock"
    label = "windsock"
    verbose_name = "Windsock"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Registers the system checks, and has every process note who signs in and who loses a right."""
        from windsock import checks  # noqa: F401
        from windsock.access import changes, together

        changes.connect()
        together.connect()
