"""What the merging of reports goes by: how much each source is believed, and from when a flight is late."""

from collections.abc import Mapping

import msgspec

from windsock.flights.own_sources import OWN_RANKS

DEFAULT_RANK = 50


class MergeRules(msgspec.Struct, frozen=True, kw_only=True):
    """`ranks`: source → rank, higher wins, 50 where not named. `late_minutes`: D15/A15, from here a flight is late.

    `field_ranks`: source → field, or part like "departure" → its rank there, where it differs.

    `stale_minutes`: overdue this long, what we show is old rather than true. `conflict_minutes`: two sources of equal
    rank whose actual times differ by more than this contradict each other (less is rounding and different clocks).

    `order` are the feeds, which repeat themselves: of two of the same rank the later one does not know better, it was
    only asked last, and to follow it would change a flight with every poll. So the one that comes first holds while it
    speaks, that is, until its word is `silent_minutes` older than the other's.
    """

    ranks: Mapping[str, int] = {}
    late_minutes: int = 15
    stale_minutes: int = 360
    conflict_minutes: int = 10
    field_ranks: Mapping[str, Mapping[str, int]] = {}
    order: Mapping[str, int] = {}
    silent_minutes: int = 15

    def rank(self, source: str, path: str = "") -> int:
        """How much this source is believed, of the field `path`."""
        if self.field_ranks and (by_field := self.field_ranks.get(source)) is not None:
            found = by_field.get(path)
            if found is None:
                found = by_field.get(path.partition(".")[0].removesuffix("_delay_minutes"))
            if found is not None:
                return found
        return self.ranks.get(source, OWN_RANKS.get(source, DEFAULT_RANK))


DEFAULT_RULES = MergeRules()
