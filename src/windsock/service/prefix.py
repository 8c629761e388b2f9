"""Serve below a path of another site, such as https://airport.example/delays/, set by SCRIPT_NAME."""

from typing import Any

from windsock.errors import ConfigError


def prefix_of(text: str) -> str:
    """Return the prefix that SCRIPT_NAME sets, without its final slash; "" is the root. Raises ConfigError."""
    prefix = "/" + text.strip().strip("/")
    if prefix == "/":
        return ""
    if any(sign in prefix for sign in "?#%\\ ") or "//" in prefix or not prefix.isascii():
        raise ConfigError(f"SCRIPT_NAME is {text!r}, which is not a path. Use one such as /delays.")
    return prefix


class BelowPrefix:
    """Serve the ASGI `application` below `prefix`, whether or not a proxy strips the prefix."""

    def __init__(self, application: Any, prefix: str) -> None:
        self._application = application
        self._prefix = prefix

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        prefix = self._prefix
        if prefix and scope["type"] in ("http", "websocket"):
            path: str = scope["path"]
            if path == prefix:
                path += "/"
            elif not path.startswith(prefix + "/"):
                path = prefix + path
            scope = {**scope, "path": path, "root_path": prefix}
        await self._application(scope, receive, send)
