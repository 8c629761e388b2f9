"""One row per duty: the process that runs it, its lease's end, and its health."""

from django.db import models

__all__ = ["DutyState"]


class DutyState(models.Model):
    """A duty's lease and heartbeat. If `owned_until` has passed, no process runs it."""

    name = models.CharField(max_length=80, primary_key=True)
    owner = models.CharField(max_length=80, blank=True, default="", editable=False)
    owned_until = models.DateTimeField(null=True, blank=True, editable=False)
    beat_at = models.DateTimeField(null=True, blank=True, editable=False)  # its process was alive
    worked_at = models.DateTimeField(null=True, blank=True, editable=False)  # a piece of its work succeeded
    failures = models.PositiveIntegerField(default=0, editable=False)  # of its work, in a row
    error = models.TextField(blank=True, default="", editable=False)
    error_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        app_label = "windsock"
        db_table = "windsock_duty"
        verbose_name = "duty"
        verbose_name_plural = "duties"

    def __str__(self) -> str:
        return self.name
