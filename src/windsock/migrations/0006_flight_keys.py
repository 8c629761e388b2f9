"""Flights follow the corrected tables of carriers, groups and zones (ADR 19). Says which flights it moved."""

import sys

from django.db import migrations

SHOWN = 20
"""Flights named one by one; more would hide what follows in the output of `migrate`."""


def follow(apps, schema_editor):
    from types import SimpleNamespace

    from windsock.conf import config
    from windsock.ingest.current import merge_rules
    from windsock.journal.rekeying import rekey

    names = ("FlightRow", "FlightName", "ReportRow", "EventRow", "JournalHead")
    models = SimpleNamespace(**{name: apps.get_model("windsock", name) for name in names})
    done = rekey(schema_editor.connection.alias, models, merge_rules(config()))
    if not done.moved:
        return
    say = sys.stdout.write
    say(f"\n    {len(done.moved)} flights follow the corrected tables of carriers and airports:\n")
    for number, line in enumerate(done.lines()):
        if number == SHOWN:
            say(f"      … and {len(done.moved) - SHOWN} more\n")
            break
        say(f"      {line}\n")
    say("   ")


class Migration(migrations.Migration):
    dependencies = [
        ("windsock", "0005_duties"),
    ]

    operations = [
        migrations.RunPython(follow, migrations.RunPython.noop, elidable=True),
    ]
