"""Catalogues are complete, and what is compiled from them is fresh."""

import pytest

from tools import catalogues
from windsock.wording.language import ENGLISH, LANGUAGES

CURE = "Run: python -m tools.catalogues update"


def test_every_language_that_can_be_chosen_has_a_catalogue() -> None:
    assert set(catalogues.PLURALS) == set(LANGUAGES) - {ENGLISH}


@pytest.fixture(scope="module")
def messages() -> catalogues.Catalog:
    return catalogues.template_catalogue()


@pytest.mark.parametrize("language", sorted(catalogues.PLURALS))
def test_every_message_is_translated_with_the_same_placeholders(
    language: str, messages: catalogues.Catalog
) -> None:
    wrong = [
        f"{message.id!r}: {fault}"
        for message in catalogues.updated(language, messages)
        if message.id
        for fault in catalogues.faults(message)
    ]
    assert not wrong, f"{len(wrong)} messages of {language}: {wrong[:20]}"


@pytest.mark.parametrize("language", sorted(catalogues.PLURALS))
def test_compiled_files_are_fresh(language: str, messages: catalogues.Catalog) -> None:
    for path, content in catalogues.outputs(language, messages).items():
        assert path.exists() and path.read_bytes() == content, f"{path} is stale. {CURE}"


def test_a_fault_in_a_translation_is_found() -> None:
    catalogue = catalogues.Catalog(locale="de")
    assert catalogues.faults(catalogue.add("Gate {gate}", "Gate {gaet}"))
    assert catalogues.faults(catalogue.add("Belt {belt}", ""))
    assert not catalogues.faults(catalogue.add("Stand {stand}", "Position {stand}"))
    assert not catalogues.faults(
        catalogue.add(("{count} flight", "{count} flights"), ("ein Flug", "{count} Flüge"))
    )
