"""What every page needs: the service's time, the strip that says whether a replay runs, and "not found"."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import dateformat

from windsock.clock import ReplayClock, system_clock
from windsock.pages.error_pages import error_page
from windsock.wording.language import gettext, pgettext


def service_now(clock: ReplayClock | None, real: datetime | None = None) -> datetime:
    """Return the service's time: the replay's clock while one runs, else the machine's."""
    moment = real or system_clock()
    return clock.at(moment) if clock else moment


def weekday_and_date(moment: datetime, zone: ZoneInfo) -> str:
    """Return the day on the calendar in `zone`: "Mon 1 July"."""
    return dateformat.format(moment.astimezone(zone), pgettext("weekday and date", "D j F"))


def day_of(date: date) -> str:
    """Return a day with its year: "1 July 2013"."""
    return dateformat.format(date, pgettext("date", "j F Y"))


def strip(clock: ReplayClock | None) -> dict[str, Any]:
    """Return what the strip below the heading (`_strip.html`) shows of a replay."""
    if clock is None:
        return {"clock": None, "clock_speed": ""}
    return {"clock": clock, "clock_speed": f"{clock.speed:g}×" if clock.speed else gettext("paused")}


def not_found(request: HttpRequest, heading: str, text: str) -> HttpResponse:
    """Return a page with status 404 that says what is missing and what an address looks like."""
    return error_page(request, 404, heading, text)
