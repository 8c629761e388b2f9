"""Why the word of one source about a field is believed and not another's: as data, for pages and programs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from windsock.flights.facts import Fact
from windsock.flights.rules import MergeRules

Ground = Literal["only", "rank", "configured", "later", "earlier", "name"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What decided: it is the `only` source, or has the higher `rank`; of equal ranks it was `configured` first and
    still reports, observed it `later`, published it `earlier`, or has the `name` that comes first.

    `rank` is that of the source believed, `over` the highest of the others (0 if there are none).
    """

    ground: Ground
    rank: int
    over: int = 0

    def __str__(self) -> str:
        """Return the sentence of the API, which is in English; pages have `wording.provenance`."""
        match self.ground:
            case "only":
                return "the only source"
            case "rank":
                return f"higher rank ({self.rank} over {self.over})"
            case "configured":
                return f"same rank ({self.rank}); this feed is configured first and still reports"
            case "later":
                return f"same rank ({self.rank}), observed later"
            case "earlier":
                return f"same rank ({self.rank}), published first"
            case "name":
                return f"same rank ({self.rank}), observed at the same time; the source's name decides"


def grounds(path: str, believed: str, by_source: Mapping[str, Fact], rules: MergeRules) -> Grounds:
    """Return why `believed` is, among the sources that have reported the field."""
    rank = rules.rank(believed, path)
    others = [source for source in by_source if source != believed]
    if not others:
        return Grounds(ground="only", rank=rank)
    over = max(rules.rank(source, path) for source in others)
    if rank > over:
        return Grounds(ground="rank", rank=rank, over=over)
    own = by_source[believed].observed_at
    newest = max(by_source[source].observed_at for source in others if rules.rank(source, path) == rank)
    if believed in rules.order and own < newest:
        return Grounds(ground="configured", rank=rank, over=over)
    if own != newest:
        return Grounds(ground="later" if own > newest else "earlier", rank=rank, over=over)
    return Grounds(ground="name", rank=rank, over=over)
