"""A real uvicorn with our protocol classes, in the test's own loop."""

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
import uvicorn

from tests.echo_app import application
from windsock.service import http_protocol, websocket_protocol

Serve = Callable[[Any], AbstractAsyncContextManager[tuple[uvicorn.Server, int]]]


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[tuple[uvicorn.Server, int]]:
    """The server of an ASGI application, and its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        http=http_protocol.PatientHttpProtocol,
        ws=websocket_protocol.HandoverProtocol,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        timeout_graceful_shutdown=1,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup([listener])
    yield server, listener.getsockname()[1]
    await server.shutdown([listener])


@pytest.fixture
def serve() -> Serve:
    """Serves any application."""
    return serving


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """The port on which the echo application answers."""
    async with serving(application) as (_, port):
        yield port
