"""The JavaScript as other projects take it: one small file, an npm package, types."""

import gzip
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import windsock

pytest.importorskip("rjsmin")
pytest.importorskip("tree_sitter_javascript")
from tools import bundle

STATIC = bundle.STATIC
NODE = shutil.which("node")


def test_the_bundle_is_what_the_modules_give_and_small() -> None:
    committed = bundle.BUNDLE.read_bytes()
    assert committed == bundle.bundle(), "board.min.js is stale. Run: python -m tools.bundle update"
    assert len(gzip.compress(committed, 9, mtime=0)) <= bundle.MAX_GZIP_BYTES


def test_the_integrity_of_the_bundle_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert bundle.integrity(b"") == (
        "sha384-OLBgp1GsljhM2TJ+sbHjaiH9txEUvgdDTAzHv2P24donTt6/529l+9Ua0vFImLlb"
    )


def test_a_form_of_statement_that_the_bundle_does_not_know_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "STATIC", tmp_path)
    (tmp_path / "one.js").write_text("export default 1;\n")
    with pytest.raises(ValueError, match="does not know"):
        bundle.joined("one.js")
    (tmp_path / "one.js").write_text('import { b } from "./two.js";\nexport const a = b;\n')
    (tmp_path / "two.js").write_text('import { a } from "./one.js";\nexport const b = a;\n')
    with pytest.raises(ValueError, match="circle"):
        bundle.joined("one.js")


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_short_names_keep_the_meaning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "STATIC", tmp_path)
    (tmp_path / "one.js").write_text(
        "export const unused = 1;\n"
        "const table = { first: 1, second: 2 };\n"
        "export function pick({ first, second: other = table.second, ...rest }, [third] = [3]) {\n"
        "  const shown = { first, other, third, rest };\n"
        "  for (const name of Object.keys(rest)) shown[name] = `${name}:${rest[name]}`;\n"
        "  try { throw new Error(name_of(shown)); } catch (error) { return error.message; }\n"
        "}\n"
        "const name_of = (shown) => JSON.stringify(shown);\n"
    )
    (tmp_path / "two.js").write_text(
        'import { pick as first } from "./one.js";\nexport const result = (x) => first(x);\n'
    )
    (tmp_path / "three.js").write_text('export { result } from "./two.js";\n')
    assert NODE is not None
    printed = []
    for content in ((tmp_path / "three.js").read_text(), bundle.shortened(bundle.joined("three.js"))):
        (tmp_path / "tried.mjs").write_text(content)
        for name in ("one", "two"):
            (tmp_path / f"{name}.mjs").write_text(
                (tmp_path / f"{name}.js").read_text().replace(".js", ".mjs")
            )
        (tmp_path / "tried.mjs").write_text(content.replace("./two.js", "./two.mjs"))
        command = (
            "const { result } = await import('./tried.mjs'); console.log(result({ first: 1, fourth: 4 }));"
        )
        done = subprocess.run(
            [NODE, "--input-type=module", "-e", command],
            cwd=tmp_path, capture_output=True, text=True, check=True,
        )  # fmt: skip
        printed.append(done.stdout)
    assert printed[0] == printed[1]
    assert "unused" not in bundle.joined("three.js")


def exported(source: str) -> set[str]:
    """The values that a module or its types export; types alone do not count."""
    names = set(
        re.findall(r"^export (?:declare )?(?:async )?(?:function|class|const) (\w+)", source, re.MULTILINE)
    )
    for group in re.findall(r"^export \{ ([^}]+) \}", source, re.MULTILINE):
        names |= {name.strip().split(" as ")[-1] for name in group.split(",")}
    return names


@pytest.mark.parametrize("name", ["windsock", "elements"])
def test_types_name_every_export_and_no_other(name: str) -> None:
    source = (STATIC / f"{name}.js").read_text()
    assert exported((STATIC / f"{name}.d.ts").read_text()) == exported(source)


def test_types_name_every_member_of_the_client() -> None:
    page = (bundle.STATIC.parents[3] / "docs" / "reference" / "javascript.md").read_text()
    members = page[page.index("### Members") : page.index("### Events")]
    types = (STATIC / "windsock.d.ts").read_text()
    client = types[types.index("class WindsockClient") : types.index("class ClientSession")]
    for member in re.findall(r"^\| `(\w+)", members, re.MULTILINE):
        assert re.search(rf"\b{member}\b", client), member


def test_the_package_exports_files_that_exist_in_the_version_of_the_distribution() -> None:
    package = json.loads((STATIC / "package.json").read_text())
    assert package["version"] == windsock.__version__
    assert "private" not in package
    for target in package["exports"].values():
        for path in target.values() if isinstance(target, dict) else [target]:
            assert list(STATIC.glob(path.removeprefix("./"))), path


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_a_project_imports_the_package_by_its_names(tmp_path: Path) -> None:
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "windsock").symlink_to(STATIC)
    script = (
        "const all = await import('windsock'), one = await import('windsock/board.min.js'); "
        "console.log(typeof all.WindsockClient, typeof all.FlightBoard, Object.keys(one).join());"
    )
    assert NODE is not None
    done = subprocess.run(
        [NODE, "--input-type=module", "-e", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["function", "function", "FlightBoard,FlightStatus"]
