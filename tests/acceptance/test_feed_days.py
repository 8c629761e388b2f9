"""A real day as telexes and as AIDX, in random order, repeated and damaged, ends as the file says.

The schedule is known beforehand, as from an operator's timetable. Damage is what lines and gateways do: cut, garbled
characters, lost line ends. A flight counts if none of its own messages was damaged.
"""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.feed_messages import Message, notices, telexes
from tests.services import SHARED
from windsock.collect.intake import submissions_of
from windsock.errors import FeedError
from windsock.feeds import aidx, mvt
from windsock.feeds.parsing import Parsed, Statement
from windsock.flights import MergeRules
from windsock.ingest.batch import write_batch
from windsock.ingest.results import Rejected
from windsock.ingest.submissions import Submission
from windsock.journal.base import Journal
from windsock.journal.database import DatabaseJournal
from windsock.replay.bts import read
from windsock.replay.days import DAYS
from windsock.replay.past_flights import PastFlight

pytestmark = [pytest.mark.acceptance, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

BIG = SHARED / "data" / "bts" / "us_ontime_2008-02-21.csv.gz"
SEED = 20080221
BATCH = 500
REPEATED = DAMAGED = 0.05


def damaged(message: bytes, chance: random.Random) -> bytes:
    """Cut off, with garbled characters, or with its line ends lost."""
    match chance.randrange(3):
        case 0:
            return message[: chance.randrange(len(message))]
        case 1:
            garbled = bytearray(message)
            for _ in range(chance.randint(1, 8)):
                garbled[chance.randrange(len(garbled))] = chance.choice(b"#\x00\xff?~<")
            return bytes(garbled)
        case _:
            return message.replace(b"\n", b" ")


def day(path: Path) -> list[PastFlight]:
    return [found for found in read(path) if isinstance(found, PastFlight)]


def told(journal: Journal, given: list[Submission], now: datetime) -> list[Rejected]:
    rejected: list[Rejected] = []
    for begin in range(0, len(given), BATCH):
        written = write_batch(journal, given[begin : begin + BATCH], now=now, rules=MergeRules())
        rejected += [result for result in written.results if isinstance(result, Rejected)]
    return rejected


def schedule(rows: list[PastFlight]) -> list[Submission]:
    return [
        Submission(
            index,
            {
                "flight": f"{row.carrier}{row.number}",
                "date": row.date.isoformat(),
                "origin": row.origin,
                "destination": row.destination,
                "source": "timetable",
                "departure": {"scheduled": row.scheduled_out.isoformat()},
                **({"arrival": {"scheduled": row.scheduled_in.isoformat()}} if row.scheduled_in else {}),
            },
        )
        for index, row in enumerate(rows)
    ]


@pytest.mark.parametrize(
    ("make", "parse"), [(telexes, mvt.parse), (notices, aidx.parse)], ids=["telexes", "AIDX"]
)
@pytest.mark.parametrize(
    "path",
    [
        pytest.param(DAYS["storm"].path, id="New York"),
        pytest.param(
            BIG,
            id="2008-02-21",
            marks=[
                pytest.mark.shared_data,
                pytest.mark.skipif(not BIG.exists(), reason="needs the data folder beside the clone"),
            ],
        ),
    ],
)
def test_a_day_in_any_order_repeated_and_damaged_ends_as_the_file_says(
    path: Path, make: Callable[[PastFlight], Iterator[Message]], parse: Callable[..., Parsed]
) -> None:
    chance = random.Random(SEED)
    rows = day(path)
    journal = DatabaseJournal("default")
    now = max(row.in_ or row.scheduled_out for row in rows).astimezone(UTC) + timedelta(hours=1)
    assert told(journal, schedule(rows), now) == []

    messages = [message for row in rows for message in make(row)]
    messages += [message for message in messages if chance.random() < REPEATED]
    chance.shuffle(messages)
    spoiled: set[str] = set()
    statements: list[Statement] = []
    unread = 0
    for flight, message in messages:
        if chance.random() < DAMAGED:
            spoiled.add(flight)
            message = damaged(message, chance)
            try:
                statements += parse(message, received_at=now).statements
            except FeedError:
                unread += 1
            continue
        parsed = parse(message, received_at=now)
        assert parsed.faults == (), message
        assert len(parsed.statements) == 1, message
        statements += parsed.statements
    rejected = told(journal, submissions_of(statements), now)

    _, records = journal.snapshot()
    flights = {record.flight.id: record.flight for record in records}
    wrong = []
    compared = 0
    for row in rows:
        if str(row.key) in spoiled:
            continue
        compared += 1
        flight = flights[str(row.key)]
        expected = (row.out, row.off) + ((None, None) if row.diverted else (row.on, row.in_))
        found = (
            flight.departure.actual,
            flight.takeoff.actual,
            flight.landing.actual,
            flight.arrival.actual,
        )
        if found != expected:
            wrong.append(f"{row.key}: {found} instead of {expected}")
    print(
        f"{len(messages)} messages, {len(statements)} statements, {unread} unreadable, {len(rejected)} rejected, "
        f"{compared} flights compared, {len(spoiled)} damaged"
    )
    assert not wrong, f"{len(wrong)} of {compared}: " + "\n".join(wrong[:10])
    assert compared > len(rows) * 0.8
