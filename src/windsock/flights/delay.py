"""Minutes late, at the gate. Signed: early is negative."""

from datetime import datetime

from windsock.flights.state import Basis, Runway


def minutes_between(scheduled: datetime, time: datetime) -> int:
    """Whole minutes from `scheduled` to `time`, rounded down, as clocks that show hh:mm do; negative when early."""
    gap = time - scheduled
    # timedelta keeps days and seconds ≥ 0 apart, so this floors without a float.
    return gap.days * 1440 + gap.seconds // 60


def basis_of(
    *,
    delay_minutes: int | None,
    overdue_minutes: int | None,
    scheduled: datetime | None,
    estimated: datetime | None,
    actual: datetime | None,
    runway: Runway,
) -> Basis | None:
    """Return the grounds of a side's delay, from what the flight shows alone.

    "actual" or "estimated" gate time; "runway" where the delay is that of take-off or landing, because nothing better
    is known; "inferred" where nobody said so: this much time has passed without the flight leaving or arriving, or its
    late departure is carried over to its arrival.
    """
    if delay_minutes is None:
        return None
    if overdue_minutes is not None:
        return "inferred"
    if actual is not None:
        return "actual"
    if (
        scheduled is not None
        and estimated is not None
        and minutes_between(scheduled, estimated) == delay_minutes
    ):
        return "estimated"
    time, plan = runway.actual or runway.estimated, runway.scheduled or scheduled
    if time is not None and plan is not None and minutes_between(plan, time) == delay_minutes:
        return "runway"
    return "estimated" if scheduled is None else "inferred"
