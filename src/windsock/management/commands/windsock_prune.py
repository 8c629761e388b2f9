"""`manage.py windsock_prune`: drops what is old, for those who would rather have cron do it."""

from argparse import ArgumentParser
from dataclasses import replace
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from windsock import journal
from windsock.clock import system_clock
from windsock.collect.upkeep import prune
from windsock.conf import config
from windsock.errors import JournalUnavailable

_KINDS = ("events", "unread_events", "reports", "flights")


class Command(BaseCommand):
    """Drops events, raw reports and flights older than the settings keep them, in short transactions."""

    help = "Drops events, raw reports and flights older than settings.WINDSOCK keeps them. Safe while the service runs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One option per kind, in days; the default is the setting."""
        for kind in _KINDS:
            parser.add_argument(
                f"--{kind.replace('_', '-')}-days",
                type=int,
                metavar="N",
                help=f"keep {kind.replace('_', ' ')} for N days (default: KEEP_{kind.upper()}_DAYS)",
            )

    def handle(self, *args: Any, **options: Any) -> None:
        """Prunes, and says how much."""
        given = {
            f"keep_{kind}_days": options[f"{kind}_days"]
            for kind in _KINDS
            if options[f"{kind}_days"] is not None
        }
        for name, days in given.items():
            if days < 0:
                raise CommandError(f"--{name[5:].replace('_', '-')} is {days}; give 0 or more days.")
        settings = replace(config(), **given)
        try:
            clock = journal.current().head().clock
            # A replay's day is old by the machine's clock; it ages by its own.
            now = system_clock() if clock is None else clock.at(system_clock())
            pruned = prune(journal.current(), settings, now)
        except JournalUnavailable as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Dropped {pruned.events} events, {pruned.reports} reports and {pruned.flights} flights."
        )
        if pruned.held:
            self.stdout.write(
                f"Kept {pruned.held} older events, which these cursors have not read: {', '.join(pruned.holding)}. "
                "See manage.py windsock_cursors."
            )
        if pruned.left_behind:
            self.stdout.write(
                f"These cursors were left behind: {', '.join(pruned.left_behind)}. Their consumers skip what they lost."
            )
