"""One table of a mapping file, read strictly: a wrong or unknown key is a ConfigError that names it."""

import difflib
from collections.abc import Iterator
from collections.abc import Mapping as Table

from windsock.errors import ConfigError


class MappingTable:
    """A table being read: each known key is read once, and `finish` refuses all others."""

    def __init__(self, data: dict[str, object], prefix: str) -> None:
        self.data, self.prefix = data, prefix
        self._asked: list[str] = []

    def at(self, name: str) -> str:
        """Return the key as the file has it, with the tables around it."""
        return f"{self.prefix}.{name}" if self.prefix else name

    def wrong(self, name: str, right: str) -> ConfigError:
        """Return the error for a key with a value that is not allowed."""
        return ConfigError(f"{self.at(name)} is {_shown(self.data.get(name))}; it must be {right}.")

    def text(self, name: str, *, required: bool = False) -> str | None:
        """Return the text at `name`, or None if the key is not there."""
        value = self._ask(name, required, '"…"')
        if value is not None and (not isinstance(value, str) or not value):
            raise self.wrong(name, "text that is not empty")
        return value

    def truth(self, name: str) -> bool | None:
        """Return true, false, or None if the key is not there."""
        value = self._ask(name, False, "true")
        if value is not None and not isinstance(value, bool):
            raise self.wrong(name, "true or false")
        return value

    def one_of(self, name: str, words: tuple[str, ...], *, required: bool = False) -> str | None:
        """Return one of the `words`, or None if the key is not there."""
        value = self._ask(name, required, f'"{words[0]}"')
        if value is not None and (not isinstance(value, str) or value not in words):
            raise self.wrong(name, "one of " + ", ".join(words))
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts; empty if the key is not there."""
        value = self._ask(name, False, '["…"]')
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            raise self.wrong(name, 'a list of texts, like ["-", "n/a"]')
        return tuple(value)

    def table(self, name: str, *, required: bool = False) -> "MappingTable":
        """Return the table at `name`; an empty one if the key is not there."""
        value = self._ask(name, required, "a table")
        if value is None:
            value = {}
        if not isinstance(value, dict):
            raise self.wrong(name, f"a table, [{self.at(name)}]")
        return MappingTable(value, self.at(name))

    def take_all(self) -> Iterator[str]:
        """Return all names of a table whose keys are the source's own."""
        self._asked += self.data
        return iter(tuple(self.data))

    def finish(self, elsewhere: Table[str, str] | None = None) -> None:
        """Refuse the keys that were not read. `elsewhere`: keys that only some format has, and which."""
        for name in self.data:
            if name in self._asked:
                continue
            if elsewhere and name in elsewhere:
                raise ConfigError(f'{self.at(name)} is only for format = "{elsewhere[name]}"; leave it out.')
            near = difflib.get_close_matches(name, self._asked, n=1)
            hint = (
                f"did you mean {near[0]!r}?"
                if near
                else f"allowed are {', '.join(self._asked)}."
                if self._asked
                else "none is allowed here."
            )
            raise ConfigError(f"{self.at(name)} is {_shown(self.data[name])}; there is no such key: {hint}")

    def _ask(self, name: str, required: bool, like: str) -> object:
        self._asked.append(name)
        if required and name not in self.data:
            near = difflib.get_close_matches(name, self.data, n=1)
            seen = f" There is {near[0]!r}; was that meant?" if near else ""
            raise ConfigError(f"{self.at(name)} is missing; it must be given, like {name} = {like}.{seen}")
        return self.data.get(name)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:80] + "…"
