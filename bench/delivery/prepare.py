"""Fills a data folder for the bench: real flights and events, told through the real pipeline, and ways to sign in.

Run by the bench: python -m bench.delivery.prepare FOLDER [--flights N] [--sign-ins N]

Writes `events.json` (a list of Told) and `access.json` (a token, tickets and session keys) beside the database.
"""

import argparse
import itertools
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DAYS = sorted((Path(__file__).resolve().parents[2] / "src/windsock/replay/days").glob("*.csv.gz"))
# Enough for the fan-out: a snapshot of them is not what is measured.
FLIGHTS = 10
# With type, position and time in front, a message of 400 bytes, the size of the older measurements.
SMALL_BYTES = 336


def reports() -> Iterator[dict[str, Any]]:
    """What was told of the two days that come with Windsock, in order."""
    import msgspec

    from windsock.replay import bts
    from windsock.replay.past_flights import PastFlight
    from windsock.replay.script import script

    rows = [row for day in DAYS for row in bts.read(day) if isinstance(row, PastFlight)]
    for told in script(rows):
        yield msgspec.to_builtins(msgspec.to_builtins(told.report) | {"observed_at": told.at})


def tell(count: int) -> None:
    """The whole story of `count` flights, up to their arrival."""
    from windsock.ingest import record, stop

    told: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for report in reports():
        told.setdefault((report["flight"], report.get("date"), report.get("origin")), []).append(report)
    # Those with most to tell first, in the order of the day.
    chosen = sorted(told.values(), key=len, reverse=True)[:count]
    if len(chosen) < count:
        raise SystemExit(f"Those days have only {len(chosen)} flights; {count} were asked for.")
    record(itertools.chain(*chosen), source="replay")
    stop(10.0)


def events() -> list[dict[str, Any]]:
    """The newest event of every flight in the journal: body, topics, and a body of the smallest valid flight."""
    import msgspec

    from windsock.ingest import pipeline
    from windsock.protocol.positions import Position

    journal = pipeline().journal
    head = journal.head()
    newest = {}
    place = head.floor
    while place < head.offset and (page := journal.after(Position(head.epoch, place), 1000)):
        newest |= {event.flight_id: event for event in page}
        place = page[-1].offset
    found = []
    for event in newest.values():
        flight = json.loads(event.flight_json())
        needed = ("id", "designator", "carrier", "number", "suffix", "date", "origin", "version")
        small = {"flight": {name: flight[name] for name in needed}, "changes": [], "note": ""}
        small["note"] = "." * (SMALL_BYTES - len(msgspec.json.encode(small)))
        found.append(
            {
                "flight_id": event.flight_id,
                "topics": sorted(event.topics),
                "body": event.body.decode(),
                "small_body": msgspec.json.encode(small).decode()[1:],
            }
        )
    return found


def access(count: int) -> dict[str, Any]:
    """A token that may all, and for each of `count` connections a ticket and a session of a user of its own."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.models import User
    from django.contrib.sessions.backends.db import SessionStore
    from django.db import transaction

    from windsock.access import tickets, tokens

    _, secret = tokens.create(None, "bench", ["read", "publish"])
    sessions, issued = [], []
    with transaction.atomic():
        users = User.objects.bulk_create(
            [User(username=f"reader{number}", password="!") for number in range(count)]
        )
        for user in users:
            session = SessionStore()
            session[SESSION_KEY] = str(user.pk)
            session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
            session[HASH_SESSION_KEY] = user.get_session_auth_hash()
            session.create()
            sessions.append(session.session_key)
            issued.append(tickets.issue(user, "socket", seconds=3600))
    return {"token": secret, "sessions": sessions, "tickets": issued}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--flights", type=int, default=FLIGHTS)
    parser.add_argument("--sign-ins", type=int, default=0)
    asked = parser.parse_args()
    os.environ["WINDSOCK_DATA"] = str(asked.folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.delivery.settings"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    tell(asked.flights)
    (asked.folder / "events.json").write_text(json.dumps(events()))
    (asked.folder / "access.json").write_text(json.dumps(access(asked.sign_ins)))


if __name__ == "__main__":
    main()
