"""Write the table of settings into docs/reference/settings.md, from windsock.conf: `python tools/settings_page.py`."""

import re
from pathlib import Path

from windsock.conf import SETTINGS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "settings.md"
TABLE = re.compile(r"^\| key \| default \|.*?(?=^$)", flags=re.MULTILINE | re.DOTALL)


def table() -> str:
    """Return the table of every setting as Markdown."""
    lines = ["| key | default | unit | what it does |", "|---|---|---|---|"]
    for setting in SETTINGS.values():
        lines.append(f"| `{setting.key}` | `{setting.shown_default}` | {setting.unit} | {setting.help} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(TABLE.sub(lambda _: table(), PAGE.read_text("utf-8"), count=1), "utf-8")
