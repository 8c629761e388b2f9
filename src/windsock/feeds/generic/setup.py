"""A feed of the generic format as an operator sets it up: where its mapping is, and how its address is asked."""

from collections.abc import Mapping as Options
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from windsock.errors import ConfigError
from windsock.feeds import polling
from windsock.feeds.generic.mappingfile import read_mapping


def prepared(options: Options[str, Any]) -> dict[str, Any]:
    """The mapping named by the feed's key `mapping`: a file's path, or the TOML itself. Raises ConfigError."""
    given = options.get("mapping")
    if not isinstance(given, str) or not given.strip():
        raise ConfigError(
            f"generic: mapping is {given!r}; the path of a mapping file is needed, like '/etc/windsock/airport.toml'."
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
    """One GET of the feed's `url` at a time; a secret goes along as a bearer token."""

    needs_url = True

    def requests(self, cursor: str, now: datetime) -> Sequence[polling.Request]:
        """The address as configured; a feed without one only comes by push or as files."""
        if self.url is None:
            return ()
        headers = {} if self.secret is None else {"Authorization": f"Bearer {self.secret}"}
        return (polling.Request(url=self.url, headers=headers),)
