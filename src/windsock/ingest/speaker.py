"""Who hands in reports, by which entrance, and as which sources they may speak. No Django."""

from typing import TYPE_CHECKING, Final

import msgspec

from windsock.conf import config
from windsock.errors import SourceRefused
from windsock.flights.sources import first_alike, is_own, skeleton

if TYPE_CHECKING:
    from windsock.access.rights import Identity

ANY: Final = "*"
"""In the list of a token: it may speak as any source that is not reserved."""

REFUSALS = frozenset({"foreign_source", "reserved_source"})
"""The codes of reports that name a source as which whoever sends them may not speak."""

MAX_REPORTER = 100
"""The length of what is kept of who reported; names of users may be longer."""


class Speaker(msgspec.Struct, frozen=True, gc=False):
    """Who reports, as `by` says to people ("token:3 gate displays", "feed:oslo"), by which `entrance`.

    `sources` are those they may name, their own first; None is for code of the process itself, which may name any but
    Windsock's own. `reserved` are the names and sources of feeds, which no publisher speaks as.
    """

    by: str
    entrance: str
    sources: tuple[str, ...] | None = None
    reserved: frozenset[str] = frozenset()

    def require(self, source: str) -> None:
        """Raise SourceRefused, with the cure, where they may not speak as this source."""
        if self.sources is None:
            return
        if (feed := first_alike(source, self.reserved)) is not None:
            taken = "is a feed's" if feed == source else f"can be mistaken for {feed!r}, which is a feed's"
            raise SourceRefused(
                f"The source {source!r} {taken}: only the feed itself speaks under it. "
                f"Leave 'source' out to speak as {self.sources[0]!r}.",
                code="reserved_source",
                field="source",
                value=source,
                expected=repr(self.sources[0]),
            )
        # "user:ann" is hers alone, also where a token may name any source.
        free = ANY in self.sources and not is_own(source) and not skeleton(source).startswith("user:")
        if source in self.sources or free:
            return
        allowed = " or ".join(repr(name) for name in self.sources)
        raise SourceRefused(
            f"{self.by} speaks as {allowed}, not as {source!r}. Leave 'source' out, or use a token that may speak for "
            f"it: windsock token create NAME --scope publish --speaks-for {source}",
            field="source",
            value=source,
            expected=allowed,
        )


def speaker_of(identity: "Identity", entrance: str) -> Speaker:
    """Return the speaker that a token or a signed-in user is."""
    sources = (identity.source, *identity.speaks_for)
    return Speaker(identity.reporter[:MAX_REPORTER], entrance, sources, config().feed_sources)


def feed_speaker(feed: str, entrance: str, sender: "str | None" = None) -> Speaker:
    """Return the speaker that a feed is; `sender` is whoever handed its input in, where that is known."""
    by = f"feed:{feed}" if sender is None else f"feed:{feed} by {sender}"
    return Speaker(by[:MAX_REPORTER], entrance)
