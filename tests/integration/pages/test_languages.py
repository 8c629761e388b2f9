"""Pages are in the language that their reader chose: in Arabic, no English is left but names, codes and data."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import get_resolver

from tests.integration.pages.snowy_day import BOARD, DELAYS, NOW, programmes
from tests.integration.test_sweep_of_addresses import addresses
from windsock.feeds import registry
from windsock.flights import airlines, airports
from windsock.ingest import wrongclock

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("snowy_day")]

SPOKEN_ATTRIBUTES = {"aria-label", "alt", "title", "placeholder", "content"}
# What is a name in every language: products, formats, keys, and the names of languages in their own words.
NAMES = {
    "windsock", "english", "deutsch", "español", "français", "norsk", "api", "utc", "iata", "icao", "csv", "mvt",
    "json", "codeshare", "ics", "enter", "operations", "testserver", "operator", "telex",
    "new", "york", "february", "snow",  # the label of the replay and the reason of a programme are data
    "toml", "feeds",  # names of files and settings
}  # fmt: skip
WORD = re.compile(r"[A-Za-zÀ-ÿ][A-Za-zÀ-ÿ’']{2,}")
NOT_TEXT = re.compile(r"\b(?:https?://\S+|/\S+|[\w.-]+@[\w.-]+|[\w-]+\.\w[\w.-]*|\w*[_=\[\]]\w*)")


class SpokenText(HTMLParser):
    """Collects what a page says: its text and the attributes that are read aloud, without code, scripts and <bdi>."""

    SILENT = {"script", "style", "template", "code", "pre", "bdi"}

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in self.SILENT or values.get("translate") == "no":
            self._silent.append(tag)
        if (
            tag == "meta"
            and values.get("name") not in ("description",)
            and not (values.get("property") or "").startswith("og:")
        ):
            return
        self.parts += [value for name, value in attrs if name in SPOKEN_ATTRIBUTES and value]

    def handle_endtag(self, tag: str) -> None:
        if self._silent and self._silent[-1] == tag:
            self._silent.pop()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


def names_of_places() -> set[str]:
    """Return the words of the names of all airports, cities and carriers of the day."""
    found: set[str] = set()
    for code in ("JFK", "MCO", "ATL", "LAX", "ORD"):
        place = airports.airport(code)
        assert place is not None
        found.update(WORD.findall(f"{place.name} {place.city} {place.zone}".lower()))
    for code in ("B6", "DL", "AA", "UA", "BA"):
        line = airlines.airline(code)
        assert line is not None
        found.update(WORD.findall(line.name.lower()))
    return found


def english_in(page: str, data: set[str]) -> set[str]:
    """Return the English words that the page says, without the names in `data`."""
    spoken = SpokenText()
    spoken.feed(page)
    text = " ".join(spoken.parts)
    for entry in registry.FORMATS.values():
        text = text.replace(entry.title, " ")  # the name of a format is the same in every language
    words = WORD.findall(NOT_TEXT.sub(" ", text))
    return {word for word in words if not word.isupper() and word.lower() not in data}


@pytest.fixture
def operator(client: Client) -> Client:
    """A reader who may open every page."""
    user = get_user_model().objects.create_user("operator", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="windsock"))
    client.force_login(user)
    return client


def pages(client: Client, data: dict[str, str]) -> dict[str, str]:
    """Return every page of the url patterns that answers 200 with HTML, by its address."""
    found = {}
    for path in addresses(get_resolver("windsock.pages.urls").url_patterns):
        answer = client.get(path.replace("DL1865.2015-01-02.ATL", "DL1865.2013-02-08.JFK"), data)
        if answer.status_code == 200 and answer.get("Content-Type", "").startswith("text/html"):
            found[path] = answer.content.decode()
    return found


def test_no_page_says_anything_in_english_to_a_reader_of_arabic(
    operator: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The console warns of a clock that ran ahead, which no other test's flights may decide.
    found = wrongclock.Ahead(3, at_least=False, now=NOW)
    monkeypatch.setattr(wrongclock.watch, "ahead", lambda: found)
    settings.WINDSOCK = {**settings.WINDSOCK, "FEEDS": {"telex": {"format": "mvt"}}}
    programmes(DELAYS)
    known = NAMES | names_of_places()
    read = pages(operator, {"lang": "ar"})
    assert {
        "/",
        "/airports/JFK/departures/",
        "/airports/JFK/arrivals/",
        "/flights/DL1865.2015-01-02.ATL/",
        "/console/",
    } <= set(read)
    for path, page in read.items():
        assert "<html" in page and 'lang="ar"' in page and 'dir="rtl"' in page, path
    left = {path: words for path, page in read.items() if (words := english_in(page, known))}
    assert not left


def test_the_law_finds_english() -> None:
    assert english_in('<p>مرحبا <b>Departures</b> <bdi>JetBlue</bdi></p><img alt="A plane">', set()) == {
        "Departures",
        "plane",
    }


@pytest.mark.parametrize(
    ("asked", "header", "cookie", "spoken"),
    [
        ("", "", "", "en"),
        ("", "de-AT,de;q=0.9,en;q=0.5", "", "de"),
        ("", "tlh, no;q=0.8", "", "nb"),
        ("", "de", "fr", "fr"),
        ("es", "de", "fr", "es"),
        ("xx", "de", "", "de"),
    ],
)
def test_the_language_is_the_one_asked_for_then_the_earlier_choice_then_the_browsers(
    ada: Client, asked: str, header: str, cookie: str, spoken: str
) -> None:
    if cookie:
        ada.cookies["windsock_language"] = cookie
    answer = ada.get(BOARD, {"lang": asked} if asked else {}, headers={"accept-language": header})

    assert answer["Content-Language"] == spoken
    assert f'lang="{spoken}"' in answer.content.decode()
    assert {"Accept-Language", "Cookie"} <= {name.strip() for name in answer["Vary"].split(",")}
    if asked == spoken:
        assert ada.cookies["windsock_language"].value == spoken


def test_the_language_of_one_reader_is_not_the_next_ones(ada: Client) -> None:
    assert "Abflug" in ada.get(BOARD, {"lang": "de"}).content.decode()
    del ada.cookies["windsock_language"]
    assert "Departures" in ada.get(BOARD).content.decode()
