"""Read request bodies within a limit, and decode them so that an error names its line and column."""

import re
import zlib
from dataclasses import dataclass
from typing import Any

import msgspec
from django.http import HttpRequest, UnreadablePostError

from windsock.api.problems import HttpProblem

JSON_TYPES = frozenset({"application/json"})
NDJSON_TYPES = frozenset(
    {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"}
)

BOM = b"\xef\xbb\xbf"
"""A byte-order mark, which Windows editors and shells put before text (RFC 8259, 8.1: a parser may ignore it)."""

MAX_REPORTS = 10_000
"""Reports per request: this many take a few seconds."""

MAX_GZIP_MEMBERS = 100
"""Each member costs a copy of the data after it, so thousands of empty ones would keep the server busy."""

_BYTE = re.compile(r"\(byte (\d+)\)")
_CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class Malformed:
    """A line of NDJSON that is not valid JSON."""

    message: str
    line: int
    column: int
    value: str


@dataclass(frozen=True, slots=True)
class ReportBatch:
    """The reports of a body, in order; `single` when the body was a single object."""

    items: list[Any]
    single: bool


def read(request: HttpRequest, limit: int) -> bytes:
    """Return the body, decompressed: at most `limit` bytes before and after.

    Raises:
        HttpProblem: 413 as soon as it is longer, 415 for a Content-Encoding other than gzip, 400 when it is incomplete.
    """
    return decompressed(_sent(request, limit), request.headers.get("Content-Encoding", ""), limit)


def decompressed(body: bytes, encoding: str, limit: int) -> bytes:
    """Return the content of a body with this Content-Encoding; raise HttpProblem as `read` does."""
    names = [name for part in encoding.lower().split(",") if (name := part.strip()) not in ("", "identity")]
    if not names:
        return body
    if names not in (["gzip"], ["x-gzip"]):
        raise HttpProblem(
            415,
            "unsupported_encoding",
            f"Content-Encoding {encoding[:60]!r} is not supported. Use gzip, or send the body uncompressed.",
            value=encoding[:60],
            expected="gzip or identity",
            headers={"Accept-Encoding": "gzip, identity"},
        )
    parts: list[bytes] = []
    size = 0
    rest = body
    while rest or not parts:  # gzip data may consist of several members (RFC 1952, 2.2)
        if len(parts) == MAX_GZIP_MEMBERS:
            raise HttpProblem(
                400, "malformed_gzip", f"The gzip data has more than {MAX_GZIP_MEMBERS} members."
            )
        # Decompress at most one byte beyond the limit, however much there is.
        member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            part = member.decompress(rest, limit + 1 - size)
        except zlib.error as error:
            raise HttpProblem(
                400,
                "malformed_gzip",
                f"The body is not valid gzip, although its Content-Encoding says so: {error}.",
            ) from error
        size += len(part)
        if size > limit:
            raise too_large(limit)
        if not member.eof:
            raise HttpProblem(
                400, "incomplete_body", "The gzip data is incomplete: unexpected end of input. Send it again."
            )
        parts.append(part)
        rest = member.unused_data
    return b"".join(parts)


def _sent(request: HttpRequest, limit: int) -> bytes:
    declared = request.META.get("CONTENT_LENGTH") or "0"
    if declared.isdecimal() and int(declared) > limit:
        raise too_large(limit, int(declared))
    parts: list[bytes] = []
    size = 0
    try:
        while chunk := request.read(min(_CHUNK, limit + 1 - size)):
            parts.append(chunk)
            size += len(chunk)
            if size > limit:
                raise too_large(limit)
    except UnreadablePostError as error:
        raise HttpProblem(
            400, "incomplete_body", "The body is incomplete: the connection ended early. Send it again."
        ) from error
    return b"".join(parts)


def too_large(limit: int, given: int | None = None) -> HttpProblem:
    """Return the error for a body over the limit."""
    size = f"{given:,} bytes" if given is not None else f"more than {limit:,} bytes"
    return HttpProblem(
        413,
        "body_too_large",
        f"The body has {size}; the limit is {limit:,}. Split the reports into several requests.",
        value=given,
        expected=f"at most {limit} bytes",
        headers={"Connection": "close"},
    )


def batch(request: HttpRequest, limit: int) -> ReportBatch:
    """Return the reports in the body: a single object, a list, or NDJSON, depending on the content type.

    Raises:
        HttpProblem: 415 (another type), 413 (too large), 400 (not valid JSON; names line and column).
    """
    media_type, charset = _content_type(request)
    if media_type not in JSON_TYPES | NDJSON_TYPES or charset not in ("", "utf-8", "utf8", "us-ascii"):
        given = request.headers.get("Content-Type", "")
        raise HttpProblem(
            415,
            "unsupported_media_type",
            (
                f"Content type {given!r} is not supported. "
                if given
                else "The header Content-Type is missing. "
            )
            + "Send application/json (one report or a list) or application/x-ndjson (one report per line), in UTF-8.",
            value=given,
            expected="application/json or application/x-ndjson",
            headers={"Accept-Post": "application/json, application/x-ndjson"},
        )
    return reports_in(media_type, read(request, limit))


def reports_in(media_type: str, body: bytes) -> ReportBatch:
    """Return the reports in a body of a supported type; raise HttpProblem as `batch` does."""
    if media_type in NDJSON_TYPES:
        items = _lines(body)
        if items and all(isinstance(item, Malformed) for item in items):
            first = items[0]
            raise HttpProblem(
                400,
                "malformed_json",
                f"Line {first.line}: {first.message}",
                line=first.line,
                column=first.column,
            )
        found = ReportBatch(items, single=False)
    else:
        found = _document(body)
    if not found.items:
        raise HttpProblem(422, "no_reports", "The body contains no reports.", expected="at least one report")
    if len(found.items) > MAX_REPORTS:
        raise HttpProblem(
            413,
            "too_many_reports",
            f"The body contains {len(found.items):,} reports; the limit is {MAX_REPORTS:,} per request. "
            "Split them into several requests.",
            value=len(found.items),
            expected=f"at most {MAX_REPORTS} reports",
        )
    return found


def decode(body: bytes) -> Any:
    """Return the JSON value in `body`, ignoring a byte-order mark.

    Raises:
        HttpProblem: 400 with line and column (both from 1, columns in characters).
    """
    body = body.removeprefix(BOM)
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message, line, column = _where(body, error)
        raise HttpProblem(
            400,
            "malformed_json",
            f"The body is not valid JSON: {message} at line {line}, column {column}.",
            line=line,
            column=column,
            expected="one JSON object or a list of objects, in UTF-8",
        ) from error


def _document(body: bytes) -> ReportBatch:
    value = decode(body)
    if isinstance(value, list):
        return ReportBatch(value, single=False)
    return ReportBatch([value], single=True)


def _lines(body: bytes) -> list[Any]:
    items: list[Any] = []
    for number, sent in enumerate(body.split(b"\n"), start=1):
        line = sent.removeprefix(BOM)  # concatenated files may have a mark in the middle as well
        if not line.strip():
            continue
        try:
            items.append(msgspec.json.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            message, _, column = _where(line, error)
            items.append(
                Malformed(f"{message} at column {column}", number, column, line.decode(errors="replace"))
            )
    return items


def _where(body: bytes, error: Exception) -> tuple[str, int, int]:
    """Return what is wrong, and at which line and column."""
    if isinstance(error, RecursionError):
        return "nested too deeply", 1, 1
    text = str(error)
    found = _BYTE.search(text)
    if found:
        # msgspec has already consumed the first of the "trailing characters".
        offset = int(found[1]) - ("trailing characters" in text)
    elif isinstance(error, UnicodeDecodeError):
        offset, text = _first_wrong_byte(body), "invalid UTF-8"
    else:
        offset = len(body)  # "Input data was truncated"
    before = body[:offset].decode(errors="replace")
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    message = _BYTE.sub("", text).removeprefix("JSON is malformed:").strip().rstrip(".") or "invalid"
    if "truncated" in message:
        message = "unexpected end of input" if body.strip() else "it is empty"
    return message, line, column


def _first_wrong_byte(body: bytes) -> int:
    # The decoder counts from the start of the string it was reading, not of the body.
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return error.start
    return len(body)


def _content_type(request: HttpRequest) -> tuple[str, str]:
    media_type, _, rest = request.headers.get("Content-Type", "").partition(";")
    charset = next(
        (
            part.partition("=")[2].strip().strip('"').lower()
            for part in rest.split(";")
            if "charset=" in part.lower()
        ),
        "",
    )
    return media_type.strip().lower(), charset
