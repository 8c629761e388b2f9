"""Answer health probes and scrapes before Django's middleware sees them.

Orchestrators, load balancers and Prometheus (with a token) reach each process by its own address. ALLOWED_HOSTS would
answer them with 400 and SECURE_SSL_REDIRECT would redirect them, and a healthy process would be taken out of service.
"""

from io import BytesIO
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections

from windsock.api.bodyrules import METRICS, rule_for, unprefixed


class Probes:
    """Answer Windsock's /healthz, /readyz and /metrics; pass every other request to the ASGI `application`.

    The addresses are those in the project's URLs, whatever prefix they are included under.
    """

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self._application(scope, receive, send)
            return
        rule = rule_for(unprefixed(scope))
        view = rule.probe
        # Figures are for this machine and for members. A web page that points a host name of its own at our address
        # could read them here, past Django's check of the Host; a token it does not have.
        if view is None or (rule.kind == METRICS and not _has_token(scope)):
            await self._application(scope, receive, send)
            return
        try:
            answer = await view(ASGIRequest(scope, BytesIO()))
        finally:
            if rule.kind == METRICS:
                # Django's request signals, which would do this, are not sent here. Readiness does it on its own thread:
                # this one may be waiting for a frozen database.
                await sync_to_async(close_old_connections)()
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.items()
        ]
        headers.append((b"content-length", str(len(answer.content)).encode()))
        await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
        body = b"" if scope["method"] == "HEAD" else answer.content
        await send({"type": "http.response.body", "body": body})


def _has_token(scope: Any) -> bool:
    return any(name == b"authorization" for name, _ in scope["headers"])
