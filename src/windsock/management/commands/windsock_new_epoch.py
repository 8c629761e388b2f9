"""`manage.py windsock_new_epoch`: after the database was restored from a backup."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from windsock import journal
from windsock.errors import JournalUnavailable


class Command(BaseCommand):
    """Starts a new epoch and keeps everything, so that no client takes an old position for a place in this journal."""

    help = "Starts a new epoch of the journal; flights and events stay. Run it after restoring the database."

    def handle(self, *args: Any, **options: Any) -> None:
        """Begin a new epoch and print the journal's position."""
        try:
            head = journal.current().renew()
        except JournalUnavailable as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"The journal is at {head.position}; every client takes a fresh snapshot.")
