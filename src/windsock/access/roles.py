"""The roles of the console: groups of Django's, made by a migration, that people are added to in the admin."""

from dataclasses import dataclass

from windsock.access.rights import PUBLISH
from windsock.wording.language import gettext_noop

OPERATE = "windsock.operate_feeds"
"""The permission to pause feeds, reprocess their inputs, settle parked reports and link displays."""

WATCH = "windsock.view_feedstate"
"""The permission to look at the console, and to change nothing: Django's own "Can view feed"."""


@dataclass(frozen=True, slots=True)
class Role:
    """A group with the permissions that it gives, the most telling one first."""

    name: str
    permissions: tuple[str, ...]


ROLES = (
    Role(gettext_noop("Windsock viewers"), (WATCH,)),
    Role(gettext_noop("Windsock publishers"), (PUBLISH,)),
    Role(gettext_noop("Windsock operators"), (OPERATE, WATCH, PUBLISH)),
)
"""The roles, the weakest first. Whoever needs another mix gives the permissions one by one, or makes a group."""
