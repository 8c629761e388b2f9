"""Count the flights of each airport in a window of time, for the list of airports."""

from collections import defaultdict
from datetime import datetime
from functools import partial

from django.db.models import Count

from windsock.journal.connection import ask
from windsock.journal.models import FlightRow


def flights_by_airport(
    using: str, since: datetime | None = None, until: datetime | None = None
) -> dict[str, tuple[int, int]]:
    """Return airport code → (departures, arrivals) by best known time in the window; only airports with any."""
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for index, (place, time) in enumerate((("origin", "departs_at"), ("destination", "arrives_at"))):
        rows = FlightRow.objects.using(using).filter(version__gt=0, **{f"{place}__isnull": False})
        if since is not None:
            rows = rows.filter(**{f"{time}__gte": since})
        if until is not None:
            rows = rows.filter(**{f"{time}__lt": until})
        counted = rows.order_by().values_list(place).annotate(number=Count("id"))
        numbers: list[tuple[str, int]] = ask(using, partial(list, counted))
        for code, number in numbers:
            found[code][index] = number
    return {code: (departures, arrivals) for code, (departures, arrivals) in found.items()}
