"""The JavaScript reference against the code, both ways: options, members, events, exports, attributes."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "src" / "windsock" / "static" / "windsock"
PAGE = (ROOT / "docs" / "reference" / "javascript.md").read_text()
CLIENT = (STATIC / "client.js").read_text()
SESSION = (STATIC / "session.js").read_text()


def _rows(title: str, page: str = PAGE) -> list[list[str]]:
    """The cells of the table below a heading."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", page, flags=re.MULTILINE | re.DOTALL)
    assert found, f"the page has no part {title!r}"
    lines = [line for line in found.group(1).splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def _names(title: str, page: str = PAGE) -> set[str]:
    """The code-styled names in the first column of the table below a heading, without arguments."""
    return {name.partition("(")[0] for row in _rows(title, page) for name in re.findall(r"`([^`]+)`", row[0])}


def _class_body() -> str:
    return CLIENT[CLIENT.index("export class WindsockClient") :]


def test_every_option_is_documented_and_no_other() -> None:
    comment = re.search(r"@param \{(\{url\?.*?\})\} options", CLIENT, flags=re.DOTALL)
    assert comment
    options = set(re.findall(r"[{,\s](\w+)\??: ", comment.group(1)))
    callbacks = {option for option in options if option.startswith("on")}
    assert _names("Options") == options - callbacks
    assert callbacks == {f"on{event}" for event in _names("Events")}


def test_every_public_member_is_documented_and_no_other() -> None:
    members = re.findall(
        r"((?:/\*\*(?:(?!\*/).)*\*/\n)?)  (?:async |get )?(\w+)\([^)]*\) \{", _class_body(), re.DOTALL
    )
    public = {name for comment, name in members if "@private" not in comment} - {"constructor", "super", "if"}
    assert _names("Members") == public


def _dispatched() -> dict[str, set[str] | None]:
    """The events the session has dispatched, with the members of their details; None: the server's own message."""
    told: dict[str, set[str] | None] = {}
    for name, detail in re.findall(r"""this\.emit\("(\w+)", (\{.*?\}|[\w.]+)\)""", SESSION):
        if detail.startswith("{"):
            flat = re.sub(r"\([^)]*\)", "", detail.strip("{} "))
            told.setdefault(name, {part.partition(":")[0].strip() for part in flat.split(",")})
        else:
            told[name] = None
    return told


def test_every_event_is_documented_with_its_detail_and_no_other() -> None:
    dispatched = _dispatched()
    rows = {row[0].strip("`"): row[2] for row in _rows("Events")}
    assert set(rows) == set(dispatched)
    for name, members in dispatched.items():
        if members is not None:
            outside = re.sub(r"\([^)]*\)", "", rows[name])
            assert set(re.findall(r"`(\w+)`", outside)) == members, name
    declared = re.search(r'do: "emit", name: ([^,]+),', SESSION)
    assert declared
    assert set(re.findall(r'"(\w+)"', declared.group(1))) == set(dispatched)


def test_every_event_stands_in_the_modules_own_comment() -> None:
    assert set(re.findall(r"^ \* - `(\w+)`:", CLIENT, flags=re.MULTILINE)) == set(_dispatched())


def test_every_export_is_documented_and_no_other() -> None:
    exported = re.findall(r"^export \{ ([^}]+) \}", (STATIC / "windsock.js").read_text(), flags=re.MULTILINE)
    names = {name for line in exported for name in line.split(", ")}
    assert _names("Other exports") == names - {"WindsockClient"}


ELEMENTS = (ROOT / "docs" / "how-to" / "elements.md").read_text()


@pytest.mark.parametrize(
    ("title", "modules"),
    [
        ("`<flight-board>`", ["flight-board.js"]),
        ("`<flight-status>`", ["flight-status.js"]),
        ("Both", ["live-element.js"]),
    ],
)
def test_every_attribute_of_the_elements_is_documented_and_no_other(title: str, modules: list[str]) -> None:
    source = "".join((STATIC / name).read_text() for name in modules)
    asked = set(re.findall(r"""getAttribute\("([\w-]+)"\)""", source)) - {"href"}
    assert _names(title, ELEMENTS) == asked | ({"lang"} if title == "Both" else set())
    if observed := re.search(r"observedAttributes = \[([^\]]*)\]", source):
        assert set(re.findall(r'"([\w-]+)"', observed.group(1))) == asked | {"service", "lang", "scheme"}


def test_every_state_part_and_property_of_the_elements_is_documented_and_no_other() -> None:
    base = (STATIC / "live-element.js").read_text()
    source = base + "".join((STATIC / name).read_text() for name in ("flight-board.js", "flight-status.js"))
    states = re.search(r"@typedef \{([^}]*)\} ElementState", base)
    assert states
    assert _names("States", ELEMENTS) == set(re.findall(r'"(\w+)"', states.group(1)))
    properties = set(re.findall(r"var\((--windsock-[\w-]+)", source))
    assert _names("Styles", ELEMENTS) == properties
    assert len(properties) <= 12
    listed = ELEMENTS[ELEMENTS.index("Parts for") :]
    parts = set(re.findall(r'[^\[]part="([\w-]+)"', source))
    assert set(re.findall(r"`([\w-]+)`", listed)) == parts


def test_the_states_are_those_of_the_session() -> None:
    declared = re.search(r"@typedef \{([^}]*)\} State", (STATIC / "types.js").read_text())
    assert declared
    row = next(row for row in _rows("Members") if row[0] == "`state`")
    assert set(re.findall(r"`(\w+)`", row[1])) == set(re.findall(r'"(\w+)"', declared.group(1)))
