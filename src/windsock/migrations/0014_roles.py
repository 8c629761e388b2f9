"""Make the roles of the console: three groups with their permissions. An existing group of that name gains them."""

from django.db import migrations
from django.db.models import Model

ROLES = {
    "Windsock viewers": ["view_feedstate"],
    "Windsock publishers": ["publish"],
    "Windsock operators": ["operate_feeds", "view_feedstate", "publish"],
}
# Where each permission belongs, and its name: a new database has no permissions yet, for Django makes them at the end.
PERMISSIONS = {
    "publish": ("token", "May publish reports about flights"),
    "operate_feeds": ("feedstate", "May pause feeds, replay their inputs and resolve parked reports"),
    "view_feedstate": ("feedstate", "Can view feed"),
}


def make_roles(apps: object, schema_editor: object) -> None:
    """Make the groups that are missing; add the permissions that they lack. Safe to run again."""
    using = schema_editor.connection.alias  # type: ignore[attr-defined]
    model = apps.get_model  # type: ignore[attr-defined]
    kinds: type[Model] = model("contenttypes", "ContentType")
    permissions: type[Model] = model("auth", "Permission")
    groups: type[Model] = model("auth", "Group")
    made = {}
    for codename, (of, name) in PERMISSIONS.items():
        kind, _ = kinds._default_manager.using(using).get_or_create(app_label="windsock", model=of)
        made[codename], _ = permissions._default_manager.using(using).get_or_create(
            content_type=kind, codename=codename, defaults={"name": name}
        )
    for name, codenames in ROLES.items():
        group, _ = groups._default_manager.using(using).get_or_create(name=name)
        group.permissions.add(*(made[codename] for codename in codenames))  # type: ignore[attr-defined]


class Migration(migrations.Migration):
    dependencies = [
        ("windsock", "0013_calendar_links"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    # Going back leaves the groups: people are in them.
    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop, elidable=False)]
