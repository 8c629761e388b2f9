"""The list of formats keeps its word: each loads, is documented, and keeps its secret out of addresses' paths."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from windsock.collect.feed_run import is_run
from windsock.errors import ConfigError
from windsock.feeds.configuration import attributions, read
from windsock.feeds.registry import FORMATS, format_named

PAGES = Path(__file__).parents[3] / "docs" / "reference" / "feeds"
NOW = datetime(2026, 7, 5, 12, 0, tzinfo=UTC)
SECRET = "open-sesame:and-close"

OPTIONS: dict[str, dict[str, Any]] = {
    "avinor": {"airport": "OSL"},
    "finavia": {"airport": "HEL"},
    "swedavia": {"airport": "ARN"},
    "aeroapi": {"flights": ["DL1865"]},
    "aerodatabox": {"flights": ["DL1865"]},
    "aviationstack": {"flights": ["DL1865"], "airports": ["LIS"]},
    "flightstats": {"flights": ["DL1865"]},
}
POLLED = [name for name, form in FORMATS.items() if form.hooks.poller is not None]
every_format = pytest.mark.parametrize("name", sorted(FORMATS))


@every_format
def test_a_format_has_a_module_that_parses(name: str) -> None:
    assert callable(FORMATS[name].hooks.parse)


@every_format
def test_a_format_has_a_page_that_names_its_options(name: str) -> None:
    page = (PAGES / f"{name}.md").read_text()
    assert page.startswith("# ")
    assert [
        option for option in FORMATS[name].options if f"`{option}`" not in page and f"{option} = " not in page
    ] == []


def test_each_enabled_feeds_provider_is_named_once() -> None:
    feeds: dict[str, Any] = {
        "bergen": {"format": "avinor", "airport": "BGO"},
        "oslo": {"format": "avinor", "airport": "OSL"},
        "telexes": {"format": "mvt"},
        "programmes": {"format": "faa"},
        "off": {"format": "hongkong", "enabled": False},
    }
    assert attributions(feeds) == ["Flight data from Avinor", "Airport programmes from the FAA"]


@every_format
def test_what_is_required_is_an_option(name: str) -> None:
    assert set(FORMATS[name].required) <= set(FORMATS[name].options)


@every_format
def test_an_option_of_a_wrong_kind_is_refused(name: str) -> None:
    for option in FORMATS[name].options:
        with pytest.raises(ConfigError, match=option):
            FORMATS[name].parser(name, {**OPTIONS.get(name, {}), option: {"no": "such"}})


@every_format
def test_an_option_that_there_is_not_is_refused_with_what_there_is(name: str) -> None:
    with pytest.raises(ConfigError, match="interval_seconds"):
        read({"one": {"format": name, **OPTIONS.get(name, {}), "colour": "red"}})


@pytest.mark.parametrize("name", POLLED)
def test_a_secret_is_in_no_path_of_an_address(name: str) -> None:
    url = "https://example.org/flights"
    poller = FORMATS[name].poller(OPTIONS.get(name, {}), SECRET, url)
    assert poller is not None
    requests = poller.requests("", NOW)
    assert requests
    for request in requests:
        for part in SECRET.split(":"):
            assert part not in request.url
        assert urlsplit(request.url).hostname == "example.org"
    if poller.needs_secret:
        sent = str([(request.params, request.headers) for request in requests])
        assert all(part in sent for part in SECRET.split(":"))


@pytest.mark.parametrize("name", [name for name in POLLED if name != "generic"])
def test_a_providers_own_address_is_asked_by_tls(name: str) -> None:
    poller = FORMATS[name].poller(OPTIONS.get(name, {}), SECRET, None)
    assert poller is not None
    assert {urlsplit(request.url).scheme for request in poller.requests("", NOW)} == {"https"}


def test_a_format_that_there_is_not_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="aeroapi, aerodatabox, aidx"):
        format_named("morse")


@every_format
@pytest.mark.parametrize("url", [None, "https://feed.example/data"])
@pytest.mark.parametrize("given", [True, False])
def test_a_feed_is_polled_exactly_if_it_asks_somebody(name: str, url: str | None, given: bool) -> None:
    """What is not polled is not called silent after ten of its intervals either: it has none."""
    form = FORMATS[name]
    options = (
        OPTIONS.get(name, {})
        if given
        else {key: OPTIONS[name][key] for key in form.required if name in OPTIONS}
    )
    poller = form.poller(options, SECRET, url)

    assert (poller is not None) == form.is_polled(options, url)
    if poller is not None:
        assert poller.requests("", NOW)


@every_format
def test_what_is_only_pushed_needs_nobody_who_watches_it_unless_it_says_so(name: str) -> None:
    form = FORMATS[name]
    options = {key: OPTIONS[name][key] for key in form.required if name in OPTIONS}
    if name == "generic":
        options = {"mapping": "rows.toml"}
    settings = read({"one": {"format": name, **options}})["one"]
    watched = read({"one": {"format": name, **options, "stale_minutes": 30}})["one"]

    assert is_run(settings) == form.is_polled(settings.options, settings.url)
    assert is_run(watched)
