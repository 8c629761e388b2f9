"""The sender of reports: its name, its entrance, and the sources it may name. No Django."""

from typing import TYPE_CHECKING, Final

import msgspec

from windsock.conf import config
from windsock.errors import SourceRefused
from windsock.flights.sources import first_alike, is_own, skeleton

if TYPE_CHECKING:
    from windsock.access.rights import Identity

ANY: Final = "*"
"""In a token's list: it may name any source that is not reserved."""

REFUSALS = frozenset({"foreign_source", "reserved_source"})
"""The codes of reports that name a source which their sender may not use."""

MAX_REPORTER = 100
"""Characters of the sender's name that are kept; names of users may be longer."""


class Speaker(msgspec.Struct, frozen=True, gc=False):
    """A sender: `by` names it for people ("token:3 gate displays", "feed:oslo"), `entrance` the way its reports came.

    `sources` are those it may name, its own first; None is for code of the process itself, which may name any but
    Windsock's own. `reserved` are the names and sources of feeds, which no publisher may use.
    """

    by: str
    entrance: str
    sources: tuple[str, ...] | None = None
    reserved: frozenset[str] = frozenset()

    def require(self, source: str) -> None:
        """Raise SourceRefused, with the cure, if the sender may not use this source."""
        if self.sources is None:
            return
        if (feed := first_alike(source, self.reserved)) is not None:
            if (took := first_alike(self.sources[0], self.reserved)) is not None:
                # The feed was configured after the token was made.
                raise SourceRefused(
                    f"This token reports as {self.sources[0]!r}, which the feed {took!r} has taken since. Give "
                    "the feed another source, or make a new token: "
                    "windsock token create NAME --scope publish --source SOURCE",
                    code="reserved_source",
                    field="source",
                    value=source,
                    expected="a source that is not a feed's",
                )
            taken = "is a feed's" if feed == source else f"can be mistaken for {feed!r}, which is a feed's"
            raise SourceRefused(
                f"The source {source!r} {taken}: only the feed itself may use it. "
                f"Leave 'source' out to report as {self.sources[0]!r}.",
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
            f"{self.by} may report as {allowed}, not as {source!r}. Leave 'source' out, or use a token that may name "
            f"it: windsock token create NAME --scope publish --speaks-for {source}",
            field="source",
            value=source,
            expected=allowed,
        )


def speaker_of(identity: "Identity", entrance: str) -> Speaker:
    """Return the speaker for a token or a signed-in user."""
    sources = (identity.source, *identity.speaks_for)
    return Speaker(identity.reporter[:MAX_REPORTER], entrance, sources, config().feed_sources)


def feed_speaker(feed: str, entrance: str, sender: "str | None" = None) -> Speaker:
    """Return the speaker for a feed; `sender` names whoever sent its input, where that is known."""
    by = f"feed:{feed}" if sender is None else f"feed:{feed} by {sender}"
    return Speaker(by[:MAX_REPORTER], entrance)
