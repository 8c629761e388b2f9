"""A flight with the word of every source behind it, and its compact form on disk."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from windsock.flights.facts import Fact, Facts, best
from windsock.flights.fields import CANCELLATION_REASONS, FIRST, TABLE, TIMES
from windsock.flights.grounds import Grounds, grounds
from windsock.flights.identity import FlightKey
from windsock.flights.report import Reason
from windsock.flights.rules import DEFAULT_RULES, MergeRules
from windsock.flights.state import Flight


class _Stored(msgspec.Struct, frozen=True):
    flight: Flight
    facts: msgspec.Raw


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Stored)
_facts_decoder = msgspec.json.Decoder(list[tuple[str, datetime, datetime | None, dict[str, Any]]])


def _reasons(raw: Any) -> tuple[Reason, ...]:
    return msgspec.convert(raw, tuple[Reason, ...])


# Times and tuples are text and lists in JSON; what is not here is stored as facts hold it.
_READERS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(TIMES, datetime.fromisoformat),
    **{field.path: tuple for field in TABLE if field.value == "designators"},
    **{field.path: _reasons for field in TABLE if field.value == "reasons"},
    CANCELLATION_REASONS: _reasons,
}


def _value(path: str, raw: Any) -> Any:
    """Return a stored value as facts hold it."""
    read = _READERS.get(path)
    return raw if raw is None or read is None else read(raw)


class FlightRecord:
    """One flight: its identity, every source's latest word per field, and what is believed. Not to be altered.

    A stored record's facts are read when they are first asked for: boards and snapshots want only the flight.
    """

    __slots__ = ("_facts", "flight", "key")

    def __init__(self, *, key: FlightKey, facts: Facts | msgspec.Raw, flight: Flight) -> None:
        self.key, self.flight = key, flight
        self._facts = facts

    @property
    def facts(self) -> Facts:
        """Every source's latest word per field."""
        facts = self._facts
        if isinstance(facts, msgspec.Raw):
            facts = self._facts = _facts_of(facts)
        return facts

    def has_fact(self, path: str) -> bool:
        """Return whether any source has reported the field, without reading stored facts."""
        facts = self._facts
        return b'"%s":' % path.encode() in bytes(facts) if isinstance(facts, msgspec.Raw) else path in facts

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FlightRecord):
            return NotImplemented
        return self.flight == other.flight and self.key == other.key and self.facts == other.facts

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"FlightRecord(key={self.key!r}, facts={self.facts!r}, flight={self.flight!r})"

    def to_json(self, flight: bytes | None = None) -> bytes:
        """Return the whole record, compact; `from_json` gives an equal one.

        What one source said at one moment is stored as one group [source, observed_at, received_at or null if the
        same, {field: value}]. The believed flight is stored as well: changed ranks must not change it unannounced.
        Whoever has the flight's own JSON at hand gives it as `flight`.
        """
        facts = self._facts
        return b'{"flight":%s,"facts":%s}' % (
            _encoder.encode(self.flight) if flight is None else flight,
            bytes(facts) if isinstance(facts, msgspec.Raw) else _stored(facts),
        )

    @classmethod
    def from_json(cls, data: bytes | str) -> "FlightRecord":
        """Return the record that `to_json` wrote; raise msgspec.DecodeError on anything else."""
        stored = _decoder.decode(data)
        return cls(key=stored.flight.key, facts=stored.facts.copy(), flight=stored.flight)

    def provenance(self, rules: MergeRules = DEFAULT_RULES) -> dict[str, Any]:
        """Per field whose word is believed, why, and every source's word, the believed first. Ready for JSON."""
        told: dict[str, Any] = {}
        for path in sorted(self.facts):
            by_source = self.facts[path]
            believed, _ = best(path, by_source, rules)
            told[path] = {
                "believed": believed,
                "why": str(grounds(path, believed, by_source, rules)),
                "assertions": [
                    {
                        "source": source,
                        "rank": rules.rank(source, path),
                        "value": msgspec.to_builtins(fact.value),
                        "observed_at": msgspec.to_builtins(fact.observed_at),
                        "received_at": msgspec.to_builtins(fact.received_at),
                    }
                    for source, fact in sorted(by_source.items(), key=lambda item: item[0] != believed)
                ],
            }
        return told

    def grounds(self, rules: MergeRules = DEFAULT_RULES) -> dict[str, Grounds]:
        """Return per field why the word of the source that is believed counts more than the others'."""
        return {
            path: grounds(path, best(path, by_source, rules)[0], by_source, rules)
            for path, by_source in self.facts.items()
        }


def _stored(facts: Facts) -> bytes:
    groups: dict[tuple[str, datetime, datetime], dict[str, Any]] = {}
    for path, by_source in facts.items():
        for source, fact in by_source.items():
            at = (source, fact.observed_at, fact.received_at)
            group = groups.get(at)
            if group is None:
                groups[at] = {path: fact.value}
            else:
                group[path] = fact.value
    for group in groups.values():
        for path, first in FIRST.items():
            # Mostly the schedule is the one first published: not written twice.
            if first in group and group.get(path) == group[first]:
                del group[first]
    return _encoder.encode(
        [
            (source, observed, None if received == observed else received, values)
            for (source, observed, received), values in groups.items()
        ]
    )


def _facts_of(stored: msgspec.Raw) -> Facts:
    facts: Facts = {}
    for source, observed, received, values in _facts_decoder.decode(stored):
        for path, raw in values.items():
            fact = Fact(_value(path, raw), observed, received or observed)
            held = facts.get(path)
            if held is None:
                facts[path] = {source: fact}
            else:
                held[source] = fact
    for path, first in FIRST.items():
        for source, fact in facts.get(path, {}).items():
            if fact.value is not None and source not in (known := facts.setdefault(first, {})):
                known[source] = fact
        if first in facts and not facts[first]:
            del facts[first]
    return facts
