"""Reports from a sub-message of an SSM or ASM: one leg on one day each."""

import itertools
from dataclasses import dataclass, field
from datetime import date as Day
from datetime import datetime

from windsock.feeds.parsing import Gathering
from windsock.feeds.periods import Period, from_local, midnight
from windsock.feeds.ssim.records import MAX_CODESHARES
from windsock.feeds.ssm import lines
from windsock.feeds.ssm.lines import Clock, FlightLine, LegLine
from windsock.flights import Designator, airports
from windsock.flights.values import utc

_TIMES = frozenset({"NEW", "RPL", "TIM", "RRT"})
_FULL = frozenset({"NEW", "RPL"})


@dataclass(slots=True)
class Group:
    """Flights with the periods, equipment and legs below them."""

    flights: list[FlightLine] = field(default_factory=list)
    periods: list[Period] = field(default_factory=list)
    legs: list[LegLine] = field(default_factory=list)
    equipment: str | None = None
    elements: dict[str, list[str]] = field(default_factory=dict)
    renamed: Designator | None = None  # the number of its flight from now on (FLT)
    begun: bool = False  # there are lines below the flights and periods: a further one begins a new group
    doubtful: bool = False  # a line in it could not be read
    lost: int = 0  # legs before the first one kept, whose times were impossible
    spent: bool = False  # its flights were reported already, with earlier periods


@dataclass(frozen=True, slots=True)
class Telling:
    """Makes reports under a sub-message's actions; `local`: its days and times are local.

    `certain`: that it says a flight operates holds against earlier ASMs too.
    """

    gathering: Gathering
    local: bool
    sent: datetime | None
    actions: frozenset[str]
    certain: bool

    def tell(self, flight: FlightLine, day: Day, index: int, leg: LegLine | None, group: Group) -> None:
        """Report one day of one leg; `index` is the place of the leg in the message."""
        number = leg.number if leg is not None else flight.number
        report: dict[str, object] = {}
        try:
            utc_day = self.identify(report, day, index, leg)
        except ValueError as error:
            self.gathering.fault(f"{error}; {flight.designator} is not reported on {day}", line=number)
            return
        if group.renamed is not None:
            self.rename(report, flight, group.renamed, utc_day, number)
            return
        operating = self.names(report, flight, day, leg, group)
        report["flight"] = str(operating or flight.designator)
        if operating is None:
            self.say(report, day, leg, group, number)
        if self.sent is not None:
            report["observed_at"] = utc(self.sent)
        self.gathering.tell(report, line=number, utc_day=utc_day)

    def rename(
        self, report: dict[str, object], flight: FlightLine, new: Designator, utc_day: Day | None, number: int
    ) -> None:
        """Report the flight's new number: it is found under both, so the new one does not add a second flight."""
        report |= {"flight": str(flight.designator), "codeshares": [str(new)]}
        if self.sent is not None:
            report["observed_at"] = utc(self.sent)
        self.gathering.tell(report, line=number, utc_day=utc_day, renamed_to=str(new))

    def identify(self, report: dict[str, object], day: Day, index: int, leg: LegLine | None) -> Day | None:
        """Fill in origin and date as far as known; return the UTC day if the local one is not known."""
        if leg is None:
            if self.local:
                report["date"] = day.isoformat()
            return None if self.local else day
        origin = _place(leg.origin)
        report["origin"] = origin.code
        departs_on = day if leg.departure is None else leg.departure.day(day)
        if self.local:
            # A retiming over midnight leaves the flight its date; that of its first leg is the one in the message.
            report["date"] = (day if index == 0 and not self.actions & {"NEW"} else departs_on).isoformat()
            return None
        if leg.departure is not None and self.actions & _FULL:
            departs = self.moment(leg.departure, day, origin)
            report["date"] = departs.astimezone(origin.tz).date().isoformat()
            return None
        return day if index == 0 else departs_on

    def names(
        self, report: dict[str, object], flight: FlightLine, day: Day, leg: LegLine | None, group: Group
    ) -> Designator | None:
        """Fill in the codeshares (element 10); return the operating flight if this one is a codeshare (50)."""
        elements = [flight.elements, group.elements, {} if leg is None else leg.elements]
        number = leg.number if leg is not None else flight.number
        found: dict[str, list[Designator]] = {"10": [], "50": []}
        for kind, designators in found.items():
            for text in itertools.chain(*(entry.get(kind, ()) for entry in elements)):
                try:
                    designators.append(Designator.parse(text, day))
                except ValueError as error:
                    self.gathering.fault(f"element {kind}: {error}", line=number)
        if found["50"]:
            report["codeshares"] = [str(flight.designator)]
            return found["50"][0]
        if found["10"]:
            names = sorted({str(name) for name in found["10"]})
            if len(names) > MAX_CODESHARES:
                self.gathering.fault(
                    f"{len(names)} codeshares; only the first {MAX_CODESHARES} are kept", line=number
                )
            report["codeshares"] = names[:MAX_CODESHARES]
        return None

    def say(
        self, report: dict[str, object], day: Day, leg: LegLine | None, group: Group, number: int
    ) -> None:
        """Fill in what the actions say."""
        if "CNL" in self.actions:
            report["cancelled"] = True
        elif lines.REINSTATE in self.actions:
            report["cancelled"] = False
        elif self.actions & _FULL:
            # In an ASM it says that the flight operates. An SSM only takes back what an SSM said: a later ASM wins.
            report["cancelled"] = False if self.certain else None
        equipment = group.equipment if leg is None else leg.aircraft_type or group.equipment
        if equipment is not None:
            report["aircraft_type"] = equipment
        if leg is None or not self.actions & _TIMES:
            return
        try:
            destination = _place(leg.destination)
            report["destination"] = destination.code
            if leg.departure is None or leg.arrival is None:
                return
            departs = self.moment(leg.departure, day, _place(leg.origin))
            report["departure"] = {"scheduled": utc(departs)}
            arrives = self.moment(leg.arrival, day, destination)
            if arrives <= departs:
                raise ValueError(f"it would arrive ({utc(arrives)}) before it departs ({utc(departs)})")
            report["arrival"] = {"scheduled": utc(arrives)}
        except ValueError as error:
            self.gathering.fault(f"{error}; left out on {day}", line=number)

    def moment(self, clock: Clock, operating: Day, place: airports.Airport) -> datetime:
        day = clock.day(operating)
        return from_local(day, clock.since, place.tz) if self.local else midnight(day) + clock.since


def _place(code: str) -> airports.Airport:
    place = airports.airport(code)
    if place is None:
        raise ValueError(f"no airport {code!r} is known")
    return place
