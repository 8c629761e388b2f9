"""What the tutorials show: one group member per client, `group_send`, `send_json`. In-memory layer, no sign-in.

`channels_group:application` under uvicorn or Daphne.
"""

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="bench",
    ALLOWED_HOSTS=["*"],
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
)
django.setup()

from channels.generic.websocket import AsyncJsonWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402

GROUP = "flight-delay"


class Subscriber(AsyncJsonWebsocketConsumer):
    """A member of the group."""

    async def connect(self):
        await self.channel_layer.group_add(GROUP, self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        await self.channel_layer.group_discard(GROUP, self.channel_name)

    async def flight_update(self, event):
        await self.send_json(event["data"])


class Publisher(AsyncJsonWebsocketConsumer):
    """Sends to the group what it is told."""

    async def receive_json(self, content):
        await self.channel_layer.group_send(GROUP, {"type": "flight.update", "data": content})


application = ProtocolTypeRouter(
    {"websocket": URLRouter([path("ws/", Subscriber.as_asgi()), path("pub/", Publisher.as_asgi())])}
)
