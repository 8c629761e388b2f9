"""The journal's tables. Only `windsock.journal` (and the read-only admin) touches them."""

from django.db import models

from windsock.journal.base import Event

__all__ = [
    "CursorRow",
    "EventRow",
    "FlightName",
    "FlightRow",
    "JournalHead",
    "ProgrammeSource",
    "ReportRow",
    "StandingRow",
    "WriteProbe",
]


class JournalHead(models.Model):
    """The one row that orders everything: a transaction locks it last and advances it by the number of its events."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    epoch = models.CharField(max_length=32)
    offset = models.BigIntegerField(default=0)
    floor = models.BigIntegerField(default=0)
    clock = models.JSONField(null=True, blank=True)

    class Meta:
        db_table = "windsock_head"
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="windsock_one_head"),
            models.CheckConstraint(
                condition=models.Q(floor__lte=models.F("offset")), name="windsock_floor_below_head"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.epoch}:{self.offset}"


class FlightRow(models.Model):
    """One flight as now believed. `record` is the whole truth; the columns beside it are for searching.

    `departs_at` and `arrives_at` are the best known times (actual, else estimated, else scheduled); `matters_until` is
    the latest of all its times and of its last update; `due_at` is when its next milestone is expected (null: none is).
    """

    id = models.CharField(primary_key=True, max_length=32)  # "DL1865.2015-01-02.ATL"
    designator = models.CharField(max_length=12)
    carrier = models.CharField(max_length=3)
    date = models.DateField()
    origin = models.CharField(max_length=4)
    destination = models.CharField(max_length=4, null=True, blank=True)
    diverted_to = models.CharField(max_length=4, null=True, blank=True)
    registration = models.CharField(max_length=12, null=True, blank=True)
    status = models.CharField(max_length=12)
    departs_at = models.DateTimeField(null=True, blank=True)
    arrives_at = models.DateTimeField(null=True, blank=True)
    matters_until = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField()
    updated_at = models.DateTimeField()
    stamp = models.BigIntegerField(
        default=0, editable=False
    )  # drawn anew with every write, see journal.flight_cache
    record = models.BinaryField()

    class Meta:
        db_table = "windsock_flight"
        verbose_name = "flight"
        indexes = [
            # The board: one airport, one direction, a window of time, in that order.
            models.Index(fields=["origin", "departs_at", "id"], name="windsock_flight_departures"),
            models.Index(fields=["destination", "arrives_at", "id"], name="windsock_flight_arrivals"),
            models.Index(
                fields=["diverted_to", "arrives_at", "id"],
                name="windsock_flight_diversions",
                condition=models.Q(diverted_to__isnull=False),
            ),
            # Every report without an origin is resolved by these two columns.
            models.Index(
                fields=["designator", "date"],
                name="windsock_flight_designator",
                opclasses=["varchar_pattern_ops", "date_ops"],  # finds beginnings as well, in any collation
            ),
            models.Index(
                fields=["registration", "date"],
                name="windsock_flight_aircraft",
                condition=models.Q(registration__isnull=False),
            ),
            models.Index(
                fields=["date", "designator"],
                name="windsock_flight_date",
                opclasses=["date_ops", "varchar_pattern_ops"],
            ),
            models.Index(fields=["matters_until"], name="windsock_flight_matters"),
            models.Index(
                fields=["due_at"], name="windsock_flight_due", condition=models.Q(due_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.id


class FlightName(models.Model):
    """A codeshare designator of a flight on a date. A flight's own designator is not repeated here."""

    id = models.BigAutoField(primary_key=True)
    designator = models.CharField(max_length=12)
    date = models.DateField()
    flight_id = models.CharField(max_length=32)

    class Meta:
        db_table = "windsock_flight_name"
        constraints = [
            models.UniqueConstraint(fields=["designator", "date", "flight_id"], name="windsock_name_once"),
        ]
        indexes = [models.Index(fields=["flight_id"], name="windsock_name_flight")]

    def __str__(self) -> str:
        return f"{self.designator} {self.date} = {self.flight_id}"


class EventRow(models.Model):
    """One event of the current epoch. `body` is what follows the position in its wire message."""

    offset = models.BigIntegerField(primary_key=True)
    flight_id = models.CharField(max_length=32)
    version = models.PositiveIntegerField()
    topics = models.TextField()  # canonical names, separated by one space
    body = models.BinaryField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "windsock_event"
        verbose_name = "event"
        indexes = [models.Index(fields=["flight_id", "offset"], name="windsock_event_flight")]

    def __str__(self) -> str:
        return f"{self.offset} {self.flight_id} v{self.version}"

    def event(self) -> Event:
        """Return the event that this row holds."""
        topics = tuple(self.topics.split(" ")) if self.topics else ()
        return Event(self.offset, self.flight_id, self.version, topics, bytes(self.body), self.recorded_at)


class ReportRow(models.Model):
    """A report as received, kept for audit: its source, body and times, and its outcome."""

    id = models.BigAutoField(primary_key=True)
    source = models.CharField(max_length=100)
    received_at = models.DateTimeField()
    observed_at = models.DateTimeField(null=True, blank=True)
    flight_id = models.CharField(max_length=32, null=True, blank=True)
    offset = models.BigIntegerField(null=True, blank=True)
    error = models.CharField(max_length=64, null=True, blank=True)
    body = models.BinaryField()
    match = models.CharField(max_length=100, null=True, blank=True)  # by what its flight was recognised
    reporter = models.CharField(
        max_length=100, null=True, blank=True
    )  # who handed it in; null: code of the process
    entrance = models.CharField(max_length=16, null=True, blank=True)  # by which way it came

    class Meta:
        db_table = "windsock_report"
        verbose_name = "report"
        indexes = [models.Index(fields=["flight_id", "id"], name="windsock_report_flight")]

    def __str__(self) -> str:
        return f"{self.source} {self.received_at} {self.flight_id or self.error}"


class CursorRow(models.Model):
    """How far a durable reader of the journal has read: the position of the last event that it has processed.

    `holds_events`: pruning keeps the events that it has not read.
    """

    name = models.CharField(primary_key=True, max_length=80)
    epoch = models.CharField(max_length=32)
    offset = models.BigIntegerField()
    moved_at = models.DateTimeField()
    holds_events = models.BooleanField(default=True)

    class Meta:
        db_table = "windsock_cursor"

    def __str__(self) -> str:
        return f"{self.name} at {self.epoch}:{self.offset}"


class StandingRow(models.Model):
    """The programmes of one airport. The row stays, empty when all is normal, since its version must keep growing."""

    airport = models.CharField(primary_key=True, max_length=4)
    version = models.PositiveIntegerField()
    updated_at = models.DateTimeField()
    record = models.BinaryField()

    class Meta:
        db_table = "windsock_standing"
        verbose_name = "programmes of an airport"
        verbose_name_plural = "programmes of airports"

    def __str__(self) -> str:
        return f"{self.airport} v{self.version}"


class ProgrammeSource(models.Model):
    """When the newest list of a source of programmes was observed: an older list that arrives later is ignored."""

    source = models.CharField(primary_key=True, max_length=100)
    observed_at = models.DateTimeField()

    class Meta:
        db_table = "windsock_programme_source"
        verbose_name = "source of programmes"
        verbose_name_plural = "sources of programmes"

    def __str__(self) -> str:
        return f"{self.source} {self.observed_at}"


class WriteProbe(models.Model):
    """The one row that readiness writes to find out whether anything can be written. It has no meaning."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField()
    filler = models.BinaryField(default=b"")

    class Meta:
        db_table = "windsock_write_probe"

    def __str__(self) -> str:
        return f"{self.at}"
