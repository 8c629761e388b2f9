"""A local server that plays a provider of flight data."""

import contextlib
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Answer:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False  # the connection ends before the body does
    pause: float = 0.0  # seconds between its tenths


class Provider:
    """Answers in turn as told, the last answer again and again; remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[tuple[dict[str, list[str]], dict[str, str]]] = []
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked.append(
                    (parse_qs(urlsplit(self.path).query), {k.lower(): v for k, v in self.headers.items()})
                )
                answer = provider.answers.pop(0) if len(provider.answers) > 1 else provider.answers[0]
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                extra = 100 if answer.cut else 0
                self.send_header("Content-Length", str(len(answer.body) + extra))
                self.end_headers()
                with contextlib.suppress(OSError):  # whoever asked has had enough
                    for part in _tenths(answer.body) if answer.pause else (answer.body,):
                        self.wfile.write(part)
                        time.sleep(answer.pause)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/feed"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def _tenths(body: bytes) -> list[bytes]:
    size = max(1, len(body) // 10)
    return [body[at : at + size] for at in range(0, len(body), size)]
