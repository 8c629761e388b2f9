"""The table of watched flights."""

from django.conf import settings
from django.db import models

__all__ = ["WatchedFlight"]


class WatchedFlight(models.Model):
    """A flight that a user watches, or has removed from the list: see `merging`."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="windsock_watched_flights"
    )
    # An id such as "DL1865.2015-01-02.ATL", not a foreign key: the flight may be pruned, or get another id.
    flight = models.CharField(max_length=64)
    since = models.DateTimeField()
    removed = models.BooleanField(default=False)

    class Meta:
        app_label = "windsock"
        db_table = "windsock_watched_flight"
        ordering = ["-since", "flight"]
        constraints = [
            models.UniqueConstraint(fields=["user", "flight"], name="windsock_watched_flight_once")
        ]

    def __str__(self) -> str:
        return self.flight
