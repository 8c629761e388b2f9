"""The ready-made service as an ASGI application: `uvicorn windsock.service.asgi:application`."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "windsock.service.settings")

from django.core.asgi import get_asgi_application

# Loads the apps: everything that imports models comes after it.
django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402

from windsock.api.bodylimit import BodyLimit  # noqa: E402
from windsock.api.lane import ReportsLane  # noqa: E402
from windsock.live.reception import SessionCookie  # noqa: E402
from windsock.routing import websocket_urlpatterns  # noqa: E402
from windsock.service.lifespan import Lifespan  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": BodyLimit(ReportsLane(django_application)),
        "websocket": SessionCookie(URLRouter(websocket_urlpatterns)),
        "lifespan": Lifespan(),
    }
)
