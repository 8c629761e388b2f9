"""Static files under names with a hash of their content, compressed, kept by browsers forever; nothing to collect.

The files are found in the packages, as with `runserver`. Each is read, its references to others rewritten, hashed and
compressed once per process, when it is first asked for. A file is served by its plain name as well, for pages of other
sites that import the modules: those names are asked for anew every minute.
"""

import gzip
import hashlib
import posixpath
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from asgiref.sync import markcoroutinefunction, sync_to_async
from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.http import parse_etags
from servestatic.media_types import MediaTypes

try:
    import brotli
except ImportError:  # gzip alone is a fifth larger
    brotli = None

PLAIN_SECONDS = 60
"""A plain name may mean other content after an update of the service."""
IMMUTABLE = "max-age=31536000, public, immutable"
"""A year, which is the longest that caches count with."""
COMPRESSED = frozenset((".css", ".js", ".mjs", ".json", ".svg", ".txt", ".html", ".map", ".ico", ".md"))
"""Others, such as fonts and images, are compressed by their format."""
BROTLI_QUALITY = 9
"""A file of 30 kB takes 3 ms; the best quality takes twenty times as long and saves another twentieth."""

_NAME = re.compile(r"[\w@+-][\w@+./ -]*")
_HASHED = re.compile(r"(.+)\.([0-9a-f]{12})(\.[^./]+)")
# Import specifiers, outside of comments: `from "./live.js"`, `import "./live.js"`, `import("./live.js")`.
_IMPORT = re.compile(
    r"""(?m)^(?P<head>(?!\s*(?:/?\*|//))[^\n]*?\b(?:from|import)\s*\(?\s*["'])(?P<name>\.{1,2}/[^"'\n]+)"""
)
_URL = re.compile(r"""(?P<head>url\(\s*["']?|@import\s+["'])(?P<name>[^"')\s#?:]+)(?=[#?"')\s])""")


@dataclass(frozen=True)
class File:
    """A static file as it is served."""

    name: str
    content: bytes
    media_type: str

    @cached_property
    def hash(self) -> str:
        """The part of its name that changes with its content."""
        return hashlib.sha256(self.content).hexdigest()[:12]

    @cached_property
    def encodings(self) -> dict[str, bytes]:
        """The content by the encodings of HTTP that make it smaller, the smallest first."""
        if Path(self.name).suffix not in COMPRESSED:
            return {}
        made = {"gzip": gzip.compress(self.content, 9, mtime=0)}
        if brotli is not None:
            made = {"br": brotli.compress(self.content, quality=BROTLI_QUALITY), **made}
        return {name: body for name, body in made.items() if len(body) < len(self.content)}


class Files:
    """The static files of the packages, read when they are first asked for."""

    def __init__(self) -> None:
        self._held: dict[str, File] = {}
        self._media_types = MediaTypes()

    def get(self, name: str) -> File | None:
        """Return the file of this plain name, such as `windsock/board.js`; None if there is none."""
        held = self._held.get(name)
        if held is None:
            held = self._read(name, ())
            if held is not None:  # names of nothing would fill the memory
                self._held[name] = held
        return held

    def hashed(self, name: str) -> str:
        """Return the name that changes with the content; the name itself if there is no such file."""
        file = self.get(name)
        if file is None:
            return name
        stem, suffix = posixpath.splitext(name)
        return f"{stem}.{file.hash}{suffix}"

    def _read(self, name: str, readers: tuple[str, ...]) -> File | None:
        path = finders.find(name) if _NAME.fullmatch(name) and ".." not in name else None
        if not path or not Path(path).is_file():
            return None
        content = Path(path).read_bytes()
        pattern = {".js": _IMPORT, ".css": _URL}.get(posixpath.splitext(name)[1])
        if pattern is not None:
            content = pattern.sub(
                lambda found: found["head"] + self._reference(name, found["name"], (*readers, name)),
                content.decode(),
            ).encode()
        return File(name, content, self._media_types.get_type(path))

    def _reference(self, name: str, reference: str, readers: tuple[str, ...]) -> str:
        """Return how the file `name` refers to another one; files that refer to each other keep their plain names."""
        other = posixpath.normpath(posixpath.join(posixpath.dirname(name), reference))
        if other in readers or reference.startswith("/"):
            return reference
        if other not in self._held and (read := self._read(other, readers)) is not None:
            self._held[other] = read
        return posixpath.join(posixpath.dirname(reference), posixpath.basename(self.hashed(other)))


files = Files()


class HashedStorage(StaticFilesStorage):
    """Gives templates the hashed names, except while debugging, where files change under way."""

    def url(self, name: str | None) -> str:
        """Return the address of a static file."""
        return super().url(files.hashed(name) if name and not settings.DEBUG else name)


class HashedFiles:
    """Middleware that serves static files, compressed, before anything else is asked."""

    sync_capable = False
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]]) -> None:
        self._get_response = get_response
        # The path without the prefix below which a proxy serves it, as in `path_info`.
        self._prefix = settings.STATIC_URL.removeprefix(settings.FORCE_SCRIPT_NAME or "")
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve a file by its plain or its hashed name; pass everything else on."""
        path = request.path_info
        if settings.DEBUG or not path.startswith(self._prefix) or request.method not in {"GET", "HEAD"}:
            return await self._get_response(request)
        answer = await sync_to_async(self._answer, thread_sensitive=False)(path[len(self._prefix) :], request)
        return answer or await self._get_response(request)

    def _answer(self, name: str, request: HttpRequest) -> HttpResponse | None:
        found = _HASHED.fullmatch(name)
        file = files.get(name) if found is None else None
        cache = f"max-age={PLAIN_SECONDS}, public"
        if found is not None:
            file = files.get(found[1] + found[3])
            if file is None:
                file = files.get(name)  # a plain name that looks like a hashed one
            elif file.hash == found[2]:
                cache = IMMUTABLE
            # Else another version's page asks for its file: this one's is the nearest there is, for a minute.
        if file is None:
            return None
        encoding = _accepted(request.headers.get("Accept-Encoding", ""), file)
        etag = f'"{file.hash}{"-" + encoding if encoding else ""}"'
        headers = {
            "Cache-Control": cache,
            "ETag": etag,
            "Access-Control-Allow-Origin": "*",
            "X-Content-Type-Options": "nosniff",
        }
        if file.encodings:
            headers["Vary"] = "Accept-Encoding"
        if etag in parse_etags(request.headers.get("If-None-Match", "")):
            return HttpResponse(status=304, headers=headers)
        if encoding:
            headers["Content-Encoding"] = encoding
        body = file.encodings[encoding] if encoding else file.content
        headers["Content-Length"] = str(len(body))
        return HttpResponse(
            b"" if request.method == "HEAD" else body, content_type=file.media_type, headers=headers
        )


def _accepted(header: str, file: File) -> str:
    """Return the smallest encoding of the file that the client accepts; "" for none."""
    offers = {}
    for part in header.split(","):
        name, _, weight = part.partition(";")
        offers[name.strip().lower()] = weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return next((name for name in file.encodings if offers.get(name, offers.get("*", False))), "")
