from django.db import migrations, models


def release(apps, schema_editor):
    """The group's cursor, the only one so far, never kept events from being pruned."""
    rows = apps.get_model("windsock", "CursorRow").objects.using(schema_editor.connection.alias)
    rows.filter(name="group.flight-delay").update(holds_events=False)


class Migration(migrations.Migration):
    dependencies = [
        ("windsock", "0009_ticket_session"),
    ]

    operations = [
        migrations.RenameModel("Cursor", "CursorRow"),
        migrations.AddField("CursorRow", "holds_events", models.BooleanField(default=True)),
        migrations.RunPython(release, migrations.RunPython.noop),
    ]
