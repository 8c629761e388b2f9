"""How a flight number did on earlier days, in words."""

from windsock.flights.past_days import PastDay, PastDays
from windsock.wording.durations import duration, lateness
from windsock.wording.language import gettext, ngettext


def outcome_words(day: PastDay) -> str:
    """Return how the flight of that day ended: "35 min late", "cancelled"."""
    match day.outcome:
        case "cancelled":
            return gettext("cancelled")
        case "diverted":
            return gettext("diverted")
    return lateness(day.minutes)


def summary(past: PastDays, late_minutes: int) -> list[str]:
    """Return the figures of these days, each as a phrase: the median, how many were late, how many were cancelled."""
    phrases = []
    if past.median is not None:
        phrases.append(gettext("mostly {lateness} (median)", lateness=lateness(past.median)))
        phrases.append(
            gettext(
                "{late} of {flown} at least {duration} late ({percent} %)",
                late=past.late,
                flown=past.flown,
                duration=duration(late_minutes),
                percent=past.late_percent,
            )
        )
    if past.cancelled:
        phrases.append(ngettext("{count} cancelled", "{count} cancelled", past.cancelled))
    return phrases
