"""The client's programmes of airports: of each subscribed topic `programmes:…` what now stands."""

from collections.abc import Iterable, Iterator, Mapping

from windsock.flights.programmes import Standing


class Standings(Mapping[str, Standing]):
    """Airport → its programmes, always current; an airport that never had any is absent.

    Read-only for its users; the client session writes. An old snapshot undoes no newer event, as with flights.
    """

    def __init__(self) -> None:
        self._standings: dict[str, Standing] = {}
        self._offsets: dict[str, int] = {}

    def __getitem__(self, airport: str) -> Standing:
        return self._standings[airport]

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._standings))  # a copy: the session may act while a caller iterates

    def __len__(self) -> int:
        return len(self._standings)

    # For the client session -------------------------------------------------------------------------------------------

    def put(self, standing: Standing, offset: int, topics: Iterable[str]) -> bool:
        """Keep the standing if it is newer than the one held and a topic claims it; return whether it did."""
        held = self._standings.get(standing.airport)
        if topic_of(standing.airport) not in topics or (held and held.version >= standing.version):
            return False
        self._standings[standing.airport] = standing
        self._offsets[standing.airport] = offset
        return True

    def load(
        self, standings: Iterable[Standing], offset: int, covered: frozenset[str], topics: frozenset[str]
    ) -> None:
        """Apply a snapshot of the topics `covered`, as of `offset`. Standings it lacks are dropped, unless newer."""
        present = set()
        for standing in standings:
            present.add(standing.airport)
            self.put(standing, offset, topics)
        for airport in list(self._standings):
            if airport not in present and topic_of(airport) in covered and self._offsets[airport] <= offset:
                self._drop(airport)

    def keep(self, topics: frozenset[str]) -> None:
        """Drop the standings that no topic claims."""
        for airport in list(self._standings):
            if topic_of(airport) not in topics:
                self._drop(airport)

    def clear(self) -> None:
        """Remove all: the journal was replaced."""
        self._standings.clear()
        self._offsets.clear()

    def _drop(self, airport: str) -> None:
        del self._standings[airport], self._offsets[airport]


def topic_of(airport: str) -> str:
    """Return the topic of an airport's programmes."""
    return f"programmes:{airport}"
