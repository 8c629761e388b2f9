"""Every fenced block of the documentation is followed as it is printed, here or in the test named for its page."""

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import websockets

from tests.documents import ROOT, Block, Reader, blocks, commands

PAGES = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")})
BLOCKS = {str(page.relative_to(ROOT)): blocks(page) for page in PAGES if "_build" not in page.parts}
BLOCKS = {page: found for page, found in BLOCKS.items() if found}

ELSEWHERE = {
    "docs/how-to/embed.md": "tests/browser/test_documents.py",
    "docs/reference/javascript.md": "tests/browser/test_documents.py",
    "docs/how-to/elements.md": "tests/browser/test_documents.py",
    "docs/reference/feeds/generic.md": "tests/unit/feeds/generic/test_generic.py",
    "docs/reference/feeds/finavia.md": "tests/unit/feeds/test_finavia.py",
}
"""Pages whose blocks another test follows."""

NOT_RUN = {
    "make test": "it runs this",
    "make setup": "the tests run in what it makes",
    "make check": "it runs this",
}
"""Commands that are not run, and why."""

PICTURES = ("ARCHITECTURE.md",)
"""Pages whose text blocks are drawings."""

SPECIAL = ("README.md", "docs/tutorial/index.md")
"""Pages that are followed by tests of their own below."""


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    folder = tmp_path / "folder"
    folder.mkdir()
    with Reader(folder) as reader:
        yield reader


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Reader]:
    """A reader in a fresh clone, whose environment is made already."""
    folder = tmp_path / "windsock"
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    for name in filter(None, names):
        if not name.startswith(("tests/", "docs/", "bench/")) and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    _lend_environment(folder)
    with Reader(folder) as reader:
        yield reader


def _lend_environment(folder: Path) -> None:
    """Give the clone the environment of the tests, marked as current: `bin/setup` must never install into it."""
    lent = folder / ".venv"
    lent.mkdir()
    for entry in Path(sys.prefix).iterdir():
        if not entry.name.startswith(".windsock-"):
            (lent / entry.name).symlink_to(entry)
    mark = subprocess.run(
        ["sh", "-c", "cksum requirements/demo.txt pyproject.toml | cksum"],
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    (lent / ".windsock-demo").write_text(mark.stdout)


def followed(reader: Reader, found: list[Block]) -> None:
    for block in found:
        assert block.text.strip(), block.place
        if block.language == "" and block.file is None:
            for command in commands(block.text):
                if command.partition(" #")[0].strip() not in NOT_RUN:
                    reader.type(command, block.place)
        else:
            reader.follow(block)


ORDINARY = sorted(set(BLOCKS) - set(ELSEWHERE) - set(SPECIAL) - set(PICTURES))


@pytest.mark.parametrize("page", ORDINARY)
def test_the_page_can_be_followed(page: str, reader: Reader) -> None:
    followed(reader, BLOCKS[page])


def section(page: str, title: str) -> list[Block]:
    found = [block for block in BLOCKS[page] if block.section == title]
    assert found, f"{page} has no blocks below {title!r}"
    return found


def test_the_readme_can_be_followed_by_an_operator(reader: Reader) -> None:
    followed(reader, section("README.md", "… run a service"))


def test_the_readme_can_be_followed_in_a_clone(clone: Reader) -> None:
    for title in ("Windsock", "… travel, or inform those who do", "… write a program"):
        followed(clone, section("README.md", title))


def test_no_part_of_the_readme_is_left_out() -> None:
    here = {"Windsock", "… run a service", "… travel, or inform those who do", "… write a program"}
    in_chromium = {"… write Django"}
    assert {block.section for block in BLOCKS["README.md"]} == here | in_chromium


TUTORIAL = BLOCKS.get("docs/tutorial/index.md", [])
PROJECT = next(place for place, block in enumerate(TUTORIAL) if "startproject" in block.text)


def test_the_tutorials_day_can_be_followed_in_a_clone(clone: Reader) -> None:
    followed(clone, TUTORIAL[:PROJECT])


def test_the_tutorials_project_hears_its_own_consumer(reader: Reader) -> None:
    followed(reader, [TUTORIAL[PROJECT]])
    guide = BLOCKS["docs/how-to/embed.md"]
    begin = next(place for place, block in enumerate(guide) if block.section == "Settings")
    end = next(place for place, block in enumerate(guide) if block.file == "delay.py")
    reader.folder = reader.folder.parent / "mysite"  # where `cd ../mysite` has led
    followed(reader, guide[begin:end])
    followed(reader, TUTORIAL[PROJECT + 1 : -1])

    start, announce = commands(TUTORIAL[-1].text)
    reader.type(start)

    async def listen() -> dict[str, str]:
        async with websockets.connect(
            "ws://127.0.0.1:8000/ws/delays/", origin="http://127.0.0.1:8000"
        ) as socket:
            await asyncio.to_thread(reader.type, announce)
            told: dict[str, str] = json.loads(await asyncio.wait_for(socket.recv(), 90))
            return told

    assert asyncio.run(listen()) == {"text": "Fog until ten."}
    assert reader.printed.endswith("Announced.\n")


def test_every_page_with_blocks_is_followed_somewhere() -> None:
    assert set(ELSEWHERE) | set(SPECIAL) | set(PICTURES) <= set(BLOCKS)
    for page, test in ELSEWHERE.items():
        assert Path(page).name in (ROOT / test).read_text(), f"{test} does not read {page}"
    for page in PICTURES:
        assert {block.language for block in BLOCKS[page]} == {"text"}


def test_every_command_that_is_not_run_is_printed() -> None:
    printed = "\n".join(block.text for found in BLOCKS.values() for block in found)
    for command in NOT_RUN:
        assert command in printed


def test_a_block_that_cannot_be_followed_fails(reader: Reader) -> None:
    def refuses(text: str, language: str = "", before: str = "") -> Callable[[], None]:
        return lambda: reader.follow(Block("page.md", 1, language, text, before, ""))

    for attempt in (
        refuses("false\n"),
        refuses("windsock no-such-verb\n"),
        refuses("raise SystemExit(3)\n", "python"),
        refuses("x = 1\n", "python", "Add to the end of `missing.py`:"),
        refuses('[x]\nformat = "no such format"\n', "toml"),
        refuses("<b>", "html"),
    ):
        with pytest.raises((AssertionError, ValueError)):
            attempt()
