"""Two host projects with a consumer as the tutorial writes it: routed by `add_windsock`, and as the seed routes."""

import json
import os
from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django_application = get_asgi_application()

from windsock.asgi import add_windsock  # noqa: E402  (Django must be set up first)
from windsock.routing import websocket_urlpatterns  # noqa: E402


class TutorialConsumer(AsyncWebsocketConsumer):
    """As the tutorial writes it."""

    async def connect(self) -> None:
        await self.channel_layer.group_add("flight-delay", self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard("flight-delay", self.channel_name)

    async def flight_delay(self, event: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps(event["data"]))


OURS = [path("ws/tutorial/", TutorialConsumer.as_asgi())]

application = add_windsock(django_application, OURS)

seed = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": AuthMiddlewareStack(URLRouter([*OURS, *websocket_urlpatterns])),
    }
)
