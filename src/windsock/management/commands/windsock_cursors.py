"""`manage.py windsock_cursors`: list the named cursors, and remove one that nobody reads with."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from windsock.conf import config
from windsock.errors import JournalUnavailable
from windsock.journal import cursor_health
from windsock.journal.cursors import remove_cursor


class Command(BaseCommand):
    """List the cursors with their lag, or remove one."""

    help = "List the named cursors of the journal and how far each is behind; --remove NAME removes one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument(
            "--remove", metavar="NAME", help="remove this cursor, so that pruning no longer waits for it"
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """List, or remove."""
        try:
            if (name := options["remove"]) is not None:
                self._remove(name)
            else:
                self._list(options["json"])
        except JournalUnavailable as error:
            raise CommandError(str(error)) from error

    def _remove(self, name: str) -> None:
        if not remove_cursor(name, config().database):
            known = ", ".join(cursor_health.details()) or "none"
            raise CommandError(f"There is no cursor {name!r}. Known cursors: {known}.")
        self.stdout.write(f"Removed the cursor {name}. A consumer that still runs creates it anew.")

    def _list(self, as_json: bool) -> None:
        found = cursor_health.details()
        if as_json:
            self.stdout.write(json.dumps(found, indent=2))
            return
        if not found:
            self.stdout.write("There are no cursors.")
        for name, status in found.items():
            assert isinstance(status, dict)
            holds = "" if status["holds_events"] else ", does not hold events back"
            self.stdout.write(
                f"{name}: {status['state']}, at {status['position']}, {status['events_behind']} events "
                f"({status['seconds_behind']} s) behind{holds}"
            )
        if wrong := cursor_health.complaint():
            self.stdout.write(wrong)
