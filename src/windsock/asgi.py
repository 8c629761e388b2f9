"""What a host's `asgi.py` needs: its own HTTP, Windsock's sockets beside it, and what starts and ends with the server.

django_application = get_asgi_application()

from windsock.asgi import add_windsock  # after the line above, which loads the apps

application = add_windsock(django_application)
"""

from collections.abc import Callable, Sequence
from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import re_path

from windsock import hosting
from windsock.api.bodylimit import BodyLimit
from windsock.api.lane import ReportsLane
from windsock.api.probes import Probes
from windsock.api.responselimit import ResponseLimit
from windsock.live.admission.overload import refuse_unknown_path
from windsock.routing import websocket_urlpatterns
from windsock.runtime import Lifespan, LiveFirst

nowhere: Any = refuse_unknown_path  # Django's types of a path know views only
__all__ = ["Lifespan", "add_windsock", "websocket_urlpatterns"]


def add_windsock(
    django_application: Any,
    websockets: Sequence[Any] = (),
    *,
    authentication: Callable[[Any], Any] = AuthMiddlewareStack,
    other_bodies: int | None = None,
) -> ProtocolTypeRouter:
    """Return the ASGI application of a project that serves `django_application` and Windsock.

    HTTP goes to `django_application`; before it, health probes are answered whatever their Host, and the bodies for
    Windsock's addresses are read within bounds of size and time, those of others where `other_bodies` sets a bound for
    them. Windsock's own large answers are built a few at a time, and held for their readers within bounds.
    Sockets go to the patterns of the host's own `websockets` and then to Windsock's, behind `authentication`, which
    must leave the user in the scope; where there is none, the answer is 404.
    The server's start and end run what Windsock does beside the requests.
    """
    hosting.adds_windsock = True
    return ProtocolTypeRouter(
        {
            "http": Probes(BodyLimit(ResponseLimit(ReportsLane(django_application)), other_bodies)),
            "websocket": LiveFirst(
                authentication(URLRouter([*websockets, *websocket_urlpatterns, re_path("", nowhere)]))
            ),
            "lifespan": Lifespan(),
        }
    )
