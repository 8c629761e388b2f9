"""Django's admin: flights with their provenance, events and raw reports (all read-only), and tokens.

Beliefs are not edited here: they come from reports, and a correction is a report too.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from windsock.access import tokens
from windsock.access.models import SCOPES, Token
from windsock.errors import AccessDenied
from windsock.flights import FlightRecord
from windsock.ingest import pipeline
from windsock.journal.models import EventRow, FlightRow, ReportRow

# Django's classes take a type only in their stubs.
if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _TokenModelForm = forms.ModelForm[Token]
else:
    _ModelAdmin, _TokenModelForm = admin.ModelAdmin, forms.ModelForm


def pretty_json(data: bytes | memoryview | str) -> SafeString:
    """Return JSON, indented and escaped. Anything else is returned as it is."""
    raw = data.encode() if isinstance(data, str) else bytes(data)
    try:
        text = msgspec.json.format(raw, indent=2).decode()
    except msgspec.DecodeError:
        text = raw.decode(errors="replace")
    return format_html("<pre>{}</pre>", text)


class ReadOnlyAdmin(_ModelAdmin):
    """An admin that shows rows and changes nothing."""

    show_full_result_count = False  # counting millions of events to say "of 3,412,007" helps nobody
    actions = None

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(FlightRow)
class FlightAdmin(ReadOnlyAdmin):
    """Every flight: what is believed of it, and which source that comes from."""

    list_display = (
        "id",
        "origin",
        "destination",
        "status",
        "departs_at",
        "arrives_at",
        "version",
        "updated_at",
    )
    list_filter = ("status", "date", "carrier")
    search_fields = (
        "id__istartswith",
        "designator__istartswith",
        "registration__istartswith",
        "origin",
        "destination",
    )
    search_help_text = "Flight (DL1865), registration, or airport"
    date_hierarchy = "date"
    ordering = ("-departs_at", "id")
    fields = (
        "id",
        "status",
        "version",
        "updated_at",
        "due_at",
        "beliefs",
        "provenance",
        "events",
        "reports",
    )
    readonly_fields = fields

    @admin.display(description="believed")
    def beliefs(self, row: FlightRow) -> SafeString:
        """Return the flight as all readers see it."""
        return pretty_json(msgspec.json.encode(_record(row).flight))

    @admin.display(description="provenance")
    def provenance(self, row: FlightRow) -> SafeString:
        """Return, per field, the source that is believed, why, and what each source reported."""
        rows = (
            (
                field,
                known.get("believed") or "none",
                known.get("why") or "",
                _assertions(known.get("assertions", ())),
            )
            for field, known in sorted(_record(row).provenance(pipeline().rules).items())
        )
        return format_html(
            "<table><tr><th>Field</th><th>Believed</th><th>Why</th><th>All sources</th></tr>{}</table>",
            format_html_join("", "<tr><td>{}</td><td><b>{}</b></td><td>{}</td><td>{}</td></tr>", rows),
        )

    @admin.display(description="events")
    def events(self, row: FlightRow) -> SafeString:
        """Return the events that are still kept, oldest first."""
        found = EventRow.objects.filter(flight_id=row.pk).order_by("offset")[:200]
        lines = ((event.offset, event.version, event.recorded_at, _change_words(event)) for event in found)
        return format_html(
            "<table><thead><tr><th>Offset</th><th>Version</th><th>Recorded</th><th>Changes</th></tr></thead>{}</table>",
            format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", lines),
        )

    @admin.display(description="raw reports")
    def reports(self, row: FlightRow) -> SafeString:
        """Return the newest raw reports about it that are still kept."""
        found = ReportRow.objects.filter(flight_id=row.pk).order_by("-id")[:50]
        lines = (
            (
                report.received_at,
                report.source,
                report.reporter or "",
                report.entrance or "",
                pretty_json(report.body),
            )
            for report in found
        )
        return format_html(
            "<table><thead><tr><th>Received</th><th>Source</th><th>Reporter</th><th>Entrance</th><th>Report</th>"
            "</tr></thead>{}</table>",
            format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", lines),
        )


@admin.register(EventRow)
class EventAdmin(ReadOnlyAdmin):
    """The journal, newest first."""

    list_display = ("offset", "flight_id", "version", "changes", "recorded_at")
    search_fields = ("=offset", "flight_id__istartswith")
    search_help_text = "The beginning of a flight id, or an offset"
    ordering = ("-offset",)
    fields = ("offset", "flight_id", "version", "recorded_at", "topics", "message")
    readonly_fields = fields

    @admin.display(description="changes")
    def changes(self, row: EventRow) -> str:
        """Return the kinds of change."""
        return _change_words(row)

    @admin.display(description="message")
    def message(self, row: EventRow) -> SafeString:
        """Return the message that every client received, without its position."""
        return pretty_json(row.event().content)


@admin.register(ReportRow)
class ReportAdmin(ReadOnlyAdmin):
    """Reports of sources, as received, for as long as they are kept."""

    list_display = (
        "id",
        "source",
        "reporter",
        "entrance",
        "flight_id",
        "error",
        "offset",
        "received_at",
        "observed_at",
    )
    list_filter = ("source", "entrance", "error")
    search_fields = ("flight_id__istartswith", "reporter__istartswith")
    search_help_text = "The beginning of a flight id, or of a reporter (token:3, user:7, feed:oslo)"
    ordering = ("-id",)
    fields = (
        "id",
        "source",
        "reporter",
        "entrance",
        "received_at",
        "observed_at",
        "flight_id",
        "offset",
        "error",
        "report",
    )
    readonly_fields = fields

    @admin.display(description="report")
    def report(self, row: ReportRow) -> SafeString:
        """Return the report as received."""
        return pretty_json(row.body)


class TokenForm(_TokenModelForm):
    """The name, user, scopes and expiry of a token."""

    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in SCOPES],
        widget=forms.CheckboxSelectMultiple,
        initial=["read"],
        help_text="What the token may do. 'publish' also needs the user's permission to publish.",
    )

    speaks_for = forms.CharField(
        required=False,
        help_text="Other sources that its reports may name, separated by commas. * means any but those of feeds.",
    )

    class Meta:
        model = Token
        fields = ("name", "user", "scopes", "source", "speaks_for", "expires_at")

    def clean_speaks_for(self) -> list[str]:
        """Return the sources as a list."""
        return [part.strip() for part in self.cleaned_data["speaks_for"].split(",") if part.strip()]

    def clean(self) -> dict[str, Any]:
        """Return the input, if a token may be made of it."""
        given: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                tokens.sources_of(
                    given["name"], given["scopes"], given.get("source") or None, given["speaks_for"]
                )
            except AccessDenied as error:
                raise forms.ValidationError(str(error)) from error
        return given


class ValidityFilter(admin.SimpleListFilter):
    """Valid, expired or revoked."""

    title = "validity"
    parameter_name = "validity"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("valid", "valid"), ("expired", "expired"), ("revoked", "revoked")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Token]) -> QuerySet[Token]:
        now = timezone.now()
        match self.value():
            case "valid":
                return queryset.filter(revoked_at=None).exclude(expires_at__lte=now)
            case "expired":
                return queryset.filter(revoked_at=None, expires_at__lte=now)
            case "revoked":
                return queryset.exclude(revoked_at=None)
        return queryset


@admin.register(Token)
class TokenAdmin(_ModelAdmin):
    """Tokens. The secret is shown once, at creation. Tokens are revoked, not deleted: their use stays on record."""

    form = TokenForm
    list_display = (
        "name",
        "prefix",
        "user",
        "scope_words",
        "sources",
        "created_at",
        "expires_at",
        "last_used_at",
        "revoked_at",
    )
    list_filter = (ValidityFilter,)
    search_fields = ("name", "prefix")
    raw_id_fields = ("user",)
    actions = ("revoke",)

    @admin.display(description="scopes")
    def scope_words(self, token: Token) -> str:
        """Return the scopes, separated by commas."""
        return ", ".join(token.scopes)

    @admin.display(description="reports as")
    def sources(self, token: Token) -> str:
        """Return its own source and the others that it may name."""
        return ", ".join(filter(None, [token.source, *token.speaks_for]))

    def get_readonly_fields(self, request: HttpRequest, obj: Token | None = None) -> tuple[str, ...]:
        # Once a token is issued, its user and scopes must not change unnoticed by its bearer.
        fixed = ("user", "scope_words", "sources", "prefix", "created_at", "last_used_at", "revoked_at")
        return fixed if obj else ()

    def get_fields(self, request: HttpRequest, obj: Token | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("name", "user", "scopes", "source", "speaks_for", "expires_at")
        return (
            "name",
            "expires_at",
            "user",
            "scope_words",
            "sources",
            "prefix",
            "created_at",
            "last_used_at",
            "revoked_at",
        )

    def get_form(
        self, request: HttpRequest, obj: Any | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is not None:
            kwargs["form"] = forms.ModelForm
        return super().get_form(request, obj, change, **kwargs)

    def save_model(self, request: HttpRequest, obj: Token, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        given = form.cleaned_data
        made, secret = tokens.create(
            obj.user,
            obj.name,
            given["scopes"],
            obj.expires_at,
            source=given["source"] or None,
            speaks_for=given["speaks_for"],
        )
        for name in ("pk", "prefix", "digest", "scopes", "source", "speaks_for"):
            setattr(obj, name, getattr(made, name))
        obj._state.adding = False
        messages.warning(
            request, format_html("This is the token. It is shown only once: <code>{}</code>", secret)
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description="Revoke the selected tokens", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Token]) -> None:
        """End the tokens for good."""
        ended = sum(tokens.revoke(token) for token in queryset)
        messages.success(request, f"{ended} revoked. Connections opened with them end within two seconds.")


def _record(row: FlightRow) -> FlightRecord:
    return FlightRecord.from_json(bytes(row.record))


def _assertions(assertions: Any) -> SafeString:
    """Return what each source reported of one field, one line each."""
    return format_html_join(
        "",
        "<div>{}: <code>{}</code> <small>observed {}</small></div>",
        (
            (
                assertion.get("source", "?"),
                msgspec.json.encode(assertion.get("value")).decode(),
                _short(assertion.get("observed_at")),
            )
            for assertion in assertions
            if isinstance(assertion, dict)
        ),
    )


def _short(time: datetime | str | None) -> str:
    return str(time) if time is not None else "unknown"


def _change_words(event: EventRow) -> str:
    """Return the kinds of an event's changes in their order: `delay.raised, gate.changed`."""
    found = event.event()
    changes = found.programme_changes() if found.of_programmes else found.changes()
    return ", ".join(dict.fromkeys(change.kind for change in changes))


__all__ = ["EventAdmin", "FlightAdmin", "ReportAdmin", "TokenAdmin"]
