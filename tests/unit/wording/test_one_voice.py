"""Where a flight stands is worded in one place per language, and nowhere else."""

import ast
import re
from pathlib import Path

SOURCES = Path(__file__).parents[3] / "src" / "windsock"
VOICE = SOURCES / "wording" / "status.py"
SCRIPTS = ("wording.js", "programmes.js")
"""The browser's twins: programmes are late, too."""


def messages(path: Path) -> set[str]:
    """Return the messages that a module of Python translates."""
    calls = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
    return {
        str(call.args[0].value)
        for call in calls
        if isinstance(call.func, ast.Name)
        and call.func.id == "gettext"
        and call.args
        and isinstance(call.args[0], ast.Constant)
    }


PHRASES = {phrase for phrase in messages(VOICE) if " " in phrase.replace("{duration}", "")}


def test_no_page_no_verb_and_no_script_words_a_state_of_its_own() -> None:
    assert len(PHRASES) > 25
    places = [
        *(SOURCES / "pages").rglob("*.py"),
        *(SOURCES / "cli").rglob("*.py"),
        *(SOURCES / "templates").rglob("*.html"),
        *(
            path
            for path in (SOURCES / "static" / "windsock").glob("*.js")
            if path.name not in SCRIPTS and not path.name.endswith(".min.js")
        ),
    ]
    quoted = re.compile(r"\"([^\"\n]+)\"|'([^'\n]+)'|`([^`\n]+)`")
    twice = {
        f"{path.relative_to(SOURCES)}: {text}"
        for path in places
        for match in quoted.finditer(path.read_text("utf-8"))
        if (text := next(filter(None, match.groups()))) in PHRASES
    }
    assert twice == set()
