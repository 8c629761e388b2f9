"""Single values of a report, read strictly: the value itself, or an InvalidReport that says what would be right."""

import re
import reprlib
from datetime import UTC, datetime, timedelta
from datetime import date as Day

from msgspec import UNSET, UnsetType

from windsock.errors import InvalidReport
from windsock.flights import airports
from windsock.flights.fields import BOUNDS, LENGTHS, PAST
from windsock.flights.localtime import NoSuchTime, TwiceThatDay, resolve

# A flight is known by its first planned date for ever, so a real one can leave days later (one in the MVT samples left
# five days late); a time a month off is a mistyped date.
EARLIEST = timedelta(days=-2)
LATEST = timedelta(days=10)
# Clocks of sources differ; more than this is a mistake that would outlast every later word of the source.
CLOCK_SKEW = timedelta(minutes=10)

TEXT_LENGTH = 200
# What a reason of delay may account for: as much as a time may lie off.
REASON_MINUTES = (0, 10 * 1440)

_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?([Zz]|[+-]\d\d:?\d\d)?", re.ASCII
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


_brief = reprlib.Repr()
_brief.maxstring = _brief.maxother = 80
_brief.maxlevel = 2
_brief.maxdict = _brief.maxlist = 3


def shown(value: object) -> str:
    """Return a value as an error's text shows it: short, whatever was sent."""
    try:
        return _brief.repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, or brackets without end
        return f"a very large {type(value).__name__}"


def clean(text: str) -> str:
    """Return the text as it can be sent back: not too long, and without lone surrogates, which UTF-8 cannot encode."""
    text = text if len(text) <= TEXT_LENGTH else text[:TEXT_LENGTH] + "…"
    return text.encode("utf-8", "replace").decode()


def fault(code: str, message: str, field: str | None, value: object, expected: str | None) -> InvalidReport:
    """Return the error, its value made fit to be sent back."""
    if isinstance(value, str):
        value = clean(value)
    elif value is not None and (not isinstance(value, (bool, int)) or abs(value) > 2**53):
        value = shown(value)
    return InvalidReport(
        message if message.endswith((".", "?")) else message + ".",
        code=code,
        field=field,
        value=value,
        expected=expected,
    )


def utc(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


class ValueReader:
    """Reads values for one report: knows what time it is and, once it was read, the flight's date."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.date: Day | UnsetType = UNSET

    def text(self, field: str, value: object, longest: int) -> str:
        if not isinstance(value, str):
            raise fault("wrong_type", f"{field} is {shown(value)}; text is needed", field, value, "a string")
        if not value.isalnum():
            value = value.replace("\u00a0", " ").strip(" ")
        if not value:
            raise fault(
                "empty",
                f"{field} is empty",
                field,
                value,
                "text; or null to erase what you said; or leave it out",
            )
        if len(value) > longest:
            raise fault(
                "too_long",
                f"{field} has {len(value)} characters; at most {longest} fit",
                field,
                value,
                f"at most {longest} characters",
            )
        if not value.isprintable():  # what is alphanumeric is printable
            raise fault(
                "unprintable",
                f"{field} holds control or unprintable characters: {value[:40]!a}",
                field,
                value,
                "printable text on one line",
            )
        return value

    def bounded(self, field: str, value: object) -> str:
        return self.text(field, value, LENGTHS[field])

    def truth(self, field: str, value: object) -> bool:
        if not isinstance(value, bool):
            raise fault(
                "wrong_type", f"{field} is {shown(value)}; yes or no is needed", field, value, "true or false"
            )
        return value

    def minutes(self, field: str, value: object) -> int:
        low, high = BOUNDS.get(field, REASON_MINUTES)
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e6:
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise fault(
                "wrong_type",
                f"{field} is {shown(value)}; a whole number of minutes is needed",
                field,
                value,
                "a whole number of minutes, like 35 (early is negative)",
            )
        if not low <= value <= high:
            seconds = (
                f"; {value} seconds are {value // 60} minutes"
                if low <= value // 60 <= high and value % 60 == 0
                else ""
            )
            side = field.removesuffix("_delay_minutes")
            other = f", or the time itself as '{side}.estimated'" if side in ("departure", "arrival") else ""
            raise fault(
                "out_of_range",
                f"{field} is {shown(value)} minutes; only {low} to {high} is believable{seconds}",
                field,
                value,
                f"minutes between {low} and {high}{other}",
            )
        return value

    def airport(self, field: str, value: object) -> airports.Airport | None:
        if value is None:
            return None
        code = self.text(field, value, 40)
        found = airports.airport(code)
        if found is None:
            raise fault(
                "unknown_airport",
                f"no airport {code!r} is known ({field})",
                field,
                code,
                "an IATA code like 'JFK' or an ICAO code like 'KJFK'",
            )
        return found

    def code_of_airport(self, field: str, value: object) -> str:
        found = self.airport(field, value)
        assert found is not None  # null was dealt with before
        return found.code

    def day(self, field: str, value: object) -> Day:
        expected = "a date like '2015-01-02': the scheduled departure's, at the origin"
        text = self.text(field, value, 40)
        if _DATE.fullmatch(text) is None:
            raise fault("bad_date", f"{field} is {text!r}, which is not a date", field, text, expected)
        try:
            day = Day.fromisoformat(text)
        except ValueError:
            raise fault(
                "impossible_date", f"{field} is {text!r}, which is not a calendar date", field, text, expected
            ) from None
        if not 1930 <= day.year <= 2199:
            raise fault(
                "impossible_date", f"{field} is {text!r}, no year for a flight", field, text, expected
            )
        return day

    def clock(self, field: str, value: object) -> tuple[datetime, bool]:
        """Return the time, and whether it has an offset (then in UTC)."""
        expected = "a time with its offset, like '2015-01-02T13:55:00Z' or '2015-01-02T08:55-05:00'"
        if not isinstance(value, str):
            raise fault("wrong_type", f"{field} is {shown(value)}; a time is needed", field, value, expected)
        if (
            len(value) == 20
            and value[19] == "Z"
            and value[10] == "T"
            and value[4] == value[7] == "-"
            and value[13] == value[16] == ":"
            and value[11:13] != "24"
        ):
            # The usual spelling, read in C; whatever is wrong with it is found out below.
            try:
                return datetime.fromisoformat(value), True
            except ValueError:
                pass
        match = _TIME.fullmatch(value) if len(value) <= 40 else None
        if match is None:
            raise fault("bad_time", f"{field} is {shown(value)}, which is not a time", field, value, expected)
        year, month, day, hour, minute, second, fraction, offset = match.groups()
        try:
            time = datetime(  # noqa: DTZ001 - naive until its offset or airport is known
                int(year), int(month), int(day), int(hour), int(minute), int(second or 0),
                int((fraction or "0")[:6].ljust(6, "0")),
            )  # fmt: skip
            if offset is None:
                return time, False
            if offset in "Zz":
                return time.replace(tzinfo=UTC), True
            ahead = timedelta(hours=int(offset[1:3]), minutes=int(offset[-2:]))
            if ahead > timedelta(hours=15):
                raise ValueError("offset must be below 15 hours")
            return (time - (ahead if offset[0] == "+" else -ahead)).replace(tzinfo=UTC), True
        except (ValueError, OverflowError) as error:
            raise fault(
                "impossible_time",
                f"{field} is {value!r}, which no clock shows ({error})",
                field,
                value,
                expected,
            ) from None

    def moment(self, field: str, value: object, where: airports.Airport | None) -> datetime:
        """Return a time of the flight in UTC, by the clocks of `where` if it has no offset; raise if implausible."""
        time, aware = self.clock(field, value)
        if not aware:
            time = self.local(field, value, time, where)
        if self.date is not UNSET:
            midnight = datetime(self.date.year, self.date.month, self.date.day, tzinfo=UTC)
            if not EARLIEST <= time - midnight <= LATEST:
                days = (time - midnight) // timedelta(days=1)
                raise fault(
                    "implausible_time",
                    f"{field} is {value!r}, {abs(days)} days {'after' if days > 0 else 'before'} the flight's date "
                    f"{self.date.isoformat()}",
                    field,
                    value,
                    f"a time from {-EARLIEST.days} days before to {LATEST.days} days after the flight's date",
                )
        if field in PAST and time - self.now > CLOCK_SKEW:
            raise fault(
                "actual_in_future",
                f"{field} is {value!r}, but now it is {utc(self.now)}: this has not happened yet",
                field,
                value,
                "the time at which it happened"
                + (", or 'estimated' where it is expected" if field.endswith(".actual") else ""),
            )
        return time

    def local(self, field: str, value: object, time: datetime, where: airports.Airport | None) -> datetime:
        if where is None:
            missing = "destination" if field.startswith(("arrival", "landing")) else "origin"
            raise fault(
                "local_time_without_airport",
                f"{field} is {value!r} without an offset, and without {missing} no airport gives its zone",
                field,
                value,
                f"a time with its offset, like '2015-01-02T13:55:00Z', or the {missing}",
            )
        try:
            return resolve(time, where.tz)
        except NoSuchTime as gap:
            raise fault(
                "local_time_in_gap",
                f"{field} is {value!r}, a time that did not exist at {where.code} ({where.zone}): the clocks were put "
                f"forward over it at {utc(gap.next)}",
                field,
                value,
                f"a local time before or after the gap, or the time with its offset, like '{utc(gap.next)}'",
            ) from None
        except TwiceThatDay as both:
            raise fault(
                "local_time_ambiguous",
                f"{field} is {value!r}, a time that came twice at {where.code} ({where.zone}): the clocks were put "
                f"back over it",
                field,
                value,
                f"the one that is meant: '{utc(both.first)}' or '{utc(both.second)}'",
            ) from None
        except OverflowError:
            raise fault(
                "impossible_time", f"{field} is {value!r}, which no clock shows", field, value, None
            ) from None

    def observed_at(self, value: object) -> datetime | None:
        if value is None:
            return None
        time, aware = self.clock("observed_at", value)
        if not aware:
            raise fault(
                "local_time_without_airport",
                f"observed_at is {value!r} without an offset; it belongs to no airport",
                "observed_at",
                value,
                "a time with its offset, like '2015-01-02T13:55:00Z'",
            )
        if time - self.now > CLOCK_SKEW:
            raise fault(
                "observed_in_future",
                f"observed_at is {value!r}, but now it is {utc(self.now)}",
                "observed_at",
                value,
                "when the source saw this; check the source's clock, or leave it out",
            )
        return time

    def entries(self, field: str, value: object, most: int, of: str) -> list[object]:
        if not isinstance(value, (list, tuple)):
            raise fault(
                "wrong_type", f"{field} is {shown(value)}; a list is needed", field, value, f"a list of {of}"
            )
        if len(value) > most:
            raise fault(
                "too_long",
                f"{field} has {len(value)} entries; at most {most} fit",
                field,
                value,
                f"at most {most} entries",
            )
        return list(value)
