"""Names of sources: which are Windsock's own, and which look alike to people, whatever their case or script."""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

OWN = "windsock"
"""Windsock itself speaks as "windsock" or "windsock.…"; nobody else may."""

MAX_LENGTH = 64
"""The length of a source's name in a report."""

# Stands in a skeleton for a character that might look like any other.
_ANY = "\ufffd"
# Scripts whose characters nobody takes for Latin letters.
_UNLIKE = ("CJK ", "HANGUL ", "HIRAGANA ", "KATAKANA ")
# What looks alike in ASCII itself, in most typefaces.
_ASCII = str.maketrans({"0": "o", "1": "l", "|": "l"})


@lru_cache(maxsize=4096)
def skeleton(name: str) -> str:
    """Return what is left of a name when case, accents, width, spaces and invisible characters are not looked at.

    A character outside ASCII that remains (Cyrillic, Greek, Cherokee …) is taken to look like any other: Unicode's
    tables of confusables are long and grow, and this needs none. Not for display.
    """
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    kept = []
    for character in plain:
        kind = unicodedata.category(character)
        if kind[0] in "MCZ":  # marks, controls and invisible ones, spaces
            continue
        if kind == "Pd":
            character = "-"
        elif not character.isascii() and not unicodedata.name(character, "").startswith(_UNLIKE):
            character = _ANY
        kept.append(character)
    return "".join(kept).translate(_ASCII).replace("vv", "w").replace("rn", "m")


def alike(one: str, other: str) -> bool:
    """Return whether people may take one name for the other."""
    return _fits(skeleton(one), skeleton(other))


@lru_cache(maxsize=4096)
def is_own(name: str) -> bool:
    """Return whether a name is Windsock's own, or looks like one of its own."""
    bare = skeleton(name)
    return _fits(bare, OWN) or _fits(bare[: len(OWN) + 1], f"{OWN}.")


@lru_cache(maxsize=4096)
def first_alike(name: str, names: frozenset[str]) -> str | None:
    """Return one of `names` that people may take for `name`, the same one first, or None."""
    return name if name in names else _first(name, names)


def _first(name: str, names: Iterable[str]) -> str | None:
    return next((other for other in sorted(names) if alike(name, other)), None)


def _fits(one: str, other: str) -> bool:
    return len(one) == len(other) and all(
        a in (b, _ANY) or b == _ANY for a, b in zip(one, other, strict=True)
    )
