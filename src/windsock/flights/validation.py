"""From what the world sends to a Report, or an error that says which field, what was given and what would be right."""

from datetime import datetime

from windsock.flights.report import Report


def parse_report(data: object, *, source: str | None, now: datetime, trusted: bool = False) -> Report:
    """The report that `data` (decoded JSON) spells; raises InvalidReport and nothing else."""
    raise NotImplementedError
