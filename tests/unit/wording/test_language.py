"""The language in which people read: chosen per block, English where a translation is missing or broken."""

import gettext as catalogues

import pytest

from windsock.wording import language
from windsock.wording.language import gettext, ngettext, pgettext, speaking


class Catalogue(catalogues.NullTranslations):
    """A catalogue of one good message and one with a wrong placeholder."""

    def gettext(self, message: str) -> str:
        return {"Gate {gate}": "Flugsteig {gate}", "Belt {belt}": "Band {bnad}"}.get(message, message)


def test_english_needs_no_catalogue() -> None:
    assert gettext("Gate {gate}", gate="B31") == "Gate B31"
    assert ngettext("{count} flight", "{count} flights", 1) == "1 flight"
    assert ngettext("{count} flight", "{count} flights", 2) == "2 flights"
    assert pgettext("verb", "Open") == "Open"


def test_a_language_is_spoken_inside_its_block_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "_catalogue", lambda code: Catalogue())
    with speaking("de") as spoken:
        assert (spoken.code, spoken.direction) == ("de", "ltr")
        assert gettext("Gate {gate}", gate="B31") == "Flugsteig B31"
    assert gettext("Gate {gate}", gate="B31") == "Gate B31"


def test_a_missing_or_broken_translation_reads_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "_catalogue", lambda code: Catalogue())
    with speaking("de"):
        assert gettext("Belt {belt}", belt="7") == "Belt 7"
        assert gettext("Stand {stand}", stand="7") == "Stand 7"


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("de-AT", "de"),
        ("no", "nb"),
        ("nn-NO", "nb"),
        ("FR_ca", "fr"),
        ("ar", "ar"),
        ("tlh", None),
        ("", None),
    ],
)
def test_codes_that_browsers_send(code: str, found: str | None) -> None:
    assert language.known(code) == found


@pytest.mark.parametrize("code", sorted(set(language.LANGUAGES) - {"en"}))
def test_every_listed_language_has_a_catalogue(code: str) -> None:
    assert isinstance(language._catalogue(code), catalogues.GNUTranslations)
