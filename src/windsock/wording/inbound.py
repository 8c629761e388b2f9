"""What the aircraft's previous flight means for this one, in words that say what is inferred."""

from datetime import datetime
from zoneinfo import ZoneInfo

from windsock.flights.turnaround import Turnaround
from windsock.wording.durations import clock_time, duration
from windsock.wording.language import gettext
from windsock.wording.times import ShownEnd


def inbound_words(turn: Turnaround, end: ShownEnd, now: datetime, zone: ZoneInfo, *, down: bool) -> str:
    """Return when the aircraft comes and what follows: "Arrives 14:05, needs 45 min: departs not before 14:50".

    `end` is the arrival of the previous flight as it is shown, `down` whether that has come down.
    """
    time = clock_time(turn.arrives, now, zone)
    if not turn.binding:
        if down:
            return gettext("The aircraft arrived {time}.", time=time)
        return gettext(
            "The aircraft arrives {time}, in time for this flight (inferred).", time=_about(end, time)
        )
    needed = duration(round(turn.needed.total_seconds() / 60))
    ready = clock_time(turn.ready, now, zone)
    if down:
        return gettext(
            "The aircraft arrived {time} and needs {needed}: departs not before {ready} (inferred).",
            time=time,
            needed=needed,
            ready=ready,
        )
    return gettext(
        "The aircraft arrives {time} and needs {needed}: departs not before {ready} (inferred).",
        time=_about(end, time),
        needed=needed,
        ready=ready,
    )


def _about(end: ShownEnd, time: str) -> str:
    match end.kind:
        case "about":
            return gettext("about {time}", time=time)
        case "at_least":
            return gettext("not before {time}", time=time)
    return time
