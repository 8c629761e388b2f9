"""Live flight-delay updates for everyone concerned: a durable, ordered journal of flights, pushed over WebSockets.

What a host project needs is importable from here, and is loaded on first use: importing `windsock` needs no Django.
docs/reference/stable.md lists every promised name.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

__all__ = [
    "Recorded",
    "Rejected",
    "Result",
    "WindsockError",
    "__version__",
    "add_windsock",
    "arecord",
    "record",
]

_HOMES = {
    "Recorded": "windsock.ingest",
    "Rejected": "windsock.ingest",
    "Result": "windsock.ingest",
    "WindsockError": "windsock.errors",
    "add_windsock": "windsock.asgi",
    "arecord": "windsock.ingest",
    "record": "windsock.ingest",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(home), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
