"""A real uvicorn with our protocol classes, in the test's own loop."""

import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn

from tests.echo_app import application
from windsock.service import edge


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """The port on which the echo application answers."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        application,
        http=edge.PatientHttpProtocol,
        ws=edge.HandoverProtocol,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        timeout_graceful_shutdown=1,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup([listener])
    yield listener.getsockname()[1]
    await server.shutdown([listener])
