"""What people read is plain American English: the phrases that CONTRIBUTING.md refuses are refused here.

`python tools/language.py src/windsock/live` lists what is left in a folder.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools import language

ROOT = language.ROOT


def test_no_refused_phrase_is_left() -> None:
    found = [
        f"{each.path}:{each.line}: {each.text!r}: {each.phrase.why}; write: {each.phrase.instead}"
        for path in language.files()
        for each in language.findings(path)
    ]
    assert found == []


def test_docstrings_of_functions_are_imperative() -> None:
    """ruff's D401."""
    paths = [str(path) for path in language.files("src/windsock", "tools") if path.suffix == ".py"]
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--select",
        "D401",
        "--output-format",
        "concise",
        *paths,
    ]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.py", 'raise ValueError("7 is no date")'),
        ("a.py", '"""Who has missed more than this is better served by a snapshot."""'),
        ("a.py", "x = 1  # the client is told to come back"),
        ("a.py", 'f"the server says {x}: it goes on"'),
        ("a.js", "/** An event is told once. */"),
        ("a.js", 'const text = "no word lately";'),
        ("a.html", "<p>Nobody listens any more.</p>"),
        ("a.md", "A feed that fails goes on.\n"),
    ],
)
def test_a_refused_phrase_is_found_wherever_people_read(tmp_path: Path, name: str, text: str) -> None:
    assert list(language.findings(tmp_path / name, text)) != []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.py", 'raise ValueError("7 is not a date")'),
        ("a.py", 'there = "there is no flight DL1 on this day"'),
        ("a.py", 'message = {"told": 1}\ntold = go_on(message)'),
        ("a.py", '"""Who may read this flight?"""'),
        ("a.js", 'this.pending.push({ do: "tell", name });'),
        ("a.md", "```\nit goes on\n```\nNot `is no`.\n"),
    ],
)
def test_names_code_and_plain_sentences_pass(tmp_path: Path, name: str, text: str) -> None:
    assert list(language.findings(tmp_path / name, text)) == []


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [
        (r"\bMOST_[A-Z]", "MAX_"),
        (r"^_?log = ", "logger = logging.getLogger(__name__)"),
        (r"\bfor one in\b", "the noun"),
    ],
)
def test_names_follow_the_style_page(pattern: str, instead: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}: write {instead}"
        for path in language.files("src/windsock", "tools")
        if path.suffix == ".py" and re.search(pattern, path.read_text(), flags=re.MULTILINE)
    ]
    assert found == []


def test_a_checkout_is_read_whatever_the_folder_above_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data" / "src").mkdir(parents=True)
    (tmp_path / "data" / "src" / "page.md").write_text("Text.\n")
    (tmp_path / "data" / "src" / "data").mkdir()
    (tmp_path / "data" / "src" / "data" / "table.md").write_text("Text.\n")
    monkeypatch.setattr(language, "ROOT", tmp_path / "data")
    assert [path.name for path in language.files("src")] == ["page.md"]
