"""What docs/reference/stable.md promises exists, and whatever the documentation shows to hosts is promised there."""

import ast
import importlib
import re
from pathlib import Path

from django.template.loader import get_template
from django.urls import get_resolver

from tests.documents import blocks
from tools import public_names

ROOT = Path(__file__).resolve().parents[2]
PAGE = public_names.PAGE.read_text()
PAGES = [ROOT / "README.md", *(page for page in (ROOT / "docs").rglob("*.md") if "adr" not in page.parts)]
PROMISED = set(public_names.documented(PAGE)) | set(public_names.NAMED)

PROMISED |= set(re.findall(r"`(windsock\.feeds\.\w+\.(?!parse)\w+)`", PAGE))
PARSERS = re.compile(r"windsock\.feeds\.\w+\.parse")
"""`parse` of every format is promised in one sentence."""


def _is_promised(name: str) -> bool:
    return name in PROMISED or PARSERS.fullmatch(name) is not None


def test_the_page_lists_the_promised_names_with_their_signatures() -> None:
    """On failure: python -m tools.public_names"""
    assert public_names.signatures(PAGE) == public_names.signatures(public_names.page_part())
    assert all(name in PAGE for name in public_names.NAMED)


def test_the_stub_of_the_package_has_its_names() -> None:
    import windsock

    stub = ast.parse((ROOT / "src/windsock/__init__.pyi").read_text())
    imported = {alias.name for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert imported | {"__version__"} == set(windsock.__all__)
    for node in stub.body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                assert getattr(windsock, alias.name) is getattr(
                    importlib.import_module(str(node.module)), alias.name
                )


def test_both_clients_have_the_same_names() -> None:
    from windsock import client
    from windsock.client import sync

    assert client.__all__ == sync.__all__


def _imported(code: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("windsock"):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("windsock")}
        elif isinstance(node, ast.Constant) and re.fullmatch(r"windsock\.[a-z_.]+", str(node.value)):
            found.add(str(node.value))
    return found


def test_every_name_that_the_documentation_imports_is_promised() -> None:
    used = {
        name: page.name
        for page in PAGES
        for block in blocks(page)
        if block.language == "python"
        for name in _imported(block.text)
    }
    assert len(used) >= 4
    assert {name: page for name, page in used.items() if not _is_promised(name)} == {}


def test_every_call_that_the_documentation_names_is_promised() -> None:
    for page in PAGES:
        for name in re.findall(r"`(windsock(?:\.\w+)+)\(", page.read_text()):
            assert _is_promised(name), f"{page.name}: {name}"


def test_the_promised_urls_blocks_and_css_variables_exist() -> None:
    _, resolver = get_resolver().namespace_dict["windsock"]
    for name in re.findall(r"`(windsock:[\w-]+)`", PAGE):
        assert name.removeprefix("windsock:") in resolver.reverse_dict, name
    base = Path(get_template("windsock/base.html").origin.name).read_text()
    named = re.search(r"with the blocks (.*?)\. A project", PAGE, flags=re.DOTALL)
    assert named is not None
    assert set(re.findall(r"`(\w+)`", named[1])) == set(re.findall(r"{% block (\w+) %}", base))
    style = (ROOT / "src/windsock/static/windsock/windsock.css").read_text()
    for variable in re.findall(r"`(--[a-z-]+)`", PAGE.partition("## Pages")[2]):
        assert f"{variable}:" in style, variable
