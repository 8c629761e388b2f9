"""The tables of access: tokens for programs, tickets for a single use, records of changed rights.

None stores a secret, only its SHA-256. The secrets are 256 random bits, so a slow password hash would cost time on
every request and add nothing.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from django.conf import settings
from django.db import models
from django.utils import timezone

from windsock.flights.sources import MAX_LENGTH

__all__ = ["AccessChange", "CalendarLink", "Display", "DisplayLink", "KeyFingerprint", "Ticket", "Token"]

SCOPES = ("read", "publish")
"""What a token may be used for, weakest first. `publish` does not imply `read`."""

TicketPurpose = Literal["socket", "sign-in"]
"""What a ticket may be used for (`Ticket.Purpose`)."""


def default_scopes() -> list[str]:
    """Return a new token's scopes where none are given: reading only."""
    return ["read"]


class Token(models.Model):
    """A program's key: it names its user (none for a machine's own token) and what it may be used for (`scopes`).

    A token never has more rights than its user: `publish` counts only while the user may publish.
    """

    name = models.CharField(max_length=100, help_text="Who or what uses it.")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="windsock_tokens",
        help_text="The user whose rights limit it. Empty: a machine's own token.",
    )
    prefix = models.CharField(
        max_length=16, db_index=True, editable=False, help_text="Identifies the token in lists."
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=default_scopes)
    source = models.CharField(
        max_length=MAX_LENGTH,
        blank=True,
        default="",
        help_text="The source it reports as; no other token may use it. Empty: made from the name.",
    )
    speaks_for = models.JSONField(
        default=list, blank=True, help_text='Other sources that its reports may name; "*" is any.'
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: it does not expire.")
    # Coarse on purpose (see access.tokens): a write per request would cost more than the answer is worth.
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        app_label = "windsock"
        db_table = "windsock_token"
        ordering = ["-created_at", "-id"]
        permissions = [("publish", "May publish reports about flights")]
        constraints = [
            # Among those that are valid: who replaces a token revokes it and gives its source to the next.
            models.UniqueConstraint(
                fields=["source"],
                condition=models.Q(revoked_at=None) & ~models.Q(source=""),
                name="windsock_token_source",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def is_valid(self, now: datetime) -> bool:
        """Return whether it is neither revoked nor expired at `now`."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def has_scope(self, scope: str) -> bool:
        """Return whether it has this scope."""
        scopes = self.scopes
        return isinstance(scopes, Iterable) and scope in scopes


class Ticket(models.Model):
    """A secret for a single use: to open a socket from another origin (30 s), or to sign in from a link."""

    class Purpose(models.TextChoices):
        SOCKET = "socket", "open a socket"
        SIGN_IN = "sign-in", "sign in once"

    digest = models.CharField(max_length=64, unique=True, editable=False)
    purpose = models.CharField(max_length=16, choices=Purpose)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="windsock_tickets",
    )
    token = models.ForeignKey(Token, on_delete=models.CASCADE, null=True, blank=True, related_name="tickets")
    # The session whose logout ends what the ticket opened. With sessions in signed cookies the key is the whole cookie.
    session_key = models.TextField(blank=True, default="", editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        app_label = "windsock"
        db_table = "windsock_ticket"

    def __str__(self) -> str:
        return f"{self.purpose} ticket for {self.user or self.token}"


class DisplayLink(models.Model):
    """A screen that shows a code and waits for an operator. Deleted when it is linked, or when the code has expired.

    The code does not open anything: it lets an operator point at this screen. What the screen keeps is
    secret, so of that only the SHA-256 is here.
    """

    code = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField(max_length=16, editable=False)
    shows = models.CharField(max_length=500, blank=True, default="")  # the address that the screen opened
    address = models.CharField(max_length=64, blank=True, default="")
    agent = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        app_label = "windsock"
        db_table = "windsock_display_link"

    def __str__(self) -> str:
        return f"code {self.code}"


class Display(models.Model):
    """A linked screen: what it shows, and how it is. Its rights are its token's, which reads and nothing else."""

    token = models.OneToOneField(Token, on_delete=models.CASCADE, related_name="display")
    shows = models.CharField(max_length=500)
    linked_at = models.DateTimeField(default=timezone.now)
    linked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # Coarse, as `Token.last_used_at` is: a screen asks every few seconds.
    seen_at = models.DateTimeField(null=True, blank=True)
    screen = models.CharField(max_length=20, blank=True, default="")  # its size, such as 1920x1080
    agent = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        app_label = "windsock"
        db_table = "windsock_display"
        ordering = ["token__name", "id"]

    def __str__(self) -> str:
        return self.token.name


class CalendarLink(models.Model):
    """A secret that opens the calendar of one flight, for a reader's calendar program. See `access.calendars`."""

    digest = models.CharField(max_length=64, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="windsock_calendar_links"
    )
    flight_id = models.CharField(max_length=32)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label = "windsock"
        db_table = "windsock_calendar_link"
        indexes = [models.Index(fields=["user", "flight_id"], name="windsock_calendar_reader")]

    def __str__(self) -> str:
        return f"calendar of {self.flight_id} for {self.user}"


class AccessChange(models.Model):
    """A record, for every process, that somebody's rights may have changed: whose live connections to check again.

    Written in the transaction that changes them, never updated, deleted after an hour. See `access.revocations`.
    """

    class Kind(models.TextChoices):
        USER = "user", "a user"
        TOKEN = "token", "a token"
        SESSION = "session", "a browser's session"
        EVERYBODY = "everybody", "everybody"

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=9, choices=Kind)
    subject = models.CharField(max_length=64)  # a primary key; of a session the SHA-256 of its key
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label = "windsock"
        db_table = "windsock_access_change"

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class SignedIn(models.Model):
    """The user of a stored session: a hint, for loading session and user with one query. See `access.signed_in`.

    It grants nothing: the session's own signed data decide whose it is. Nothing depends on its being right, so there is
    no database constraint on it.
    """

    session_key = models.CharField(max_length=40, primary_key=True)  # as Django keeps it in its own table
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )

    class Meta:
        app_label = "windsock"
        db_table = "windsock_signed_in"

    def __str__(self) -> str:
        return f"a session of user {self.user_id}"


class KeyFingerprint(models.Model):
    """A SECRET_KEY that some process uses with this database, by a fingerprint that does not give it away."""

    fingerprint = models.CharField(max_length=16, primary_key=True)
    node = models.CharField(max_length=80)
    seen_at = models.DateTimeField()

    class Meta:
        app_label = "windsock"
        db_table = "windsock_key_fingerprint"

    def __str__(self) -> str:
        return f"{self.fingerprint} on {self.node}"
