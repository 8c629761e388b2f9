"""One row per duty: who runs it, until when, and how it goes."""

from django.db import models

__all__ = ["DutyState"]


class DutyState(models.Model):
    """The lease of one duty and its heartbeat. A row whose `owned_until` has passed is a duty that nobody runs."""

    name = models.CharField(max_length=80, primary_key=True)
    owner = models.CharField(max_length=80, blank=True, default="", editable=False)
    owned_until = models.DateTimeField(null=True, blank=True, editable=False)
    beat_at = models.DateTimeField(null=True, blank=True, editable=False)  # its process lived
    worked_at = models.DateTimeField(null=True, blank=True, editable=False)  # a piece of its work ended well
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
