"""Tokens get a source of their own, and reports and inputs say who handed them in, by which way."""

import re
from typing import Any

from django.db import migrations, models
from django.db.models import Q

MAX_LENGTH = 64


def name_sources(apps: Any, schema_editor: Any) -> None:
    """Give each token that publishes the source it has had so far, from its name.

    Until now it could name any other source. It still may ("*"), so that nothing stops: `windsock doctor` lists such
    tokens, for an operator to replace them. Names of feeds and of Windsock are closed to them from now on.
    """
    tokens = apps.get_model("windsock", "Token").objects.using(schema_editor.connection.alias)
    taken: set[str] = set()
    # Those that are valid come first, the oldest before: whoever had the name keeps it.
    for token in sorted(tokens.all(), key=lambda token: (token.revoked_at is not None, token.pk)):
        if not isinstance(token.scopes, list) or "publish" not in token.scopes:
            continue
        plain = re.sub(r"[^a-z0-9_.@+-]+", "-", token.name.lower()).strip("-.") or "unnamed"
        plain = f"user-{plain}" if plain.startswith("windsock.") else plain
        source = plain[:MAX_LENGTH]
        if source in taken:
            source = f"{plain[: MAX_LENGTH - 24]}-{token.pk}"
        taken.add(source)
        token.source, token.speaks_for = source, ["*"]
        token.save(update_fields=["source", "speaks_for"])


class Migration(migrations.Migration):
    dependencies = [("windsock", "0007_cursor")]

    operations = [
        migrations.AddField("reportrow", "reporter", models.CharField(max_length=100, null=True, blank=True)),
        migrations.AddField("reportrow", "entrance", models.CharField(max_length=16, null=True, blank=True)),
        migrations.AddField("feedinput", "entrance", models.CharField(max_length=16, blank=True, default="")),
        migrations.AddField("feedinput", "sender", models.CharField(max_length=100, blank=True, default="")),
        migrations.AddField(
            "token",
            "source",
            models.CharField(
                max_length=64,
                blank=True,
                default="",
                help_text="As which source it reports, no other token's. Empty: made from the name.",
            ),
        ),
        migrations.AddField(
            "token",
            "speaks_for",
            models.JSONField(
                default=list, blank=True, help_text='Other sources that its reports may name; "*" is any.'
            ),
        ),
        migrations.RunPython(name_sources, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint(
            "token",
            models.UniqueConstraint(
                fields=["source"],
                condition=Q(revoked_at=None) & ~Q(source=""),
                name="windsock_token_source",
            ),
        ),
    ]
