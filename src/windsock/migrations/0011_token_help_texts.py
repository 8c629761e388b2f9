import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("windsock", "0010_cursor_holds_events"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="token",
            name="name",
            field=models.CharField(help_text="Who or what uses it.", max_length=100),
        ),
        migrations.AlterField(
            model_name="token",
            name="prefix",
            field=models.CharField(
                db_index=True, editable=False, help_text="Identifies the token in lists.", max_length=16
            ),
        ),
        migrations.AlterField(
            model_name="token",
            name="source",
            field=models.CharField(
                blank=True,
                default="",
                help_text="The source it reports as; no other token may use it. Empty: made from the name.",
                max_length=64,
            ),
        ),
        migrations.AlterField(
            model_name="token",
            name="user",
            field=models.ForeignKey(
                blank=True,
                help_text="The user whose rights limit it. Empty: a machine's own token.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="windsock_tokens",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
