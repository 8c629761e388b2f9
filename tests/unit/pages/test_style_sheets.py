"""Style sheets stay out of a host's way, and read in both directions.

Everything is in `@layer windsock` (a host's own rules win without a fight) and below `.windsock` (nothing outside is
styled); sides are logical, so that Arabic mirrors. The page of the API's documentation stands alone.
"""

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[3] / "src" / "windsock" / "static" / "windsock"
SHEETS = sorted(path for path in STATIC.glob("*.css") if path.name != "api-docs.css")
PHYSICAL = re.compile(
    r"(?<![-\w])(?:(?:margin|padding|border)-(?:left|right)(?:-\w+)*|left|right|"
    r"border-(?:top|bottom)-(?:left|right)-radius)\s*:|(?:text-align|float|clear)\s*:\s*(?:left|right)\b"
)
FOUR_SIDES = re.compile(
    r"(?<![-\w])(?:margin|padding|inset)\s*:\s*([^\s;]+) ([^\s;]+) ([^\s;]+) ([^\s;}]+)\s*(?:;|$|!|})",
    re.MULTILINE,
)


def bare(path: Path) -> str:
    """Return the sheet without its comments."""
    return re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)


def top_level(text: str) -> list[tuple[str, str]]:
    """Return the rules of a block, each as its prelude and its content."""
    rules, depth, start, prelude = [], 0, 0, ""
    for at, character in enumerate(text):
        if character == "{":
            if depth == 0:
                prelude, start = text[start:at].strip(), at + 1
            depth += 1
        elif character == "}":
            depth -= 1
            if depth == 0:
                rules.append((prelude, text[start:at]))
                start = at + 1
        elif character == ";" and depth == 0:
            start = at + 1
    assert depth == 0
    return rules


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_everything_is_in_the_layer_and_below_its_class(path: Path) -> None:
    for prelude, content in top_level(bare(path)):
        if prelude.startswith(("@font-face", "@keyframes", "@property")):
            continue
        assert prelude == "@layer windsock", f"{path.name}: {prelude!r} is outside of @layer windsock"
        for inner, _ in top_level(content):
            assert inner.startswith((".windsock", "@keyframes")), (
                f"{path.name}: {inner!r} is not below .windsock"
            )


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_sides_are_logical(path: Path) -> None:
    text = bare(path)
    assert not PHYSICAL.findall(text), f"{path.name}: use -inline-start and -inline-end"
    for found in FOUR_SIDES.finditer(text):
        assert found[2] == found[4], (
            f"{path.name}: {found[0]!r} has other sides in Arabic; use -block and -inline"
        )


def test_the_law_finds_what_it_forbids() -> None:
    assert PHYSICAL.search("a { margin-left: 1rem }") and PHYSICAL.search("a { text-align: right }")
    assert not PHYSICAL.search("a { border-inline-start: 1px; text-align: start }")
    assert top_level("@layer windsock { .windsock { & a { color: red } } } b { }")[1][0] == "b"
