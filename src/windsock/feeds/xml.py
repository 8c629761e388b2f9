"""The element tree of a foreign XML document: no DOCTYPE, bounded in size and depth, or a FeedError.

The encoding is the one the document declares (or its byte order mark); UTF-8 where it declares none. The tags have lost
their namespaces (attributes keep theirs): senders of one format are known to use several, or none.
"""

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.common import DefusedXmlException, DTDForbidden
from defusedxml.ElementTree import DefusedXMLParser

from windsock.errors import FeedError
from windsock.feeds.encoding import UTF_8_MARK, unmarked

MAX_DEPTH = 40
"""Deeper than any feed nests (AIDX, the deepest, has eight), and harmless to a recursive reader."""

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


def root_of(data: bytes, *, max_bytes: int, max_depth: int = MAX_DEPTH) -> Element:
    """Return the root element; raise FeedError with line and column, and nothing else."""
    if len(data) > max_bytes:
        raise FeedError(f"The XML has {len(data)} bytes; at most {max_bytes} are read. Send it in parts.")
    plain = unmarked(data)
    # By its mark it is in UTF-16, whatever encoding it declares; it is read as UTF-8 from here on.
    encoding = "utf-8" if plain is not data and not data.startswith(UTF_8_MARK) else None
    data = plain
    if not data.strip():
        raise FeedError("The XML is empty.")
    try:
        parser = DefusedXMLParser(target=_Bounded(max_depth), forbid_dtd=True, encoding=encoding)
        parser.feed(data)
        root: Element = parser.close()
    except DTDForbidden as error:
        raise FeedError(
            "The XML has a DOCTYPE, which can name other files and grow without bound. Remove it."
        ) from error
    except DefusedXmlException as error:
        raise FeedError(
            "The XML declares entities or refers to other files, which is not supported. Remove them."
        ) from error
    except ParseError as error:
        raise FeedError(_broken(error)) from error
    except (LookupError, ValueError, TypeError, AssertionError) as error:
        # An encoding that Python does not know, knows only as several bytes a letter, or not as one of text.
        raise FeedError(
            f"The XML cannot be decoded by the encoding it declares ({error}). Send it as UTF-8."
        ) from error
    return root


def local(tag: str) -> str:
    """Return the name of a tag or attribute without its namespace: `{http://…}FlightLeg` is `FlightLeg`."""
    return tag.rpartition("}")[2]


def children(element: Element, name: str) -> Iterator[Element]:
    """Return the direct children of that name, whatever their namespace, in order."""
    return (inner for inner in element if inner.tag == name)


def child(element: Element, name: str) -> Element | None:
    """Return the first direct child of that name, whatever its namespace."""
    # A loop of its own, without a generator: AIDX asks a dozen times for each leg.
    for inner in element:
        if inner.tag == name:
            return inner
    return None


def text(element: Element, *names: str) -> str | None:
    """Return the text at the path `names` of children, without surrounding blanks; None if missing or empty."""
    at: Element | None = element
    for name in names:
        at = child(at, name) if at is not None else None
    return None if at is None else ((at.text or "").strip() or None)


def is_nil(element: Element) -> bool:
    """Return whether the element declares its value erased (`xsi:nil="true"`)."""
    return element.get(_NIL, "").strip() in ("true", "1")


class _Bounded(TreeBuilder):
    """Builds the tree of tags without namespaces, and stops where elements nest too deeply."""

    def __init__(self, max_depth: int) -> None:
        super().__init__()
        self.depth, self.max_depth = 0, max_depth

    def start(self, tag: Any, attrs: Any, /) -> Element:
        self.depth += 1
        if self.depth > self.max_depth:
            raise FeedError(
                f"The XML nests elements deeper than {self.max_depth} levels, at <{local(tag)[:60]}>."
            )
        return super().start(local(tag), attrs)

    def end(self, tag: Any, /) -> Element:
        self.depth -= 1
        return super().end(local(tag))


def _broken(error: ParseError) -> str:
    line, column = error.position
    what = str(error).partition(": line ")[0]
    return f"The XML is damaged at line {line}, column {column + 1}: {what}. Was it cut off, or is it another format?"
