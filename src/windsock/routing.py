"""What a host project routes: `URLRouter(websocket_urlpatterns)`, behind `AuthMiddlewareStack`."""

from django.urls import URLPattern, URLResolver, path

from windsock.live.transport.consumer import FlightDelayConsumer

websocket_urlpatterns: list[URLPattern | URLResolver] = [
    path("ws/flight-delay/", FlightDelayConsumer.as_asgi()),
    # A handshake cannot be redirected: browsers do not follow.
    path("ws/flight-delay", FlightDelayConsumer.as_asgi()),
]
