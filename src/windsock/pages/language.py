"""The language of a page: chosen by `?lang=`, by an earlier choice, or by what the browser asks for."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, get_script_prefix
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

from windsock.wording import language

COOKIE = "windsock_language"
COOKIE_SECONDS = 365 * 24 * 3600
PARAMETER = "lang"


def speaking(patterns: list[URLPattern]) -> list[URLPattern]:
    """Return the patterns with views that answer in the reader's language.

    A host project may have no LocaleMiddleware, and LANGUAGES of its own: Windsock's pages choose among its catalogues.
    """
    for pattern in patterns:
        pattern.callback = in_language_of_reader(pattern.callback)
    return patterns


def in_language_of_reader(view: Callable[..., Any]) -> Callable[..., Any]:
    """Return the view, speaking the language of each reader, which is also active in Django."""
    if iscoroutinefunction(view):

        @wraps(view)
        async def awaited(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            with language.speaking(chosen(request)) as spoken, translation.override(spoken.code):
                return _marked(request, await view(request, *args, **kwargs))

        return awaited

    @wraps(view)
    def called(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        with language.speaking(chosen(request)) as spoken, translation.override(spoken.code):
            return _marked(request, view(request, *args, **kwargs))

    return called


def chosen(request: HttpRequest) -> str:
    """Return the code of the language that this reader reads; English if the browser asks for none of them."""
    for code in (request.GET.get(PARAMETER, ""), request.COOKIES.get(COOKIE, "")):
        if found := language.known(code):
            return found
    for code, _ in parse_accept_lang_header(request.headers.get("Accept-Language", "").lower()):
        if found := language.known(code):
            return found
    return language.ENGLISH


def _marked(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if (render := getattr(response, "render", None)) and not response.is_rendered:  # type: ignore[attr-defined]
        render()  # while the language is spoken
    response.headers.setdefault("Content-Language", language.current().code)
    patch_vary_headers(response, ["Accept-Language", "Cookie"])
    if found := language.known(request.GET.get(PARAMETER, "")):
        response.set_cookie(
            COOKIE,
            found,
            max_age=COOKIE_SECONDS,
            path=get_script_prefix(),
            samesite="Lax",
            secure=request.is_secure(),
        )
    return response
