"""The elements as one file: `python -m tools.bundle update | check | integrity`.

`update` joins `static/windsock/elements.js` with everything that it needs, in short names and without comments, and
writes `board.min.js` beside it, which is committed: whoever installs Windsock builds nothing. `check` reports whether
that file is what the modules give. `integrity` prints the hash for a page's `integrity=`.
"""

import argparse
import base64
import gzip
import hashlib
import re
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import rjsmin
import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

STATIC = Path(__file__).parent.parent / "src" / "windsock" / "static" / "windsock"
ENTRY = "elements.js"
BUNDLE = STATIC / "board.min.js"
MAX_GZIP_BYTES = 22_000
"""What a page pays for its elements. Half of it are the words of flights and the conversation with the service."""

HEAD = "/*! Windsock, MIT: board.min.js of https://pypi.org/project/windsock/ */"
_PARSER = Parser(Language(tree_sitter_javascript.language()))
_IMPORT = re.compile(r'(?ms)^import (?:\{(?P<names>[^}]*)\} from )?"\./(?P<file>[\w.-]+)";\n')
_AGAIN = re.compile(r'(?ms)^export \{(?P<names>[^}]*)\} from "\./(?P<file>[\w.-]+)";\n')
_EXPORT = re.compile(r"(?m)^export (?=(?:async )?(?:const|function|class) (?P<name>\w+))")
_REFERENCES = ("identifier", "shorthand_property_identifier")
_EFFECTLESS = ("arrow_function", "number", "string", "regex")
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ$_"


def modules(entry: str = ENTRY) -> dict[str, str]:
    """Return the sources of a module and of all that it imports, by file name, imported ones first.

    Raises:
        ValueError: Modules import each other in a circle.
    """
    found: dict[str, str] = {}
    under_way: list[str] = []

    def visit(name: str) -> None:
        if name in found:
            return
        if name in under_way:
            raise ValueError(f"{' → '.join([*under_way, name])} is a circle of imports; remove an import.")
        under_way.append(name)
        source = (STATIC / name).read_text("utf-8")
        for statement in (*_IMPORT.finditer(source), *_AGAIN.finditer(source)):
            visit(statement["file"])
        under_way.pop()
        found[name] = source

    visit(entry)
    return found


def joined(entry: str = ENTRY) -> str:
    """Return one module with the exports of `entry`: each module in a scope of its own, without unused parts."""
    sources = modules(entry)
    variables = {name: f"$module{place}" for place, name in enumerate(sources)}
    needed: dict[str, set[str]] = {name: set() for name in sources}
    exports = [ours for found in _AGAIN.finditer(sources[entry]) for _, ours in _pairs(found["names"])]
    parts = []
    for name in reversed(sources):  # importing ones first: they tell what they need
        source = sources[name]
        imports = [(found["file"], _pairs(found["names"] or "")) for found in _IMPORT.finditer(source)]
        passed_on = [(found["file"], _pairs(found["names"])) for found in _AGAIN.finditer(source)]
        body = _AGAIN.sub("", _IMPORT.sub("", source))
        own = {found["name"] for found in _EXPORT.finditer(body)}
        body = _EXPORT.sub("", body)
        if left := re.search(r"(?m)^(?:import|export)\b.*", body.replace("export {};", "")):
            raise ValueError(f"{name}: {left[0]!r} is a form of statement that the bundle does not know.")
        wanted = needed[name] if name != entry else set(exports)
        body = _without_unused(body, wanted)
        used = {node.text.decode() for node in _walk(_tree(body)) if node.type in _REFERENCES if node.text}
        head, returned = [], sorted(own & wanted)
        for file, pairs in imports:
            kept = [(theirs, ours) for theirs, ours in pairs if ours in used]
            needed[file] |= {theirs for theirs, _ in kept}
            inner = ", ".join(f"{theirs}: {ours}" for theirs, ours in kept)
            head += [f"const {{ {inner} }} = {variables[file]};"] if kept else []
        for file, pairs in passed_on:
            needed[file] |= {theirs for theirs, ours in pairs if ours in wanted}
            returned += [f"{ours}: {variables[file]}.{theirs}" for theirs, ours in pairs if ours in wanted]
        lines = "\n".join((*head, body, f"return {{ {', '.join(returned)} }};"))
        parts.append(f"const {variables[name]} = (() => {{\n{lines}\n}})();\n")
    last = "".join(f"export const {name} = {variables[entry]}.{name};\n" for name in exports)
    return "".join(reversed(parts)) + last


def _pairs(names: str) -> list[tuple[str, str]]:
    """Return (the name there, the name here) of each name in braces."""
    found = []
    for name in filter(None, (part.strip() for part in names.split(","))):
        theirs, _, ours = name.partition(" as ")
        found.append((theirs, ours or theirs))
    return found


def _tree(source: str) -> Node:
    tree = _PARSER.parse(source.encode()).root_node
    if tree.has_error:
        raise ValueError("tree-sitter cannot parse the JavaScript: it does not know some syntax in it.")
    return tree


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _walk(child)


def _without_unused(body: str, wanted: set[str]) -> str:
    """Return a module's body without functions and constants that nothing refers to."""
    while True:
        content, root = body.encode(), _tree(body)
        counts = Counter(
            node.text
            for node in _walk(root)
            if node.type in (*_REFERENCES, "shorthand_property_identifier_pattern")
        )
        for statement in root.children:
            name = _removable(statement)
            if name is None or name.decode() in wanted:
                continue
            inside = sum(node.text == name for node in _walk(statement) if node.type in _REFERENCES)
            if counts[name] == inside:
                body = (content[: statement.start_byte] + content[statement.end_byte :]).decode()
                break
        else:
            return body


def _removable(statement: Node) -> bytes | None:
    """Return the name that a statement declares, if leaving it out changes nothing else."""
    if statement.type == "function_declaration":
        name = statement.child_by_field_name("name")
        return name.text if name else None
    if statement.type != "lexical_declaration":
        return None
    declared = [child for child in statement.children if child.type == "variable_declarator"]
    value = declared[0].child_by_field_name("value") if len(declared) == 1 else None
    name = declared[0].child_by_field_name("name") if declared else None
    fits = value is not None and value.type in _EFFECTLESS and name is not None and name.type == "identifier"
    return name.text if fits and name else None


def shortened(source: str) -> str:
    """Return the module with short names for all that it declares.

    A name has the same short name everywhere, and no two share one, so that no scope needs to be known.
    """
    root = _tree(source)
    exports = {name.encode() for name in re.findall(r"\bexport const (\w+)", source)}
    declared = set(_declared(root)) - exports
    kinds = (*_REFERENCES, "shorthand_property_identifier_pattern")
    nodes = [node for node in _walk(root) if node.type in kinds]
    counts = Counter(node.text for node in nodes if node.text in declared)
    taken = {node.text for node in nodes} - declared
    taken |= {b"do", b"if", b"in", b"of", b"as", b"is"}
    shorts = (name for name in _names() if name not in taken)
    names = {name: next(shorts) for name, _ in counts.most_common()}
    out, end = [], 0
    content = source.encode()
    for node in nodes:
        if node.text not in names:
            continue
        short = names[node.text]
        out += [
            content[end : node.start_byte],
            short if node.type == "identifier" else node.text + b":" + short,
        ]
        end = node.end_byte
    return b"".join((*out, content[end:])).decode()


def _names() -> Iterator[bytes]:
    for length in (1, 2, 3):
        for letters in product(_LETTERS, repeat=length):
            yield "".join(letters).encode()


def _declared(root: Node) -> Iterator[bytes]:
    """Yield the names that the source declares: variables, functions, classes, parameters."""
    for node in _walk(root):
        if node.type in ("function_declaration", "class_declaration", "variable_declarator"):
            places = [node.child_by_field_name("name")]
        elif node.type == "formal_parameters":
            places = list(node.children)
        elif node.type in ("arrow_function", "catch_clause"):
            places = [node.child_by_field_name("parameter")]
        elif node.type == "for_in_statement":
            places = [node.child_by_field_name("left")]
        else:
            continue
        for place in places:
            if place is not None:
                yield from _bound(place)


def _bound(pattern: Node) -> Iterator[bytes]:
    if pattern.type in ("identifier", "shorthand_property_identifier_pattern"):
        yield pattern.text or b""
    elif pattern.type in ("assignment_pattern", "object_assignment_pattern"):
        left = pattern.child_by_field_name("left")
        yield from _bound(left) if left else ()
    elif pattern.type == "pair_pattern":
        value = pattern.child_by_field_name("value")
        yield from _bound(value) if value else ()
    elif pattern.type in ("object_pattern", "array_pattern", "rest_pattern"):
        for child in pattern.children:
            yield from _bound(child)


def bundle() -> bytes:
    """Return the content of the bundle."""
    source = re.sub(r"\n\s+", "\n", shortened(rjsmin.jsmin(joined())))  # markup and styles are indented
    return f"{HEAD}\n{source}\n".encode()


def integrity(content: bytes) -> str:
    """Return the value of `integrity=` for this content."""
    return "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()


def main() -> int:
    """Run the command. Return 0, or 1 if the bundle is stale or too large."""
    parser = argparse.ArgumentParser(prog="python -m tools.bundle", description=__doc__)
    parser.add_argument("action", choices=["update", "check", "integrity"])
    given = parser.parse_args()
    if given.action == "integrity":
        print(integrity(BUNDLE.read_bytes()))
        return 0
    content = bundle()
    size = len(gzip.compress(content, 9, mtime=0))
    print(f"{BUNDLE.name}: {len(content)} bytes, {size} in gzip")
    if given.action == "update":
        BUNDLE.write_bytes(content)
    elif BUNDLE.read_bytes() != content:
        print("board.min.js is stale. Run: python -m tools.bundle update")
        return 1
    return int(size > MAX_GZIP_BYTES)


if __name__ == "__main__":
    sys.exit(main())
