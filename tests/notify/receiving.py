"""A web server on loopback that takes notifications, or refuses them, or hangs."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """`got` holds the JSON bodies that came, `asked` the paths; `status` is the answer, 0 hangs.

    `location` is sent with a redirect.
    """

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.status = 200
        self.location = ""
        self._released = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers.get("content-length", 0))
                body = json.loads(self.rfile.read(size))
                if receiver.status == 200:
                    receiver.got.append(body)
                self.answer()

            def do_GET(self) -> None:
                self.answer()

            def answer(self) -> None:
                receiver.asked.append(self.path)
                if receiver.status == 0:
                    receiver._released.wait(30)
                    return
                self.send_response(receiver.status)
                if receiver.location:
                    self.send_header("Location", receiver.location)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> Receiver:
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()
