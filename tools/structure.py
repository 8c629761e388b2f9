"""Check that modules have no import cycles and at most 500 lines: a part of `make imports`.

import-linter checks which package may import which; inside a package, and between the modules of siblings, it does not
look for cycles.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src" / "windsock"

MAX_LINES = 500
"""A module that is longer holds more than one subject."""

KNOWN_CYCLES: frozenset[str] = frozenset()
"""Modules that may still be in a cycle. Whoever opens the cycle removes them; the test fails if one is not needed."""

KNOWN_LONG: frozenset[str] = frozenset()
"""Modules that may still be too long. The same holds for them."""


def imports() -> dict[str, set[str]]:
    """Return the imports of each module of windsock, those in functions and under TYPE_CHECKING included."""
    import grimp

    graph = grimp.build_graph("windsock", cache_dir=None)
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


def cycles(graph: Mapping[str, Iterable[str]]) -> Iterator[list[str]]:
    """Yield each group of modules that import each other, directly or around (Tarjan's algorithm)."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []

    def visit(module: str) -> Iterator[list[str]]:
        order[module] = lowest[module] = len(order)
        stack.append(module)
        for other in sorted(graph.get(module, ())):
            if other not in order:
                yield from visit(other)
                lowest[module] = min(lowest[module], lowest[other])
            elif other in stack:
                lowest[module] = min(lowest[module], order[other])
        if lowest[module] == order[module]:
            at = stack.index(module)
            group, stack[at:] = stack[at:], []
            if len(group) > 1:
                yield sorted(group)

    for module in sorted(graph):
        if module not in order:
            yield from visit(module)


def long_modules(source: Path = SOURCE) -> dict[str, int]:
    """Return the modules with more than MAX_LINES lines, and their lengths."""
    found = {}
    for path in sorted([*source.rglob("*.py"), *source.rglob("*.js")]):
        lines = len(path.read_text("utf-8").splitlines())
        if lines > MAX_LINES and "vendor" not in path.parts:
            found[path.relative_to(source).as_posix()] = lines
    return found


def complaints() -> Iterator[str]:
    """Yield one sentence for each fault, and for each exception that is no longer needed."""
    cyclic = set()
    for group in cycles(imports()):
        cyclic.update(group)
        if not KNOWN_CYCLES.issuperset(group):
            yield f"These modules import each other: {', '.join(group)}."
    long = long_modules()
    for name, lines in long.items():
        if name not in KNOWN_LONG:
            yield f"{name} has {lines} lines; {MAX_LINES} is the limit. Split it by subject."
    for name in sorted((KNOWN_CYCLES - cyclic) | (KNOWN_LONG - set(long))):
        yield f"{name} is an exception in tools/structure.py that is no longer needed. Remove it."


def main() -> int:
    """Print the complaints; return 1 if there are any."""
    found = list(complaints())
    for complaint in found:
        print(complaint)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
