"""The language in which people read: messages, their plurals, and which language is spoken at the moment.

A message is an English sentence with named placeholders, `gettext("Gate {gate} is closed", gate="B31")`. Its
translations are in `windsock/locale`, one catalogue for templates, Python and the browser (`tools/catalogues.py`
compiles it). English is the language of the code and needs no catalogue. A translation that is missing or broken
reads in English: a page is never lost to a typing error of a translator.
"""

import gettext as catalogues
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import Literal

logger = logging.getLogger(__name__)

ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Language:
    """A language that people can choose: its code (BCP 47), its own name, and the direction in which it is written."""

    code: str
    name: str
    direction: Literal["ltr", "rtl"] = "ltr"


LANGUAGES = {
    language.code: language
    for language in (
        Language("en", "English"),
        Language("de", "Deutsch"),
        Language("es", "Español"),
        Language("fr", "Français"),
        Language("nb", "Norsk"),
        Language("ar", "العربية", "rtl"),
    )
}
"""The languages with a catalogue, by code, in the order of the menu."""

# Codes that browsers send for a language that is listed under another one.
_ALIASES = {"no": "nb", "nn": "nb"}

_spoken: ContextVar[str] = ContextVar("windsock_language", default=ENGLISH)


def current() -> Language:
    """Return the language that is spoken now, English unless `speaking` chose another one."""
    return LANGUAGES[_spoken.get()]


def known(code: str) -> str | None:
    """Return the code of the listed language that this code means: "de" for "de-AT"; None if there is none."""
    primary = code.strip().lower().replace("_", "-").partition("-")[0]
    primary = _ALIASES.get(primary, primary)
    return primary if primary in LANGUAGES else None


@contextmanager
def speaking(code: str) -> Iterator[Language]:
    """Speak this language inside the block; English if the code is not listed."""
    token = _spoken.set(known(code) or ENGLISH)
    try:
        yield current()
    finally:
        _spoken.reset(token)


def gettext_noop(text: str) -> str:
    """Mark a text of a table as a message, and return it as it is; `gettext` translates it where it is used."""
    return text


def gettext(message: str, **values: object) -> str:
    """Return the message in the spoken language, with its placeholders filled in."""
    code = _spoken.get()
    if code != ENGLISH:
        return _filled(_catalogue(code).gettext(message), message, values)
    return message.format(**values) if values else message


def ngettext(one: str, many: str, count: int, **values: object) -> str:
    """Return the message for this count in the spoken language; `{count}` is one of its placeholders."""
    values = {"count": count, **values}
    english = one if count == 1 else many
    code = _spoken.get()
    if code != ENGLISH:
        return _filled(_catalogue(code).ngettext(one, many, count), english, values)
    return english.format(**values)


def pgettext(context: str, message: str, **values: object) -> str:
    """Return a message that means different things in different places; `context` says which one."""
    code = _spoken.get()
    if code != ENGLISH:
        return _filled(_catalogue(code).pgettext(context, message), message, values)
    return message.format(**values) if values else message


def _filled(translation: str, message: str, values: dict[str, object]) -> str:
    if not values:
        return translation
    try:
        return translation.format(**values)
    except (KeyError, IndexError, ValueError):
        logger.error("The translation %r of %r has wrong placeholders.", translation, message)
        return message.format(**values)


@cache
def _catalogue(code: str) -> catalogues.NullTranslations:
    try:
        with (
            as_file(files("windsock") / "locale" / code / "LC_MESSAGES" / "django.mo") as path,
            path.open("rb") as file,
        ):
            return catalogues.GNUTranslations(file)
    except (OSError, ValueError) as error:
        logger.error("The catalogue of %r cannot be read, so its pages are in English: %s", code, error)
        return catalogues.NullTranslations()
