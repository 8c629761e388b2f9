"""Which sources agree on a fact, and why one of them is believed, in words."""

from collections.abc import Sequence

from windsock.flights.grounds import Grounds
from windsock.wording.language import gettext, ngettext


def agreement(source: str, values: Sequence[object]) -> str:
    """Return how far the sources agree: "3 sources agree", "2 agree, 1 disagrees"; the name of the only one.

    `values` are what each source reported, the believed one first; `source` is who reported that.
    """
    if len(values) < 2:
        return gettext("only {source}", source=source)
    agreeing = sum(value == values[0] for value in values)
    if against := len(values) - agreeing:
        return gettext("{agree}, {disagree}", agree=_agree(agreeing), disagree=_disagree(against))
    return ngettext("{count} source agrees", "{count} sources agree", agreeing)


def _agree(count: int) -> str:
    return ngettext("{count} source says so", "{count} sources agree", count)


def _disagree(count: int) -> str:
    return ngettext("{count} disagrees", "{count} disagree", count)


def grounds_words(grounds: Grounds) -> str:
    """Return why the source is believed, as a phrase about it."""
    match grounds.ground:
        case "only":
            return gettext("the only source")
        case "rank":
            return gettext("higher rank ({rank} over {other})", rank=grounds.rank, other=grounds.over)
        case "configured":
            return gettext("same rank ({rank}); it is configured first and still reports", rank=grounds.rank)
        case "later":
            return gettext("same rank ({rank}), observed later", rank=grounds.rank)
        case "earlier":
            return gettext("same rank ({rank}), published first", rank=grounds.rank)
        case "name":
            return gettext(
                "same rank ({rank}), observed at the same time; the name of the source decides",
                rank=grounds.rank,
            )
