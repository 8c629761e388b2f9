"""The API's errors: those of every HTTP response (`windsock.access.problems`), and one of its own."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from windsock.access.problems import MEDIA_TYPE, HttpProblem, quoted

__all__ = ["MEDIA_TYPE", "HttpProblem", "not_found", "quoted"]


@csrf_exempt  # nothing is done here: a POST to a wrong address gets that error, not one about a missing cookie
def not_found(request: HttpRequest) -> HttpResponse:
    """Return the error for an address below /api/ that does not exist."""
    return HttpProblem(
        404, "no_such_address", f"{request.path} does not exist. See /api/v1/docs for the API's endpoints."
    ).response()
