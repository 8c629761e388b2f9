"""From an AIDX message to statements: who each leg is, and what it says, field by field."""

from datetime import UTC, datetime
from datetime import date as Day
from xml.etree.ElementTree import Element, tostring

from windsock.errors import FeedError
from windsock.feeds.aidx.details import say_aircraft, say_fate, say_names, say_places, say_reasons
from windsock.feeds.aidx.message import ANSWER, designator_of, legs_of, message_of, moment_of, origin_date_of
from windsock.feeds.aidx.times import Times, say_times, times_of
from windsock.feeds.parsing import MAX_RAW, Gathering, Parsed
from windsock.feeds.reports import flight_date, left_out
from windsock.feeds.xml import child, children, text
from windsock.flights.values import CLOCK_SKEW

_ACTIONS = {
    "DELETE": "the sender takes back this leg as created in error. That is not a cancellation (DX), so nothing "
    "is changed; cancel the flight if it does not fly",
    "LOCKDOWN": "the sender restricts access to this leg; what it says is not shown",
    "DONOTDISPLAY": "the sender does not want this leg displayed; what it says is not shown",
}


def parse(data: bytes, *, received_at: datetime, source: str = "aidx") -> Parsed:
    """Return what the message says about each leg; raise FeedError for anything but an AIDX message."""
    message = message_of(data)
    gathering = Gathering(received_at, source)
    if message.get("Target", "").strip().lower() == "test":
        gathering.fault(
            "the message is a test (Target='Test'); its legs are ignored. Send Target='Production'",
            path="/",
        )
        return gathering.parsed()
    answer = message.tag == ANSWER
    if answer:
        _verdict(message, gathering)
    observed_at = _observed_at(message, gathering)
    for path, leg in legs_of(message):
        _Leg(gathering, path, leg, observed_at).tell()
    if not gathering.statements and not gathering.faults and not answer:
        gathering.fault("the message holds no FlightLeg", path="/")
    return gathering.parsed()


def _verdict(message: Element, gathering: Gathering) -> None:
    """Add a fault for each warning of an answer; raise FeedError with the text of an error."""
    words = [_words(error) for errors in children(message, "Errors") for error in children(errors, "Error")]
    if words or child(message, "Errors") is not None:
        why = "; ".join(words)[:MAX_RAW] or "no reason is given"
        raise FeedError(f"AIDX: the sender answers with an error: {why}. Check what it was asked for.")
    for warnings in children(message, "Warnings"):
        for number, warning in enumerate(children(warnings, "Warning"), 1):
            gathering.fault(
                f"the sender warns: {_words(warning)}",
                path=f"Warnings/Warning[{number}]",
                raw=tostring(warning, encoding="unicode")[:MAX_RAW],
                column="RecordID" if warning.get("RecordID") else None,
                value=warning.get("RecordID"),
            )


def _words(element: Element) -> str:
    """Return the text of a warning or error, else its attributes."""
    told = " ".join("".join(element.itertext()).split())
    return told or element.get("ShortText") or element.get("Code") or element.get("Type") or "nothing more"


def _observed_at(message: Element, gathering: Gathering) -> str | None:
    given = message.get("TimeStamp", "").strip()
    if not given:
        return None
    moment = moment_of(given)
    ahead = None if moment is None else moment - gathering.received_at
    if moment is None or ahead is None or ahead > CLOCK_SKEW:
        what = "no time" if moment is None else "later than now"
        gathering.fault(
            f"TimeStamp is {what}; the time of receipt counts",
            path="/",
            column="TimeStamp",
            value=given[:200],
        )
        return None
    # A clock slightly ahead is usual: then the time of receipt counts, without a fault.
    return _utc(moment) if moment <= gathering.received_at else None


def _utc(moment: datetime) -> str | None:
    try:
        return moment.astimezone(UTC).isoformat()
    except OverflowError:
        return None


class _Leg:
    """One FlightLeg being read."""

    def __init__(self, gathering: Gathering, path: str, leg: Element, observed_at: str | None) -> None:
        self.gathering, self.path, self.leg, self.observed_at = gathering, path, leg, observed_at
        self.raw = tostring(leg, encoding="unicode")[:MAX_RAW]

    def fault(self, message: str, column: str | None = None, value: str | None = None) -> None:
        self.gathering.fault(
            message, path=self.path, raw=self.raw, column=column, value=None if value is None else value[:200]
        )

    def tell(self) -> None:
        who = child(self.leg, "LegIdentifier")
        flight = None if who is None else designator_of(who)
        if who is None or flight is None:
            self.fault(
                "the leg has no LegIdentifier with Airline and FlightNumber (general aviation is not read)"
                if who is None
                else "the LegIdentifier needs Airline and FlightNumber",
                "LegIdentifier",
            )
            return
        leg_data = child(self.leg, "LegData")
        if not self.wanted(who, leg_data) or leg_data is None:
            return
        report: dict[str, object] = {"flight": flight}
        if self.observed_at is not None:
            report["observed_at"] = self.observed_at
        origin, destination = text(who, "DepartureAirport"), text(who, "ArrivalAirport")
        if origin is not None:
            report["origin"] = origin
        if destination is not None:
            report["destination"] = destination
        times = times_of(leg_data, self.fault)
        date = flight_date(moment_of(times.get(("OFB", "SCT")) or ""), origin)
        if date is not None:
            report["date"] = date.isoformat()
        sides: dict[str, dict[str, object]] = {"departure": {}, "takeoff": {}, "landing": {}, "arrival": {}}
        say_times(times, report, sides)
        say_places(leg_data, sides)
        report.update((name, side) for name, side in sides.items() if side)
        say_aircraft(leg_data, report, self.fault)
        say_names(leg_data, report, self.fault)
        say_fate(leg_data, destination, report)
        say_reasons(leg_data, report, self.fault)
        self.tell_what_is_valid(report, _utc_day(who, leg_data, times))

    def wanted(self, who: Element, leg_data: Element | None) -> bool:
        """Return whether the leg is to be reported; add a fault if not."""
        for place in (self.leg, leg_data):
            action = None if place is None else text(place, "SpecialAction")
            if action is not None:
                self.fault(
                    _ACTIONS.get(action.upper(), "an action that is not known; the leg is ignored"),
                    "SpecialAction",
                    action,
                )
                return False
        repeat = child(who, "RepeatNumber")
        if repeat is not None and repeat.get("CurrentInd", "").strip().lower() in ("false", "0"):
            self.fault(
                "an earlier attempt to depart (RepeatNumber, CurrentInd false); only the current one is reported",
                "RepeatNumber",
                text(repeat),
            )
            return False
        if leg_data is None:
            self.fault("the leg has no LegData: nothing is said about it", "LegData")
            return False
        return True

    def tell_what_is_valid(self, report: dict[str, object], utc_day: Day | None) -> None:
        """Add the report; a field that is not valid becomes a fault, and the rest is added without it."""
        day = None if "date" in report else utc_day
        while not self.gathering.tell(report, path=self.path, raw=self.raw, utc_day=day):
            field = self.gathering.faults[-1].column
            if field is None or not left_out(report, field):
                return
            if field in ("date", "departure.scheduled"):
                # The one was made from the other.
                left_out(report, "date")
                left_out(report, "departure.scheduled")
                day = utc_day


def _utc_day(who: Element, leg_data: Element, times: Times) -> Day | None:
    """Return the operating day in UTC, as far as it is known without a scheduled departure."""
    day = origin_date_of(who)
    begun_before = any(
        before.get("FlightSequence", "").strip().lower() == "upline"
        for before in children(leg_data, "AssociatedFlightLegSchedule")
    )
    if day is not None and not begun_before:
        return day
    for kind in (
        ("OFB", "SCT"),
        ("OFB", "EST"),
        ("OFB", "TAR"),
        ("OFB", "ACT"),
        ("TKO", "EST"),
        ("TKO", "ACT"),
    ):
        moment = moment_of(times.get(kind) or "")
        if moment is not None:
            try:
                return moment.astimezone(UTC).date()
            except OverflowError:
                continue
    return day
