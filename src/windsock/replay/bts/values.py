"""The values of a row of on-time data, each checked as it is read."""

from collections.abc import Mapping
from datetime import date

from windsock.flights.airports import Airport, airport

NOTHING = ("", "NA", "NaN", "nan", "NULL")


class Wrong(Exception):
    """This value cannot be right; becomes a Fault with the line it stands in."""

    def __init__(self, name: str | None, value: str | None, message: str) -> None:
        self.name, self.value, self.message = name, value, message


def integer(values: Mapping[str, str], name: str, low: int, high: int) -> int | None:
    """Return a whole number, also written 5.00; None if there is none."""
    text = values.get(name, "")
    if text in NOTHING:
        return None
    try:
        value = int(text) if text.lstrip("-").isdigit() else float(text)
        whole = int(value)
    except (ValueError, OverflowError):
        raise Wrong(name, text, "is not a number") from None
    if whole != value or not low <= whole <= high:
        raise Wrong(name, text, f"must be a whole number from {low} to {high}")
    return whole


def flag(values: Mapping[str, str], name: str) -> bool:
    return bool(integer(values, name, 0, 1))


def hhmm(values: Mapping[str, str], name: str) -> int | None:
    """Minutes since local midnight; 2400 gives 1440."""
    value = integer(values, name, 0, 2400)
    if value is None:
        return None
    if value % 100 > 59:
        raise Wrong(name, values[name], "is not a time; use hours and minutes as hhmm")
    return value // 100 * 60 + value % 100


def day_of(values: Mapping[str, str]) -> date:
    if "date" in values:
        text = values["date"].split(" ")[0].split("T")[0]
        try:
            if "/" in text:  # the download form writes 1/2/2015 12:00:00 AM
                month, day, year = text.split("/")
                return _of_a_flight(date(int(year), int(month), int(day)))
            return _of_a_flight(date.fromisoformat(text))
        except (ValueError, OverflowError):
            raise Wrong("date", values["date"], "is not a date; use YYYY-MM-DD, such as 2015-01-02") from None
    parts = [integer(values, name, 1, 9999) for name in ("year", "month", "day")]
    try:
        return _of_a_flight(date(*(part or 0 for part in parts)))
    except ValueError:
        text = "-".join(values[name] for name in ("year", "month", "day"))
        raise Wrong("day", text, "is not a date of a flight") from None


def _of_a_flight(day: date) -> date:
    # The years that reports may have. At the ends of the calendar, adding minutes or a zone's offset overflows.
    if not 1930 <= day.year <= 2199:
        raise ValueError(day)
    return day


def airport_of(values: Mapping[str, str], name: str) -> Airport:
    found = airport(values[name])
    if found is None:
        raise Wrong(name, values[name], "is not an airport we know; an IATA code such as JFK is needed")
    return found


def diverted_to(values: Mapping[str, str]) -> str | None:
    found = airport(values.get("diverted_to", ""))
    return found.code if found else None


def registration_of(tail: str) -> str | None:
    """Return the tail number as written, or None for what the sources write if they know none."""
    usable = tail.isascii() and tail.isalnum() and any(c.isdigit() and c != "0" for c in tail)
    return tail if usable and tail not in NOTHING else None
