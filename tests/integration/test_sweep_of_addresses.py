"""Every address answers every extreme date and every wrong method in a civil way: no 500, no HTML below /api/."""

from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

pytestmark = pytest.mark.django_db(transaction=True)

DATES = [
    "0001-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31", "10000-01-01", "-1-01-01",
    "2015-02-30", "1e9", "∞", "\x00",
]  # fmt: skip
ARGUMENTS = {
    "code": "JFK", "flight_id": "DL1865.2015-01-02.ATL", "name": "telex", "ticket": "x", "number": "1", "secret": "x",
    "airport": "JFK", "id": "DL1865.2015-01-02.ATL",
}  # fmt: skip
QUERY = ("from", "to", "date", "since", "until", "after", "before", "topics", "q", "show", "limit", "cursor")


def addresses(patterns: list[Any], prefix: str = "/") -> list[str]:
    found = []
    for pattern in patterns:
        route = str(getattr(pattern.pattern, "_route", ""))
        if isinstance(pattern, URLResolver):
            found += addresses(pattern.url_patterns, prefix + route)
        elif isinstance(pattern, URLPattern) and isinstance(pattern.pattern, RoutePattern):
            for part, value in ARGUMENTS.items():
                for kind in ("str:", "int:", "path:", ""):
                    route = route.replace(f"<{kind}{part}>", value)
            if "<" not in route:
                found.append(prefix + route)
    return sorted(set(found))


def test_no_extreme_date_is_a_fault_of_ours(settings: Any) -> None:
    settings.WINDSOCK = {**settings.WINDSOCK, "PUBLIC_READ": True}
    asked = [
        path for path in addresses(get_resolver().url_patterns)
        if not path.startswith("/admin") and not path.endswith("/stream")
    ]  # fmt: skip
    assert {"/airports/JFK/departures/", "/airports/JFK/arrivals/", "/api/v1/flights"} <= set(asked)
    client = Client(raise_request_exception=False)
    for path in asked:
        for date in DATES:
            for names in (QUERY, ("from",), ("to",), ("date",)):
                answer = client.get(path, dict.fromkeys(names, date))
                assert answer.status_code != 500, (path, names, date)


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
@pytest.mark.parametrize("path", ["/api/", "/api/v1/nothing", "/api/v2/reports", "/api/v1/flights/x/y/z"])
def test_what_is_not_there_is_said_as_a_problem(method: str, path: str) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = getattr(client, method)(path)
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
