"""Error pages in the look of all others, with a search and a way back. None of them asks the database.

A host project may use them as its own, by the names that `windsock.hosting` gives them:

    handler404 = "windsock.hosting.page_not_found"
"""

import logging
from html import escape
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from windsock.pages.language import in_language_of_reader
from windsock.wording.language import gettext

logger = logging.getLogger(__name__)

TEMPLATE = "windsock/error.html"

PLAIN = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>{heading}</title></head>'
    "<body><h1>{heading}</h1><p>{text}</p></body></html>"
)
"""The page where not even the template can be rendered."""


def error_page(request: HttpRequest, status: int, heading: str, text: str, hint: str = "") -> HttpResponse:
    """Return a page with this status that says what is wrong and what to do.

    Rendered without context processors: they ask who is signed in, which is in the database.
    """
    context = {"request": request, "error": status, "heading": heading, "text": text, "hint": hint}
    try:
        page: str = render_to_string(TEMPLATE, context)
    except Exception:  # the error page of an error: it must not fail
        logger.exception("The error page for status %d cannot be rendered; a plain one is sent", status)
        page = PLAIN.format(heading=escape(heading), text=escape(text))
    response = HttpResponse(page, status=status)
    response["Cache-Control"] = "no-store"
    return response


@in_language_of_reader
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 400: the project's `handler400`."""
    return error_page(
        request,
        400,
        gettext("This request cannot be read"),
        gettext("Its address or its form is not valid. Search for a flight, or start from the first page."),
    )


@in_language_of_reader
def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 403: the project's `handler403`."""
    return error_page(
        request,
        403,
        gettext("This page is not open to you"),
        gettext("Your account lacks the permission for it. An administrator can grant it."),
    )


@in_language_of_reader
def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 404: the project's `handler404`."""
    return error_page(
        request,
        404,
        gettext("There is no such page"),
        gettext("Check the address, or search for the flight, airport or route."),
    )


@in_language_of_reader
def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500: the project's `handler500`."""
    return error_page(
        request,
        500,
        gettext("Something went wrong here"),
        gettext("The fault is ours, and it has been noted. Try again in a moment."),
    )


@in_language_of_reader
def csrf_failure(request: HttpRequest, reason: str = "", **_: Any) -> HttpResponse:
    """Answer 403 to a form without a valid token: the project's `CSRF_FAILURE_VIEW`."""
    logger.warning("%s refused: %s", request.path, reason)
    return error_page(
        request,
        403,
        gettext("This form has expired"),
        gettext("Nothing was changed. Go back, reload the page and send the form again."),
        gettext("If that does not help, your browser blocks cookies of this site: allow them."),
    )


def too_many_sign_ins(request: HttpRequest, wait: int) -> HttpResponse:
    """Answer 429 to one sign-in attempt too many; `wait` is in seconds."""
    response = error_page(
        request,
        429,
        gettext("Too many sign-in attempts"),
        gettext("Try again in {seconds} seconds.", seconds=wait),
        gettext("Passwords are checked a few times a minute at most, so that nobody can guess them."),
    )
    response["Retry-After"] = str(wait)
    return response
