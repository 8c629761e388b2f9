"""The socket's address when it is asked without an upgrade: by a person, or through a proxy that took it away."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path

from windsock.access.problems import HttpProblem


def upgrade_required(request: HttpRequest) -> HttpResponse:
    """Return a 426 (RFC 9110, 15.5.22) that says who lost the upgrade, where the request shows that somebody did."""
    asked = "websocket" in request.headers.get("Upgrade", "").lower()
    if not asked and ("Sec-WebSocket-Key" in request.headers or "Sec-WebSocket-Version" in request.headers):
        via = request.headers.get("Via", "")
        proxy = f"the proxy {via[:80]!r}" if via else "a proxy in front of Windsock"
        detail = (
            f"A WebSocket handshake came without its Upgrade header: {proxy} has removed it, since such headers are "
            "for one hop only. Have it pass them on; in nginx: proxy_http_version 1.1; proxy_set_header Upgrade "
            '$http_upgrade; proxy_set_header Connection "upgrade";'
        )
    elif asked:
        # It came whole, yet as plain HTTP: what serves us knows no sockets.
        detail = (
            "A WebSocket handshake reached Windsock as an ordinary request: the server, or the proxy before it, does "
            "not speak WebSocket. Serve the ASGI application with windsock serve, uvicorn[standard] or Daphne."
        )
    else:
        detail = "This address speaks WebSocket only. Events are also at /api/v1/stream (Server-Sent Events)."
    return HttpProblem(
        426, "upgrade_required", detail, headers={"Upgrade": "websocket", "Connection": "Upgrade"}
    ).response()


urlpatterns: list[URLPattern | URLResolver] = [
    path("ws/flight-delay/", upgrade_required),
    path("ws/flight-delay", upgrade_required),
]
