"""Write the promised names into docs/reference/stable.md, from the code: `python -m tools.public_names`."""

import importlib
import inspect
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "stable.md"

WHOLE = ("windsock", "windsock.asgi", "windsock.client", "windsock.client.sync", "windsock.errors")
"""Modules all of whose names are promised: those in `__all__`, or every class of a module without one."""

SINGLE = {
    "windsock.ingest": ("Recorded", "Rejected", "Result", "arecord", "record"),
    "windsock.hosting": (
        "bad_request",
        "csrf_failure",
        "page_not_found",
        "permission_denied",
        "server_error",
    ),
    "windsock.routing": ("websocket_urlpatterns",),
    "windsock.flights.own_tables": ("use",),
    "windsock.access.revocations": ("record",),
}
"""Modules some of whose names are promised."""

NAMED = ("windsock.urls", "windsock.service.settings")
"""Modules that are promised by their name: Django includes or loads them."""

TABLE = re.compile(r"^### `windsock`\n.*?(?=^## )", flags=re.MULTILINE | re.DOTALL)


def promised() -> dict[str, list[str]]:
    """Return the promised names of each module."""
    found = {}
    for module in WHOLE:
        loaded = importlib.import_module(module)
        own = [value for value in vars(loaded).values() if getattr(value, "__module__", None) == module]
        classes = [value.__name__ for value in own if inspect.isclass(value)]
        found[module] = sorted(getattr(loaded, "__all__", classes))
    return found | {module: sorted(names) for module, names in SINGLE.items()}


def page_part() -> str:
    """Return the lists of promised names as Markdown."""
    lines: list[str] = []
    for module, names in promised().items():
        loaded = importlib.import_module(module)
        lines += [f"### `{module}`", "", "| name | what it is |", "|---|---|"]
        lines += [
            f"| `{name}{_signature(getattr(loaded, name))}` | {_sentence(loaded, name)} |" for name in names
        ]
        lines.append("")
    return "\n".join(lines) + "\n"


def _signature(value: Any) -> str:
    if not inspect.isfunction(value):
        return ""
    parameters = [
        ("**" if each.kind is each.VAR_KEYWORD else "*" if each.kind is each.VAR_POSITIONAL else "")
        + each.name
        + ("" if each.default is each.empty else f"={each.default!r}" if not callable(each.default) else "=…")
        for each in inspect.signature(value).parameters.values()
    ]
    only = [each for each in inspect.signature(value).parameters.values() if each.kind is each.KEYWORD_ONLY]
    if only:
        parameters.insert(len(inspect.signature(value).parameters) - len(only), "*")
    return f"({', '.join(parameters)})"


def _sentence(module: Any, name: str) -> str:
    """Return the first sentence of a name's docstring, or of the text below its assignment."""
    value = getattr(module, name)
    text = inspect.getdoc(value) if inspect.isclass(value) or inspect.isfunction(value) else None
    text = text or VALUES[name]
    first = re.split(r"(?<=[.])\s+(?=[A-Z`])|\n\n", text, maxsplit=1)[0]
    return " ".join(first.split()).replace("|", "\\|")


VALUES = {
    "__version__": "The version of the distribution.",
    "Result": "`Recorded` or `Rejected`.",
    "Update": "Any of the updates that `updates()` yields.",
    "websocket_urlpatterns": "The sockets of Windsock, for a `URLRouter` of your own.",
}
"""Names that are neither classes nor functions, which have no docstring."""


def signatures(text: str) -> set[tuple[str, str]]:
    """Return what a table row begins with (the name with its signature), and the heading above it."""
    found, module = set(), ""
    for line in text.splitlines():
        if heading := re.match(r"### `([\w.]+)`", line):
            module = heading[1]
        elif row := re.match(r"\| `(\w+[^`]*)` \|", line):
            found.add((module, row[1]))
    return found


def documented(text: str) -> Iterator[str]:
    """Yield the full names that the page lists."""
    module = ""
    for line in text.splitlines():
        if heading := re.match(r"### `([\w.]+)`", line):
            module = heading[1]
        elif module and (row := re.match(r"\| `(\w+)", line)):
            yield f"{module}.{row[1]}"
        elif line.startswith("## "):
            module = ""


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    PAGE.write_text(TABLE.sub(lambda _: page_part(), PAGE.read_text("utf-8"), count=1), "utf-8")
