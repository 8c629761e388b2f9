"""What every page needs: the service's time, the strip that says whether a replay runs, and "not found"."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from windsock.clock import ReplayClock, system_clock


def service_now(clock: ReplayClock | None, real: datetime | None = None) -> datetime:
    """Return the service's time: the replay's clock while one runs, else the machine's."""
    moment = real or system_clock()
    return clock.at(moment) if clock else moment


def strip(clock: ReplayClock | None) -> dict[str, Any]:
    """Return what the strip below the heading (`_strip.html`) shows of a replay."""
    if clock is None:
        return {"clock": None, "clock_speed": ""}
    return {"clock": clock, "clock_speed": f"{clock.speed:g}×" if clock.speed else "paused"}


def not_found(request: HttpRequest, heading: str, text: str) -> HttpResponse:
    """Return a page with status 404 that says what is missing and what an address looks like."""
    return render(request, "windsock/not_found.html", {"heading": heading, "text": text}, status=404)
