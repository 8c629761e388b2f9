from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("windsock", "0004_programmes"),
    ]

    operations = [
        migrations.CreateModel(
            name="DutyState",
            fields=[
                ("name", models.CharField(max_length=80, primary_key=True, serialize=False)),
                ("owner", models.CharField(blank=True, default="", editable=False, max_length=80)),
                ("owned_until", models.DateTimeField(blank=True, editable=False, null=True)),
                ("beat_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("worked_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("failures", models.PositiveIntegerField(default=0, editable=False)),
                ("error", models.TextField(blank=True, default="", editable=False)),
                ("error_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "verbose_name": "duty",
                "verbose_name_plural": "duties",
                "db_table": "windsock_duty",
            },
        ),
        migrations.CreateModel(
            name="WriteProbe",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("filler", models.BinaryField(default=b"")),
            ],
            options={
                "db_table": "windsock_write_probe",
            },
        ),
        migrations.CreateModel(
            name="KeyFingerprint",
            fields=[
                ("fingerprint", models.CharField(max_length=16, primary_key=True, serialize=False)),
                ("node", models.CharField(max_length=80)),
                ("seen_at", models.DateTimeField()),
            ],
            options={
                "db_table": "windsock_key_fingerprint",
            },
        ),
        migrations.RemoveField(model_name="feedstate", name="owned_until"),
        migrations.RemoveField(model_name="feedstate", name="owner"),
    ]
