"""Who is measured: Windsock, the limit in C, and the peers; each with how it is started, subscribed to and told."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.delivery.build import HERE, ROOT, Missing, installed, node_packages, program

PATH = "/ws/flight-delay/"
SPOKEN = "windsock.v1.json"
# The subprotocol's greeting: everything there is.
SUBSCRIBE_ALL = '{"type":"subscribe","id":1,"topics":["all"]}'
RESUME_ALL = '{"type":"subscribe","id":1,"topics":["all"],"after":"%s"}'
TIMED = '{"t":%T,'
# A report says the time it was sent as the departure gate, and so does the event that it becomes.
GATE = '"gate":"'


@dataclass
class Server:
    """One server as it is to be run. `load` are options of the load generator."""

    name: str
    title: str
    command: list[str]
    port: int
    environment: dict[str, str] = field(default_factory=dict)
    folder: Path = ROOT
    load: list[str] = field(default_factory=list)
    prefix: str = ""  # what the publisher puts around each event
    suffix: str = ""
    ours: bool = False
    slow: bool = False  # seconds for one event: measured with few of them


Maker = Callable[[Path, str], Server]  # the run's folder, our token


def windsock(folder: Path, token: str, flights: int = 0, port: int = 9600) -> Server:
    """The real service, with the bench's publisher beside it; with `flights`, so many on its live board."""
    server = service(folder, token, port)
    publisher = str(server.port + 1)
    server.environment |= {"BENCH_PUBLISHER": publisher, "BENCH_FLIGHTS": str(flights)}
    server.load = [*subscribing(token), "--publish", "line", "--publish-port", publisher]
    return server


def service(folder: Path, token: str, port: int = 9600) -> Server:
    """The real service and nothing else; reports come by its HTTP interface."""
    load = [
        *subscribing(token),
        *("--publish", "http", "--publish-port", str(port), "--publish-path", "/api/v1/reports"),
        *("--publisher-header", f"Authorization: Bearer {token}"),
        *("--marker", GATE),
    ]
    return Server(
        "windsock" if port == 9600 else f"windsock-{port}",
        "**Windsock**",
        [sys.executable, "-m", "bench.delivery.serve", str(port)],
        port,
        environment={"WINDSOCK_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "bench.delivery.settings"},
        load=load,
        ours=True,
    )


def subscribing(token: str) -> list[str]:
    """Options of a client that speaks our subprotocol and wants everything."""
    return [
        *("--path", PATH),
        *("--header", f"Authorization: Bearer {token}", "--header", f"Sec-WebSocket-Protocol: {SPOKEN}"),
        *("--hello", SUBSCRIBE_ALL, "--ready", '"type":"snapshot"', "--resume", RESUME_ALL),
    ]


def climit(folder: Path, token: str) -> Server:
    return _climit("climit", "C, one `send()` per message: the limit", 9610, [])


def climit_ten(folder: Path, token: str) -> Server:
    return _climit("climit-10", "C, ten messages per `send()`", 9612, ["10", "5"])


def _climit(name: str, title: str, port: int, options: list[str]) -> Server:
    return Server(name, title, [program("climit"), str(port), *options], port, load=_by_websocket(port))


def nchan(folder: Path, token: str) -> Server:
    port = 9620
    nginx = installed("nginx", "apt install nginx-light libnginx-mod-nchan")
    module = next(
        (path for root in ("/usr/lib/nginx/modules", "/usr/share/nginx/modules", "/usr/lib64/nginx/modules")
         if (path := Path(root) / "ngx_nchan_module.so").exists()),
        None,
    )  # fmt: skip
    if module is None:
        raise Missing("nginx has no nchan module (apt install libnginx-mod-nchan)")
    config = _filled("nginx.conf", folder, port=port, module=module)
    load = ["--path", "/ws/", "--publish", "http", "--publish-port", str(port), "--publish-path", "/pub/"]
    return Server("nchan", "nginx nchan", [nginx, "-c", str(config)], port, load=load)


def nats(folder: Path, token: str) -> Server:
    port = 9630
    server = installed("nats-server", "apt install nats-server")
    config = _filled("nats.conf", folder, port=port, publish_port=port + 1)
    hello = b'CONNECT {"verbose":false,"pedantic":false,"lang":"c","version":"1"}\r\nSUB flights 1\r\n'
    load = ["--path", "/", "--hello-hex", hello.hex(), "--publish", "nats", "--publish-port", str(port + 1)]
    return Server(
        "nats",
        "NATS (WebSocket)",
        [server, "-c", str(config)],
        port,
        environment={"GOMAXPROCS": "1"},
        load=load,
    )


def mosquitto(folder: Path, token: str) -> Server:
    port = 9640
    server = installed("mosquitto", "apt install mosquitto")
    config = _filled("mosquitto.conf", folder, port=port, publish_port=port + 1)
    connect = b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x00\x00\x00"
    subscribe = b"\x82\x0c\x00\x01\x00\x07flights\x00"
    load = [
        *(
            "--path",
            "/mqtt",
            "--header",
            "Sec-WebSocket-Protocol: mqtt",
            "--hello-hex",
            (connect + subscribe).hex(),
        ),
        *("--publish", "mqtt", "--publish-port", str(port + 1)),
    ]
    return Server("mosquitto", "Mosquitto (WebSocket)", [server, "-c", str(config)], port, load=load)


def node_ws(folder: Path, token: str) -> Server:
    return _node("ws", "node ws", "ws.js", 9650, _by_websocket(9650))


def socketio(folder: Path, token: str) -> Server:
    path = "/socket.io/?EIO=4&transport=websocket"
    load = [
        *("--path", path, "--hello", "40", "--ready", "40{"),
        *("--publish", "ws", "--publish-port", "9660", "--publish-path", path, "--publisher-hello", "40"),
    ]
    server = _node("socketio", "Socket.IO", "socketio.js", 9660, load)
    server.prefix, server.suffix = '42["pub",', "]"
    return server


def channels_uvicorn(folder: Path, token: str) -> Server:
    port = 9670
    command = [
        *(
            sys.executable,
            "-m",
            "uvicorn",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--log-level",
            "warning",
        ),
        "channels_group:application",
    ]
    return _channels("channels", "Channels, one group member per client: uvicorn", command, port)


def channels_daphne(folder: Path, token: str) -> Server:
    port = 9672
    _importable("daphne")
    command = [
        *(sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "-v", "0"),
        "channels_group:application",
    ]
    return _channels("daphne", "… Daphne", command, port)


def _channels(name: str, title: str, command: list[str], port: int) -> Server:
    load = [*_by_websocket(port), "--stall-ms", "20000", "--at-once", "64"]
    return Server(name, title, command, port, folder=HERE / "peers", load=load, slow=True)


def _node(name: str, title: str, script: str, port: int, load: list[str]) -> Server:
    node = installed("node", "apt install nodejs")
    packages = node_packages()
    return Server(
        name, title, [node, str(HERE / "peers" / script), str(port)], port,
        environment={"NODE_PATH": str(packages / "node_modules")}, load=load,
    )  # fmt: skip


def _by_websocket(port: int) -> list[str]:
    return ["--path", "/ws/", "--publish", "ws", "--publish-port", str(port), "--publish-path", "/pub/"]


def _importable(name: str) -> None:
    from importlib.util import find_spec

    if find_spec(name) is None:
        raise Missing(f"{name} is not installed (pip install {name})")


def _filled(name: str, folder: Path, **values: object) -> Path:
    text = (HERE / "peers" / name).read_text()
    for key, value in {"folder": folder, **values}.items():
        text = text.replace("{" + key + "}", str(value))
    target = folder / name
    target.write_text(text)
    return target


PEERS: dict[str, Maker] = {
    "climit": climit,
    "climit-10": climit_ten,
    "windsock": windsock,
    "nchan": nchan,
    "nats": nats,
    "mosquitto": mosquitto,
    "ws": node_ws,
    "socketio": socketio,
    "channels": channels_uvicorn,
    "daphne": channels_daphne,
}
