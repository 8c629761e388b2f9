"""Where one telex ends and the next begins, in a file or mailbox of several."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from windsock.feeds.mvt import lines

FRAMING = "\x01\x02\x03\x04 \t\v\f"
"""Start and end of heading, text and transmission, which surround a telex."""

GARBLED = "\ufffd"
"""Replaces a character that no telex has: a blank would split a word, or make a flight number."""


@dataclass(slots=True)
class Telex:
    """One telex: its numbered lines, of which the first `body` are envelope and heading, and its time of sending."""

    lines: list[tuple[int, str]] = field(default_factory=list)
    kind: str | None = None
    body: int = 0
    sent: str | None = None


def telexes(text: str) -> Iterator[Telex]:
    """Yield the telexes of an input in their order, also those that are not movements (their kind is None)."""
    telex = Telex()
    for number, raw in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        over = "\x03" in raw  # ETX
        whole = raw.strip(FRAMING).upper()
        if not whole.isprintable():
            whole = "".join(c if c.isprintable() else " " if c.isspace() else GARBLED for c in whole)
        line = whole.strip()
        if not line:
            pass
        elif lines.ends_telex(line):
            over = True
        else:
            head = lines.head(line)
            if head and telex.kind is not None and len(telex.lines) == telex.body:
                continue  # a repeated heading, or MVT and COR the wrong way round
            if telex.kind is not None and (head or lines.starts_telex(line)):
                yield telex
                telex = Telex()
            if lines.is_label(line):
                continue
            telex.lines.append((number, line))
            if head in lines.HEADS:
                telex.kind, telex.body = head, len(telex.lines)
            elif telex.kind is None:
                telex.sent = _sent(telex.sent, line)
            over = over or line.endswith("=")
        if over:
            if telex.lines:
                yield telex
            telex = Telex()
    if telex.lines:
        yield telex


def _sent(known: str | None, line: str) -> str | None:
    # The sender's line counts; the downlink's only if there is none.
    said = lines.sending_time(line)
    return said if said and (known is None or lines.is_origin(line)) else known
