"""The browser's modules fit together: whatever one imports by name, the other exports.

A browser finds a wrong name only when it loads the page, and then runs nothing of it.
"""

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[3] / "src" / "windsock" / "static" / "windsock"
MODULES = sorted(path for path in STATIC.rglob("*.js") if not path.name.endswith(".min.js"))
IMPORT = re.compile(r"^(?:import|export)\s*\{([^}]*)\}\s*from\s*\"(\.[^\"]+)\";", re.MULTILINE)
DECLARED = re.compile(r"^export (?:async )?(?:function\*?|const|let|class) (\w+)", re.MULTILINE)
LISTED = re.compile(r"^export\s*\{([^}]*)\}", re.MULTILINE)


def names(listed: str, *, exported: bool) -> set[str]:
    """Return the names of `a, b as c`: those that others see, or those that are taken."""
    pairs = [part.split(" as ") for part in listed.replace("\n", " ").split(",") if part.strip()]
    return {pair[-1 if exported else 0].strip() for pair in pairs}


def exports(text: str) -> set[str]:
    """Return the names that a module exports."""
    found = set(DECLARED.findall(text))
    for listed in LISTED.findall(text):
        found |= names(listed, exported=True)
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_imports_what_the_other_exports(path: Path) -> None:
    for listed, target in IMPORT.findall(path.read_text()):
        other = (path.parent / target).resolve()
        assert other.exists(), f"{path.name} imports from {target}, which does not exist"
        missing = names(listed, exported=False) - exports(other.read_text())
        assert not missing, f"{path.name} imports {sorted(missing)} from {target}, which does not export them"


def test_the_law_sees_imports_and_exports() -> None:
    assert IMPORT.findall('import { a, b as c } from "./x.js";') == [(" a, b as c ", "./x.js")]
    assert names(" a, b as c ", exported=False) == {"a", "b"}
    assert exports("export function a() {}\nexport { b as c };\nexport const d = 1;\n") == {"a", "c", "d"}
