"""Sphinx: the Markdown of this folder as HTML (`make docs`)."""

import tomllib
from pathlib import Path

_project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]

project = "Windsock"
author = "The Windsock authors"
copyright = "2026, The Windsock authors"
release = version = _project["version"]

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"Windsock {release}"
# Links into the repository (LICENSE, README) lead nowhere in the HTML; they are for those who read it on a forge.
suppress_warnings = ["myst.xref_missing"]
