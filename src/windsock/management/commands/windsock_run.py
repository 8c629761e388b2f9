"""`manage.py windsock_run`: runs the feeds, the overdue watch and pruning beside a server that does not."""

import signal
import threading
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from windsock.access import key_fingerprints
from windsock.duties import registry
from windsock.duties.runner import Runner
from windsock.errors import WindsockError
from windsock.ingest import stop

STOP_SECONDS = 20.0
"""Long enough for what is under way: a poll that has its answer, and the commit."""


class Command(BaseCommand):
    """Run every duty of Windsock until SIGTERM or Ctrl-C; any number of processes may, each duty runs in one."""

    help = (
        "Runs Windsock's duties (feeds, overdue watch, pruning) until it is ended. Needed beside servers without ASGI "
        "lifespan (Daphne, runserver). Each duty runs in one process; others take over within 30 seconds."
    )
    requires_system_checks = ()  # one of them says that nobody runs what this is about to run

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which duties; all by default."""
        parser.add_argument(
            "--duty", action="append", metavar="NAME", help="only this duty; may be repeated. Default: all"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run them; a second signal does not wait for what is under way."""
        try:
            duties = registry.make()
        except WindsockError as error:
            raise CommandError(str(error)) from error
        known = [duty.name for duty in duties]
        for name in options["duty"] or ():
            if name not in known:
                raise CommandError(f"There is no duty {name!r}. There are: {', '.join(known)}.")
        if options["duty"]:
            duties = [duty for duty in duties if duty.name in options["duty"]]
        ended = threading.Event()

        def end(signum: int, frame: FrameType | None) -> None:
            if ended.is_set():
                raise SystemExit(1)
            ended.set()

        before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
        key_fingerprints.record_and_warn()
        runner = Runner(duties, on_renewal=key_fingerprints.record)
        try:
            runner.start()
            connections.close_all()
            self.stdout.write(f"Windsock runs {', '.join(duty.title for duty in duties)}. Ctrl-C ends it.")
            self.stdout.flush()
            # Woken now and then: a signal is noticed only between two waits where it meets another thread.
            while not ended.wait(1.0):
                pass
        finally:
            runner.stop(STOP_SECONDS)
            stop(STOP_SECONDS)
            for number, handler in before.items():
                signal.signal(number, handler)
