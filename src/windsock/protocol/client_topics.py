"""The topics of a client: their names here and on the server, and which of them the server has confirmed."""

from collections.abc import Iterable, Mapping

from windsock.errors import ProtocolError
from windsock.protocol.topics import Topic


class ClientTopics:
    """The topics that a client follows, in the order in which it asked for them."""

    def __init__(self, topics: Iterable[str], *, confirmed: bool) -> None:
        self._confirmed: dict[str, bool] = {canonical(topic): confirmed for topic in topics}
        # Our name → the server's, where its tables of carriers and airports differ from ours: "carrier:EC" here may be
        # "carrier:U2" there.
        self._called: dict[str, str] = {}

    @property
    def confirmed(self) -> Mapping[str, bool]:
        """Each topic, and whether the server has confirmed it."""
        return self._confirmed

    def known(self) -> frozenset[str]:
        """Return the confirmed topics."""
        return frozenset(name for name, confirmed in self._confirmed.items() if confirmed)

    def add(self, topics: Iterable[str]) -> list[str]:
        """Add topics, unconfirmed; return the names of the new ones."""
        new = [name for name in self._names(topics) if name not in self._confirmed]
        self._confirmed.update(dict.fromkeys(new, False))
        return new

    def remove(self, topics: Iterable[str]) -> list[str]:
        """Remove topics; return the names of those that were there."""
        gone = [name for name in self._names(topics) if name in self._confirmed]
        for name in gone:
            del self._confirmed[name]
        return gone

    def refuse(self, names: Iterable[str]) -> None:
        """Remove topics that the server refused."""
        for name in names:
            self._confirmed.pop(name, None)

    def answer(self, asked: frozenset[str], answered: frozenset[str]) -> None:
        """Confirm topics under the names that the server gave them: it may know more airports than we do."""
        ours, theirs = asked - answered, answered - asked
        if len(ours) == len(theirs) == 1:
            self._called[next(iter(ours))] = next(iter(theirs))
        self.refuse(ours)
        for name in answered:
            if name in self._confirmed or name not in asked:
                self._confirmed[name] = True

    def confirm(self, names: Iterable[str]) -> None:
        """Confirm those of the names that are followed."""
        for name in names:
            if name in self._confirmed:
                self._confirmed[name] = True

    def _names(self, topics: Iterable[str]) -> list[str]:
        """Return the topics' names without repetitions, in the server's spelling where it is known."""
        names = (canonical(topic) for topic in topics)
        return list(dict.fromkeys(self._called.get(name, name) for name in names))


def canonical(topic: str) -> str:
    """Return the topic's canonical name. An unknown code in a known form is left for the server to judge.

    Raises:
        ProtocolError: The form is unknown (code `unknown_topic`).
    """
    try:
        return str(Topic.parse(topic))
    except ProtocolError:
        kind, _, value = topic.strip().partition(":")
        kind, value = kind.strip().lower(), value.strip().upper()
        if kind in ("departures", "arrivals", "airport", "programmes"):
            codes = [value]
        elif kind == "route":
            start, _, end = value.partition("-")
            codes = [start, end]
        elif kind == "flight":
            flight, _, code = value.rpartition(".")
            Topic.parse(f"flight:{flight}.JFK")  # raises unless only the airport is unknown
            codes = [code]
        else:
            raise
        if not all(3 <= len(code) <= 4 and code.isascii() and code.isalnum() for code in codes):
            raise
        return f"{kind}:{value}"
