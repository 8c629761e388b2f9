"""The API's errors: those of every HTTP answer (`windsock.access.problems`), and one of its own."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from windsock.access.problems import MEDIA_TYPE, Problem, quoted

__all__ = ["MEDIA_TYPE", "Problem", "not_found", "quoted"]


@csrf_exempt  # nothing is done here: a POST to a wrong address is told that, not that a cookie is missing
def not_found(request: HttpRequest) -> HttpResponse:
    """The answer for an address below /api/ that does not exist."""
    return Problem(
        404, "no_such_address", f"There is nothing at {request.path}. The API is described at /api/v1/docs."
    ).response()
