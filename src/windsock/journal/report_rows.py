"""Stored reports, as their rows give them."""

from windsock.journal.base import RawReport
from windsock.journal.models import ReportRow


def raw_report(row: ReportRow) -> RawReport:
    """Return the report that a row keeps."""
    return RawReport(
        source=row.source,
        received_at=row.received_at,
        observed_at=row.observed_at,
        flight_id=row.flight_id,
        offset=row.offset,
        error=row.error,
        body=bytes(row.body),
        match=row.match,
        reporter=row.reporter,
        entrance=row.entrance,
    )
