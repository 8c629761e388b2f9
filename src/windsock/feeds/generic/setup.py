"""A feed of the generic format as an operator sets it up: its mapping, and how its address is polled."""

from collections.abc import Mapping as Options
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from windsock.errors import ConfigError
from windsock.feeds import polling
from windsock.feeds.generic.mappingfile import read_mapping


def prepared(options: Options[str, Any]) -> dict[str, Any]:
    """Return the mapping of the feed's key `mapping`, a file's path or the TOML itself; raise ConfigError."""
    given = options.get("mapping")
    if not isinstance(given, str) or not given.strip():
        raise ConfigError(
            f"generic: mapping is {given!r}; use the path of a mapping file such as '/etc/windsock/airport.toml'."
        )
    if "\n" in given:
        return {"mapping": read_mapping(given)}
    try:
        text = Path(given).expanduser().read_text("utf-8")
    except (OSError, ValueError, RuntimeError) as error:
        raise ConfigError(f"generic: the mapping file {given} cannot be read: {error}.") from None
    try:
        return {"mapping": read_mapping(text)}
    except ConfigError as error:
        raise ConfigError(f"In the mapping file {given}: {error}") from None


class Poller(polling.Poller):
    """Ask for the feed's `url`; a secret is sent as a bearer token."""

    needs_url = True

    def requests(self, cursor: str, now: datetime) -> Sequence[polling.Request]:
        """Return the address as configured; a feed without one only accepts pushes and files."""
        if self.url is None:
            return ()
        headers = {} if self.secret is None else {"Authorization": f"Bearer {self.secret}"}
        return (polling.Request(url=self.url, headers=headers),)
