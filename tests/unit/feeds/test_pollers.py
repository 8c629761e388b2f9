"""What each provider is asked: the requests, the pages, where it goes on, and how often."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from windsock.errors import ConfigError
from windsock.feeds.polling import Poller, Request, two_parts
from windsock.feeds.registry import format_named
from windsock.feeds.watching import MAX_WATCHED

NOON = datetime(2026, 7, 5, 12, 0, tzinfo=UTC)
WATCHED = {"flights": ["SAS1423", "dl 1865"]}


def poller(
    name: str, options: dict[str, Any], secret: str | None = "key:part", url: str | None = None
) -> Poller:
    found = format_named(name).poller(options, secret, url)
    assert found is not None
    return found


def asked(
    name: str, options: dict[str, Any], now: datetime = NOON, cursor: str = "", **more: Any
) -> list[Request]:
    return list(poller(name, options, **more).requests(cursor, now))


def paths(requests: list[Request]) -> list[str]:
    return [urlsplit(request.url).path for request in requests]


def test_swedavia_is_asked_for_both_boards_of_today_and_tomorrow_by_swedish_clocks() -> None:
    requests = asked(
        "swedavia", {"airport": "ARN"}, datetime(2026, 7, 5, 22, 30, tzinfo=UTC) - timedelta(hours=2)
    )
    assert paths(requests) == [
        "/flightinfo/v2/ARN/departures/2026-07-05",
        "/flightinfo/v2/ARN/arrivals/2026-07-05",
        "/flightinfo/v2/ARN/departures/2026-07-06",
        "/flightinfo/v2/ARN/arrivals/2026-07-06",
    ]
    assert {request.headers["Ocp-Apim-Subscription-Key"] for request in requests} == {"key:part"}


def test_swedavia_is_asked_for_yesterday_too_while_its_flights_are_on_their_way() -> None:
    requests = asked("swedavia", {"airport": "arn"}, datetime(2026, 7, 5, 22, 30, tzinfo=UTC))
    assert [path.rpartition("/")[2] for path in paths(requests)[::2]] == [
        "2026-07-05",
        "2026-07-06",
        "2026-07-07",
    ]


def schiphol_page(*updated: object) -> bytes:
    return json.dumps({"flights": [{"id": "1", "lastUpdatedAt": one} for one in updated]}).encode()


def test_schiphol_is_asked_for_some_hours_first_by_amsterdams_clocks() -> None:
    (request,) = asked("schiphol", {})
    assert request.url == "https://api.schiphol.nl/public-flights/flights"
    assert (request.params["fromDateTime"], request.params["toDateTime"]) == (
        "2026-07-05T08:00:00",
        "2026-07-06T02:00:00",
    )
    assert "searchDateTimeField" not in request.params
    assert (request.headers["app_id"], request.headers["app_key"]) == ("key", "part")
    assert request.headers["ResourceVersion"] == "v4"


def test_schiphol_is_asked_on_from_the_latest_update_told() -> None:
    feed = poller("schiphol", {})
    pages = [
        schiphol_page("2026-07-05T13:57:10.123+02:00", None, "soon"),
        schiphol_page("2026-07-05T11:50:00Z"),
    ]
    cursor = feed.cursor(pages, "", NOON)
    assert cursor == "2026-07-05T13:52:10"
    (request,) = feed.requests(cursor, NOON)
    assert request.params["searchDateTimeField"] == "lastUpdatedAt"
    assert (request.params["fromDateTime"], request.params["toDateTime"]) == (cursor, "2026-07-05T14:05:00")


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(schiphol_page(), id="nothing new"),
        pytest.param(schiphol_page("2026-07-05T09:00:00Z"), id="an old update"),
        pytest.param(schiphol_page("2027-07-05T09:00:00Z"), id="an update from the future"),
    ],
)
def test_schiphols_cursor_never_goes_back_nor_ahead_of_time(page: bytes) -> None:
    assert poller("schiphol", {}).cursor([page], "2026-07-05T13:52:10", NOON) == "2026-07-05T13:52:10"


@pytest.mark.parametrize("cursor", ["2026-07-05T01:00:00", "2026-07-05T13:00:00+02:00", "nonsense"])
def test_schiphol_is_asked_anew_after_long_silence_or_a_mark_that_is_none(cursor: str) -> None:
    assert "searchDateTimeField" not in asked("schiphol", {}, cursor=cursor)[0].params


def test_schiphols_next_page_is_what_the_link_header_names() -> None:
    link = '<https://api.schiphol.nl/public-flights/flights?page=1>; rel="next", <https://a.nl/x>; rel="last"'
    feed = poller("schiphol", {})
    assert feed.next_page({"link": link}, b"") == "https://api.schiphol.nl/public-flights/flights?page=1"
    assert feed.next_page({}, b"") is None


def test_aeroapi_is_asked_by_flight_number_for_the_day_before_and_after() -> None:
    first, second = asked("aeroapi", WATCHED)
    assert first.url == "https://aeroapi.flightaware.com/aeroapi/flights/SAS1423"
    assert second.url.endswith("/flights/DL1865")
    assert first.headers["x-apikey"] == "key:part"
    assert first.params == {
        "ident_type": "designator",
        "start": "2026-07-04T12:00:00Z",
        "end": "2026-07-06T12:00:00Z",
        "max_pages": "1",
    }


@pytest.mark.parametrize(
    ("market", "host", "header"),
    [
        pytest.param(None, "aerodatabox.p.rapidapi.com", "X-RapidAPI-Key", id="RapidAPI by default"),
        pytest.param("api.market", "prod.api.market", "x-api-market-key", id="API.Market"),
    ],
)
def test_aerodatabox_is_asked_where_its_key_was_bought(market: str | None, host: str, header: str) -> None:
    (request,) = asked("aerodatabox", WATCHED | ({} if market is None else {"market": market}))
    assert urlsplit(request.url).hostname == host
    assert request.url.endswith("/flights/number/SAS1423")
    assert request.headers[header] == "key:part"


def test_aviationstack_is_asked_for_flights_by_their_kind_of_code_and_for_both_boards_of_an_airport() -> None:
    requests = asked("aviationstack", {"flights": ["SAS1423", "DL1865"], "airports": ["LIS", "ESSA"]})
    assert [
        {key: value for key, value in request.params.items() if key not in ("access_key", "limit")}
        for request in requests
    ] == [
        {"flight_icao": "SAS1423"},
        {"flight_iata": "DL1865"},
        {"dep_iata": "LIS"},
        {"arr_iata": "LIS"},
        {"dep_icao": "ESSA"},
        {"arr_icao": "ESSA"},
    ]
    assert {request.params["access_key"] for request in requests} == {"key:part"}


@pytest.mark.parametrize(
    ("page", "following"),
    [
        pytest.param(
            {"limit": 100, "offset": 0, "count": 100, "total": 250}, "?offset=100", id="the first of three"
        ),
        pytest.param({"limit": 100, "offset": 200, "count": 50, "total": 250}, None, id="the last"),
        pytest.param({"limit": 100, "offset": 0, "count": 0, "total": 250}, None, id="an empty one"),
        pytest.param({"offset": "0"}, None, id="one that does not count"),
        pytest.param(None, None, id="no pages"),
    ],
)
def test_aviationstack_has_pages_until_its_total_is_reached(page: Any, following: str | None) -> None:
    body = json.dumps({"pagination": page, "data": []}).encode()
    assert poller("aviationstack", WATCHED).next_page({}, body) == following
    assert poller("aviationstack", WATCHED).next_page({}, b"<html>") is None


def test_flightstats_is_asked_by_carrier_number_and_day_for_yesterday_too_until_the_evening() -> None:
    requests = asked("flightstats", {"flights": ["DL1865"]})
    root = "/flex/flightstatus/rest/v2/json/flight/status/DL/1865/dep"
    assert paths(requests) == [f"{root}/2026/7/4", f"{root}/2026/7/5"]
    assert requests[0].params == {"appId": "key", "appKey": "part", "utc": "true"}
    assert paths(asked("flightstats", {"flights": ["DL1865"]}, NOON + timedelta(hours=8))) == [
        f"{root}/2026/7/5"
    ]


def test_a_secret_of_two_parts_must_have_both_and_is_not_repeated_in_the_error() -> None:
    with pytest.raises(ConfigError, match="appId and appKey") as caught:
        poller("flightstats", WATCHED, secret="hunter2")
    assert "hunter2" not in str(caught.value)
    assert two_parts("a:b:c", feed="x", parts="y") == ("a", "b:c")


@pytest.mark.parametrize("name", ["aeroapi", "aviationstack", "flightstats"])
def test_of_many_watched_some_are_asked_for_at_a_time_and_then_it_begins_again(name: str) -> None:
    watch = poller(name, {"flights": [f"DL{number}" for number in range(1, 13)]})
    seen, cursor = [], ""
    for _ in range(3):
        seen.append(len({request.url + str(request.params) for request in watch.requests(cursor, NOON)}))
        cursor = watch.cursor([b"{}"], cursor, NOON)
    each = 2 if name == "flightstats" else 1
    assert seen == [5 * each, 5 * each, 2 * each]
    assert cursor == ""


def test_a_flight_that_is_refused_does_not_keep_it_from_the_others() -> None:
    watch = poller("aerodatabox", WATCHED)
    assert paths(list(watch.requests(watch.after_refusal(""), NOON))) == ["/flights/number/DL1865"]


@pytest.mark.parametrize("cursor", ["99", "-1", "four", "²", "2026-07-05T00:00:00Z"])
def test_a_place_that_the_list_does_not_have_is_its_beginning(cursor: str) -> None:
    assert len(asked("aeroapi", WATCHED, cursor=cursor)) == 2


@pytest.mark.parametrize("name", ["aeroapi", "aerodatabox", "aviationstack", "flightstats"])
def test_without_a_list_of_flights_nothing_is_asked(name: str) -> None:
    assert format_named(name).poller({}, None, None) is None


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("avinor", 180.0),
        ("finavia", 120.0),
        ("hongkong", 90.0),
        ("schiphol", 120.0),
        ("swedavia", 300.0),
        ("aeroapi", 60.0),
        ("aerodatabox", 10.0),
        ("aviationstack", 60.0),
        ("flightstats", 60.0),
    ],
)
def test_no_provider_is_asked_more_often_than_its_etiquette_allows(name: str, least: float) -> None:
    asked_by = format_named(name).hooks.poller
    assert asked_by is not None
    assert asked_by.every >= least


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        pytest.param("aeroapi", {"flights": "DL1865"}, "a list of flight numbers", id="a text for a list"),
        pytest.param(
            "aeroapi", {"flights": ["DL1865", 7]}, "a list of flight numbers", id="a number in the list"
        ),
        pytest.param("aeroapi", {"flights": []}, "empty", id="an empty list"),
        pytest.param("aeroapi", {"flights": ["../alerts"]}, "not a flight number", id="a path"),
        pytest.param("flightstats", {"flights": ["DELTA"]}, "not a flight number", id="no number"),
        pytest.param("aeroapi", {"flights": ["DL1"] * (MAX_WATCHED + 1)}, "at most", id="too many"),
        pytest.param("aerodatabox", {"market": "bazaar"}, "rapidapi, api.market", id="an unknown market"),
        pytest.param("aerodatabox", {"market": ["rapidapi"]}, "rapidapi, api.market", id="a list of markets"),
        pytest.param("aviationstack", {"airports": ["Lisbon"]}, "IATA or ICAO code", id="a city"),
        pytest.param("swedavia", {"airport": "Q"}, "airport's code", id="no airport"),
        pytest.param("swedavia", {"airport": ["ARN"]}, "airport's code", id="a list of airports"),
    ],
)
def test_options_that_nobody_can_be_asked_with_are_refused(
    name: str, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        format_named(name).parser(name, options)
    made = format_named(name).hooks.poller
    assert made is not None
    with pytest.raises(ConfigError, match=said):
        made(options, secret="a:b")


def test_another_address_than_the_providers_own_is_asked_where_one_is_configured() -> None:
    assert (
        asked("aeroapi", WATCHED, url="http://127.0.0.1:1/proxy")[0].url
        == "http://127.0.0.1:1/proxy/flights/SAS1423"
    )
