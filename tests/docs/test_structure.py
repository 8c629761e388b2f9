"""No import cycles, no module above 500 lines: what `make imports` checks beside import-linter."""

from pathlib import Path

from tools import structure


def test_no_module_is_in_an_import_cycle_or_too_long() -> None:
    assert list(structure.complaints()) == []


def test_a_cycle_is_found_and_a_diamond_is_not_one() -> None:
    graph = {"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": set(), "x": {"y"}, "y": {"z"}, "z": {"x", "a"}}
    assert list(structure.cycles(graph)) == [["x", "y", "z"]]


def test_a_long_module_is_found_in_either_language(tmp_path: Path) -> None:
    for name, lines in {"short.py": 500, "long.py": 501, "long.js": 600, "long.css": 900}.items():
        (tmp_path / name).write_text("\n" * lines)
    assert structure.long_modules(tmp_path) == {"long.py": 501, "long.js": 600}
