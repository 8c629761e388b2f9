"""Django's admin: flights with their grounds, events, raw reports (all to read only), and tokens.

Beliefs are not edited here: what we believe comes from reports, and a correction is a report too.
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
    """JSON, indented and escaped. What is not JSON is shown as it is."""
    raw = data.encode() if isinstance(data, str) else bytes(data)
    try:
        text = msgspec.json.format(raw, indent=2).decode()
    except msgspec.DecodeError:
        text = raw.decode(errors="replace")
    return format_html("<pre>{}</pre>", text)


class ReadOnlyAdmin(_ModelAdmin):
    """Looks, but changes nothing."""

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
    """Every flight: what is believed of it, and whose word that is."""

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
        "grounds",
        "what_happened",
        "what_was_said",
    )
    readonly_fields = fields

    @admin.display(description="believed")
    def beliefs(self, row: FlightRow) -> SafeString:
        """The flight as everybody sees it."""
        return pretty_json(msgspec.json.encode(_record(row).flight))

    @admin.display(description="grounds")
    def grounds(self, row: FlightRow) -> SafeString:
        """Per field: whose word is believed, why, and what each source said."""
        rows = (
            (
                field,
                said.get("believed") or "nobody",
                said.get("why") or "",
                _assertions(said.get("assertions", ())),
            )
            for field, said in sorted(_record(row).provenance(pipeline().rules).items())
        )
        return format_html(
            "<table><tr><th>Field</th><th>Believed</th><th>Why</th><th>Everyone's word</th></tr>{}</table>",
            format_html_join("", "<tr><td>{}</td><td><b>{}</b></td><td>{}</td><td>{}</td></tr>", rows),
        )

    @admin.display(description="events")
    def what_happened(self, row: FlightRow) -> SafeString:
        """The events still held, oldest first."""
        events = EventRow.objects.filter(flight_id=row.pk).order_by("offset")[:200]
        lines = ((event.offset, event.version, event.recorded_at, _change_words(event)) for event in events)
        return format_html(
            "<table><thead><tr><th>Offset</th><th>Version</th><th>Recorded</th><th>Changes</th></tr></thead>{}</table>",
            format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", lines),
        )

    @admin.display(description="raw reports")
    def what_was_said(self, row: FlightRow) -> SafeString:
        """The newest raw reports about it that are still kept."""
        reports = ReportRow.objects.filter(flight_id=row.pk).order_by("-id")[:50]
        lines = (
            (one.received_at, one.source, one.reporter or "", one.entrance or "", pretty_json(one.body))
            for one in reports
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
    search_help_text = "Flight id (from its beginning) or offset"
    ordering = ("-offset",)
    fields = ("offset", "flight_id", "version", "recorded_at", "topics", "message")
    readonly_fields = fields

    @admin.display(description="changes")
    def changes(self, row: EventRow) -> str:
        """The kinds of change, in few words."""
        return _change_words(row)

    @admin.display(description="message")
    def message(self, row: EventRow) -> SafeString:
        """What every client got, without its position."""
        return pretty_json(row.event().content)


@admin.register(ReportRow)
class ReportAdmin(ReadOnlyAdmin):
    """What sources said, word for word, as long as it is kept."""

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
    search_help_text = "Flight id, or who reported (token:3, user:7, feed:oslo), from its beginning"
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
        """The report as it came."""
        return pretty_json(row.body)


class TokenForm(_TokenModelForm):
    """A token's name, user, scopes and end."""

    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in SCOPES],
        widget=forms.CheckboxSelectMultiple,
        initial=["read"],
        help_text="What it is good for. 'publish' also needs the user's permission to publish.",
    )

    speaks_for = forms.CharField(
        required=False,
        help_text="Other sources that its reports may name, separated by commas. * is any but those of feeds.",
    )

    class Meta:
        model = Token
        fields = ("name", "user", "scopes", "source", "speaks_for", "expires_at")

    def clean_speaks_for(self) -> list[str]:
        """The sources, as a list."""
        return [part.strip() for part in self.cleaned_data["speaks_for"].split(",") if part.strip()]

    def clean(self) -> dict[str, Any]:
        """What is given, if a token may be made of it."""
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
    """Tokens: the secret is shown once, when one is made. They are revoked, not deleted: their use stays known."""

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
        """The scopes in words."""
        return ", ".join(token.scopes)

    @admin.display(description="reports as")
    def sources(self, token: Token) -> str:
        """Its own source and those that it may name besides."""
        return ", ".join(filter(None, [token.source, *token.speaks_for]))

    def get_readonly_fields(self, request: HttpRequest, obj: Token | None = None) -> tuple[str, ...]:
        # Once handed out, a token's user and scopes must not grow behind its bearer's back.
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
            request, format_html("This is the token. It is shown this one time only: <code>{}</code>", secret)
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description="Revoke the selected tokens", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Token]) -> None:
        """Ends the tokens for good."""
        ended = sum(tokens.revoke(token) for token in queryset)
        messages.success(request, f"{ended} revoked. Connections opened with them end within two seconds.")


def _record(row: FlightRow) -> FlightRecord:
    return FlightRecord.from_json(bytes(row.record))


def _assertions(assertions: Any) -> SafeString:
    """Everyone's word on one field, one line each."""
    return format_html_join(
        "",
        "<div>{}: <code>{}</code> <small>observed {}</small></div>",
        (
            (
                said.get("source", "?"),
                msgspec.json.encode(said.get("value")).decode(),
                _short(said.get("observed_at")),
            )
            for said in assertions
            if isinstance(said, dict)
        ),
    )


def _short(time: datetime | str | None) -> str:
    return str(time) if time is not None else "unknown"


def _change_words(event: EventRow) -> str:
    """`delay.raised, gate.changed`: the kinds of an event's changes in their order."""
    found = event.event()
    changes = found.programme_changes() if found.of_programmes else found.changes()
    return ", ".join(dict.fromkeys(change.kind for change in changes))


__all__ = ["EventAdmin", "FlightAdmin", "ReportAdmin", "TokenAdmin"]
