"""Static files under the storages that hosts use: collectstatic succeeds, and every module finds its imports."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage, staticfiles_storage
from django.core.management import call_command
from django.test import override_settings


class AggregatingStorage(ManifestStaticFilesStorage):
    """Hashed names inside the modules too, which is Django's option for ES modules."""

    support_js_module_import_aggregation = True


STORAGES = {
    "plain": "django.contrib.staticfiles.storage.StaticFilesStorage",
    "manifest": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage",
    "manifest, modules": f"{__name__}.AggregatingStorage",
    "servestatic": "servestatic.storage.CompressedManifestStaticFilesStorage",
}

IMPORTED = re.compile(r"""^(?:import|export) [^;]*?from "(\./[^"]+)";""", flags=re.MULTILINE)


@pytest.mark.parametrize("name", STORAGES)
def test_collected_modules_find_what_they_import(name: str, tmp_path: Path) -> None:
    storages: dict[str, Any] = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": STORAGES[name]},
    }
    with override_settings(STORAGES=storages, STATIC_ROOT=str(tmp_path)):
        call_command("collectstatic", interactive=False, verbosity=0)
        entrances = [
            staticfiles_storage.url(f"windsock/{module}.js") for module in ("board", "flight", "windsock")
        ]
    modules = sorted((tmp_path / "windsock").glob("*.js"))
    imported = {module: IMPORTED.findall(module.read_text()) for module in modules}
    assert sum(map(len, imported.values())) > 20
    for module, names in imported.items():
        for relative in names:
            assert (module.parent / relative).is_file(), f"{module.name} imports {relative}"
    for entrance in entrances:
        assert (tmp_path / entrance.removeprefix("/static/")).is_file()
    if name == "manifest, modules":
        board = (tmp_path / entrances[0].removeprefix("/static/")).read_text()
        assert all(re.search(r"\.[0-9a-f]{12}\.js$", relative) for relative in IMPORTED.findall(board))
