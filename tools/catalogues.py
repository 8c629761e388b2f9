"""The catalogues of translations: `python -m tools.catalogues update | check | missing [LANGUAGE]`.

`update` collects the messages of Python, templates and JavaScript, brings each
`src/windsock/locale/LANGUAGE/LC_MESSAGES/django.po` up to date (new messages empty, old ones removed), and compiles it:
`django.mo` for Python and templates, `static/windsock/locale/LANGUAGE.js` for the browser. `check` only reports what
`update` would change, and which messages are not translated. `missing` lists those.
"""

import argparse
import io
import json
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from windsock.flights import delay_codes
from windsock.flights.fields import LABELS
from windsock.flights.own_sources import OWN_SOURCES
from windsock.wording.changes import ITEMS

SOURCE = Path(__file__).parent.parent / "src" / "windsock"
LOCALE = SOURCE / "locale"
STATIC = SOURCE / "static" / "windsock"
KEYWORDS = {
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "gettext_noop": None,
}
# In templates, `_("none yet")` is an argument of a filter; in Python and JavaScript it is a name for what nobody uses.
TEMPLATE_KEYWORDS = KEYWORDS | {"_": None}
# The formula of each language as Django's own catalogues have it, and the categories of Intl.PluralRules in that order.
PLURALS = {
    "de": ("nplurals=2; plural=(n != 1);", ["one", "other"]),
    "es": ("nplurals=2; plural=(n != 1);", ["one", "other"]),
    "fr": ("nplurals=2; plural=(n > 1);", ["one", "other"]),
    "nb": ("nplurals=2; plural=(n != 1);", ["one", "other"]),
    "ar": (
        "nplurals=6; plural=n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3"
        " : n%100>=11 && n%100<=99 ? 4 : 5;",
        ["zero", "one", "two", "few", "many", "other"],
    ),
}
# One moment for every file, so that an update without new messages changes nothing.
WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)
PLACEHOLDER = re.compile(r"\{\w+\}|%\(\w+\)s")

Key = tuple[str | None, str | tuple[str, ...]]


def python_messages() -> Iterator[Key]:
    """Yield the messages of Python modules."""
    for path in sorted(SOURCE.rglob("*.py")):
        yield from _extracted("python", path.read_bytes())


def template_messages() -> Iterator[Key]:
    """Yield the messages of templates."""
    for path in sorted((SOURCE / "templates").rglob("*.html")):
        code = templatize(path.read_text(encoding="utf-8"), origin=str(path))
        # What is left of the template is blanked out; its indentation would not be Python.
        lines = "\n".join(line.strip() for line in code.splitlines())
        yield from _extracted("python", lines.encode(), TEMPLATE_KEYWORDS)


def script_messages() -> Iterator[Key]:
    """Yield the messages of the browser's modules."""
    for path in sorted(STATIC.glob("*.js")):
        if not path.name.endswith(".min.js"):
            yield from _extracted("javascript", path.read_bytes())


def table_messages() -> Iterator[Key]:
    """Yield the texts of Windsock's own tables: names of fields, reasons of delays, its own sources."""
    for text in {*LABELS.values(), *ITEMS.values(), *(source.title for source in OWN_SOURCES.values())}:
        yield None, text
    yield from reason_messages()


def reason_messages() -> Iterator[Key]:
    """Yield the reasons of delays, which the browser words too."""
    for text in delay_codes.all_texts():
        yield None, text


def _extracted(method: str, content: bytes, keywords: Mapping[str, Any] = KEYWORDS) -> Iterator[Key]:
    for _, message, _, context in extract(method, io.BytesIO(content), keywords=keywords):
        yield context, message if isinstance(message, str) else tuple(message)


def template_catalogue() -> Catalog:
    """Return all messages, without translations."""
    catalogue = Catalog(charset="utf-8")
    found = {*python_messages(), *template_messages(), *script_messages(), *table_messages()}
    for context, message in sorted(found, key=lambda key: (str(key[1]), str(key[0]))):
        catalogue.add(message, context=context)
    return catalogue


def read(language: str) -> Catalog:
    """Return the catalogue of a language as it is on disk; an empty one if there is none."""
    path = LOCALE / language / "LC_MESSAGES" / "django.po"
    if not path.exists():
        return Catalog(locale=language, charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language)


def updated(language: str, template: Catalog) -> Catalog:
    """Return the catalogue of a language with exactly the messages of the template."""
    old = read(language)
    new = Catalog(
        locale=language,
        charset="utf-8",
        project="Windsock",
        copyright_holder="The Windsock authors",
        creation_date=WRITTEN,
        revision_date=WRITTEN,
        fuzzy=False,
        header_comment=f"# Windsock in {language}. Update with: python -m tools.catalogues update",
    )
    formula, categories = PLURALS[language]
    new._num_plurals, new._plural_expr = len(categories), formula.partition("plural=")[2].rstrip(";")
    for message in template:
        if not message.id:
            continue
        known = old.get(message.id, message.context)
        string: Any = known.string if known is not None else ""
        if isinstance(message.id, tuple | list):
            forms = list(string) if isinstance(string, tuple | list) else []
            string = tuple((forms + [""] * len(categories))[: len(categories)])
        elif not isinstance(string, str):
            string = string[0]
        new.add(message.id, string, context=message.context)
    return new


def written(catalogue: Catalog) -> bytes:
    """Return the catalogue as a .po file."""
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=0, no_location=True, sort_output=True, include_previous=False)
    return buffer.getvalue()


def compiled(catalogue: Catalog) -> bytes:
    """Return the catalogue as a .mo file, for Python and Django."""
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


def module(language: str, catalogue: Catalog) -> bytes:
    """Return the module with the messages that the browser needs."""
    messages: dict[str, str | list[str]] = {}
    for context, id in sorted({*script_messages(), *reason_messages()}, key=str):
        message = catalogue.get(id, context)
        if message is None or not complete(message):
            continue
        key = id if isinstance(id, str) else id[0]
        messages[f"{context}\4{key}" if context else key] = (
            list(message.string) if isinstance(id, tuple) else str(message.string)
        )
    content = {"language": language, "plurals": PLURALS[language][1], "messages": messages}
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return (
        f"// Made by tools/catalogues.py from locale/{language}/LC_MESSAGES/django.po.\n"
        f'import {{ learn }} from "../language.js";\nlearn({text});\n'
    ).encode()


def complete(message: Message) -> bool:
    """Return whether every form of the message is translated."""
    return all(message.string) if isinstance(message.string, tuple | list) else bool(message.string)


def faults(message: Message) -> list[str]:
    """Return what is wrong with a translation: a form is missing, or a placeholder differs from the message's."""
    if not complete(message):
        return ["not translated"]
    ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
    strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
    expected = {name for id in ids for name in PLACEHOLDER.findall(id)}
    found = []
    for string in strings:
        names = set(PLACEHOLDER.findall(string))
        # One of something may be said without its number.
        if names - expected or (expected - names) - (
            {"{count}", "%(count)s", "%(n)s"} if len(ids) > 1 else set()
        ):
            found.append(f"has the placeholders {sorted(names)}, not {sorted(expected)}: {string!r}")
    return found


def outputs(language: str, template: Catalog) -> dict[Path, bytes]:
    """Return what the files of a language should contain."""
    catalogue = updated(language, template)
    folder = LOCALE / language / "LC_MESSAGES"
    return {
        folder / "django.po": written(catalogue),
        folder / "django.mo": compiled(catalogue),
        STATIC / "locale" / f"{language}.js": module(language, catalogue),
    }


def main() -> int:
    """Run the command. Return 0, or 1 if the catalogues need work."""
    parser = argparse.ArgumentParser(prog="python -m tools.catalogues", description=__doc__)
    parser.add_argument("action", choices=["update", "check", "missing"])
    parser.add_argument("language", nargs="?", choices=sorted(PLURALS))
    given = parser.parse_args()
    languages = [given.language] if given.language else sorted(PLURALS)
    template = template_catalogue()
    status = 0
    for language in languages:
        wrong = [
            (message, fault)
            for message in updated(language, template)
            if message.id
            for fault in faults(message)
        ]
        for path, content in outputs(language, template).items():
            if path.exists() and path.read_bytes() == content:
                continue
            if given.action == "update":
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            elif given.action == "check":
                print(f"{path.relative_to(SOURCE)} is stale. Run: python -m tools.catalogues update")
                status = 1
        if given.action == "missing":
            for message, fault in wrong:
                print(f"{language}\t{fault}\t{json.dumps(message.id, ensure_ascii=False)}")
        elif wrong:
            print(
                f"{language}: {len(wrong)} messages need a translator. List them: python -m tools.catalogues missing"
            )
            status = status or int(given.action == "check")
    return status


if __name__ == "__main__":
    sys.exit(main())
