"""Read and write the programmes of airports, under the head's lock, which orders the writers of programmes."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from windsock.flights.programmes import Standing, StandingChange
from windsock.journal.encoding import standing_json
from windsock.journal.models import ProgrammeSource, StandingRow

_decode = msgspec.json.Decoder(Standing).decode


def standing_of(record: bytes | memoryview) -> Standing:
    """Return the standing of a row."""
    return _decode(bytes(record))


def read_standings(using: str) -> dict[str, Standing]:
    """Return all standings, by airport."""
    rows = StandingRow.objects.using(using).order_by("airport").values_list("airport", "record")
    return {airport: standing_of(record) for airport, record in rows}


def read_observed(using: str) -> dict[str, datetime]:
    """Return when the newest list of each source was observed."""
    return dict(ProgrammeSource.objects.using(using).values_list("source", "observed_at"))


def write_standings(using: str, changes: Sequence[StandingChange], observed: Mapping[str, datetime]) -> None:
    """Write the standings of these changes, and when each source's list was observed."""
    StandingRow.objects.using(using).bulk_create(
        [
            StandingRow(
                airport=change.standing.airport,
                version=change.standing.version,
                updated_at=change.standing.updated_at,
                record=standing_json(change.standing),
            )
            for change in changes
        ],
        update_conflicts=True,
        unique_fields=["airport"],
        update_fields=["version", "updated_at", "record"],
    )
    ProgrammeSource.objects.using(using).bulk_create(
        [ProgrammeSource(source=source, observed_at=at) for source, at in observed.items()],
        update_conflicts=True,
        unique_fields=["source"],
        update_fields=["observed_at"],
    )
