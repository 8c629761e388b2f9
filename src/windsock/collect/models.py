"""The tables of feeds: the state of each, its inputs verbatim, and the reports that wait for an operator.

Secrets are never stored here: a feed's settings stay where they are configured.
"""

from django.conf import settings
from django.db import models
from django.utils import timezone

__all__ = ["FeedInput", "FeedState", "ParkedReport"]


class FeedState(models.Model):
    """A configured feed: where its next poll continues, and its health. `DutyState` has the process that runs it."""

    name = models.CharField(max_length=64, primary_key=True)
    paused = models.BooleanField(default=False)
    # Where the next poll continues: the provider's own validators, kept over restarts so that nothing is fetched twice.
    etag = models.CharField(max_length=200, blank=True, default="", editable=False)
    last_modified = models.CharField(max_length=64, blank=True, default="", editable=False)
    cursor = models.CharField(max_length=200, blank=True, default="", editable=False)
    next_at = models.DateTimeField(null=True, blank=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)  # in a row
    requests_on = models.DateField(null=True, blank=True, editable=False)
    requests = models.PositiveIntegerField(default=0, editable=False)  # on that day (UTC)
    heard_at = models.DateTimeField(null=True, blank=True, editable=False)  # the provider last responded
    reported_at = models.DateTimeField(null=True, blank=True, editable=False)  # its newest report arrived
    stale_since = models.DateTimeField(null=True, blank=True, editable=False)
    error = models.TextField(blank=True, default="", editable=False)
    error_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        app_label = "windsock"
        db_table = "windsock_feed"
        verbose_name = "feed"
        permissions = [("operate_feeds", "May pause feeds, replay their inputs and resolve parked reports")]

    def __str__(self) -> str:
        return self.name


class FeedInput(models.Model):
    """An input verbatim, and its outcome. Kept as long as raw reports are."""

    id = models.BigAutoField(primary_key=True)
    feed = models.CharField(max_length=64)
    received_at = models.DateTimeField()
    body = models.BinaryField()
    recorded = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    parked = models.PositiveIntegerField(default=0)
    faults = models.JSONField(default=list)  # [{"where", "message", "raw"}], bounded
    fault_count = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True, default="")  # it could not be read at all
    entrance = models.CharField(
        max_length=16, blank=True, default=""
    )  # webhook, poll, folder, mailbox, command …
    sender = models.CharField(max_length=100, blank=True, default="")  # who sent it, where that is known

    class Meta:
        app_label = "windsock"
        db_table = "windsock_feed_input"
        verbose_name = "feed input"
        indexes = [
            models.Index(fields=["feed", "-id"], name="windsock_input_feed"),
            models.Index(fields=["received_at"], name="windsock_input_received"),
        ]

    def __str__(self) -> str:
        return f"{self.feed} {self.received_at}"


class ParkedReport(models.Model):
    """A report whose flight is unclear: kept until an operator chooses the flight, or drops the report."""

    id = models.BigAutoField(primary_key=True)
    feed = models.CharField(max_length=64)
    input = models.ForeignKey(FeedInput, on_delete=models.SET_NULL, null=True, blank=True)
    place = models.CharField(max_length=200, blank=True, default="")
    received_at = models.DateTimeField()
    report = models.JSONField()
    code = models.CharField(max_length=64)
    message = models.TextField()
    candidates = models.JSONField(default=list)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_as = models.CharField(max_length=40, blank=True, default="")  # a flight id; empty: dropped
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        app_label = "windsock"
        db_table = "windsock_parked_report"
        verbose_name = "parked report"
        indexes = [models.Index(fields=["settled_at", "-id"], name="windsock_parked_open")]

    def __str__(self) -> str:
        return f"{self.feed}: {self.report.get('flight', '?')}"

    @property
    def waits(self) -> bool:
        """Return whether it still waits for an operator."""
        return self.settled_at is None

    @property
    def age_minutes(self) -> int:
        """Return how long it has waited."""
        return int((timezone.now() - self.received_at).total_seconds() // 60)
