"""The web server under `serve` and `demo`: uvicorn, set up so that it begins and ends well."""

import errno
import os
import signal
import socket
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from windsock.errors import ConfigError, WindsockError

if TYPE_CHECKING:
    import uvicorn

APPLICATION = "windsock.service.asgi:application"

# Open event streams never end by themselves: stopping the server takes two seconds at most.
GRACE_SECONDS = 1

START_SECONDS = 30
"""How long a worker may take to start. A machine under load needs more than uvicorn's 5 s: a restart by SIGHUP would be
given up."""
BACKLOG = 2048

# A proxy is another user, and its requests are checked like any other; the directory decides who can reach the socket.
SOCKET_MODE = 0o666

# Threads write reports and look up identities. With Python's 5 ms, each of them could delay the event loop by that much
# after every system call.
SWITCH_SECONDS = 0.0005


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket, bound before anything else happens, so that a port in use is reported at once."""
    host = bare(host)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
    except OSError as error:
        taken.close()
        if error.errno == errno.EADDRINUSE:
            raise WindsockError(
                f"Port {port} on {host} is in use. Choose another one with --port, or stop the process that uses it."
            ) from error
        if error.errno == errno.EACCES:
            raise WindsockError(
                f"Port {port} needs more privileges, as all ports below 1024 do. Use one such as 8000."
            ) from error
        raise WindsockError(
            f"The address {host} port {port} cannot be used: {error.strerror or error}."
        ) from error
    except OverflowError as error:
        taken.close()
        raise WindsockError(f"{port} is not a port number; use 1 to 65535.") from error
    taken.listen(BACKLOG)
    taken.set_inheritable(True)
    return taken


def listen_at(path: Path) -> socket.socket:
    """Return a listening Unix socket at `path`; replace one left behind by a killed process."""
    taken = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.is_socket():
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                if probe.connect_ex(str(path)) == 0:
                    raise WindsockError(
                        f"Another process is listening at {path}. Stop it, or use another --uds."
                    )
            path.unlink()
        taken.bind(str(path))
        path.chmod(SOCKET_MODE)
    except OSError as error:
        taken.close()
        raise WindsockError(f"The socket {path} cannot be created: {error.strerror or error}.") from error
    except WindsockError:
        taken.close()
        raise
    taken.listen(BACKLOG)
    taken.set_inheritable(True)
    return taken


def bare(host: str) -> str:
    """Return an IPv6 address without the brackets that URLs need."""
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def address(host: str, port: int) -> str:
    """Return the URL to show: a server that listens everywhere is reached on this machine as 127.0.0.1."""
    host = bare(host)
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}"


def configure(*, workers: int = 1, log_level: str = "info", unix_socket: bool = False) -> "uvicorn.Config":
    """Return uvicorn's configuration for our application."""
    try:
        import uvicorn
    except ModuleNotFoundError as error:
        raise ConfigError(
            "The server is not installed. Install it with: python -m pip install 'windsock[server]'"
        ) from error
    from windsock.conf import config, switch

    return uvicorn.Config(
        APPLICATION,
        workers=workers,
        lifespan="on",
        http="windsock.service.http_protocol:PatientHttpProtocol",
        ws="windsock.service.websocket_protocol:HandoverProtocol",
        # 64 against 14 KiB a connection; the messages are small.
        ws_per_message_deflate=False,
        # A little above our own limit, so that it is our protocol that answers with code and reason.
        ws_max_size=2 * config().max_message_bytes,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_worker_healthcheck=START_SECONDS,
        access_log=False,
        server_header=False,
        # X-Forwarded-For is whatever the client sends, unless a trusted proxy is in front.
        # The peer of a Unix socket has no address; everyone who can open the socket is trusted.
        forwarded_allow_ips="*" if unix_socket else None,
        proxy_headers=switch("TRUSTED_PROXY", os.environ),
        log_level=log_level,
        log_config=None,
        backlog=BACKLOG,
    )


def run(config: "uvicorn.Config", taken: socket.socket) -> None:
    """Serve until Ctrl-C or SIGTERM, then return: both are an ordinary end."""
    import uvicorn

    sys.setswitchinterval(SWITCH_SECONDS)
    path = Path(taken.getsockname()) if taken.family == getattr(socket, "AF_UNIX", None) else None
    # uvicorn raises the signal again when it has closed everything; the default handler would then skip our cleanup.
    previous = signal.signal(signal.SIGTERM, _end)
    try:
        if config.workers > 1:
            from windsock.cli.workers import Workers

            Workers(config, sockets=[taken]).run()
        else:
            server = uvicorn.Server(config)
            server.run(sockets=[taken])
            if not server.started:
                raise WindsockError("The server could not start; the lines above say why.")
    except (KeyboardInterrupt, SystemExit) as end:
        if isinstance(end, SystemExit) and end.code not in (0, None):
            raise
    finally:
        signal.signal(signal.SIGTERM, previous)
        if path is not None:
            path.unlink(missing_ok=True)
        taken.close()


def _end(signum: int, frame: FrameType | None) -> NoReturn:
    sys.exit(0)
