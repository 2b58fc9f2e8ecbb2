"""A server on this machine that says whatever a test wants."""

from __future__ import annotations

import dataclasses
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from hanging_up import has_hung_up
from waiting import PATIENCE

DRIPS_MAX = 200
"""Where nobody gives up, the connection ends."""


@dataclasses.dataclass
class Seen:
    method: str
    path: str
    headers: dict
    body: bytes


class ScriptedServer(ThreadingHTTPServer):
    """Answers with what is in `answers`, in turn, and remembers what it was asked."""

    daemon_threads = True
    block_on_close = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = []
        self.seen = []
        self.closing = threading.Event()

    @property
    def base_url(self):
        return f"http://127.0.0.1:{self.server_port}/qwen/api/v1"

    def says(self, body=b"", status=200, **headers):
        """Add an answer: a dict goes as JSON, bytes as they are."""
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content_Type", "application/json")
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers.setdefault("Content-Length", str(len(body)))

        def answer(handler):
            handler.send_response(status)
            for name, value in headers.items():
                if value is not None:
                    handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(body)

        self.answers.append(answer)

    def hangs_up(self):
        self.answers.append(lambda handler: None)

    def drips(self, answer, moment, *, at_once=0, count=1):
        """Send an answer's first bytes, then so many after each `moment`, until nobody listens."""

        def drip(handler):
            handler.wfile.write(answer[:at_once])
            for at in range(at_once, len(answer), count)[:DRIPS_MAX]:
                if has_hung_up(handler.connection, 0.01):
                    return
                moment()
                handler.wfile.write(answer[at : at + count])

        self.answers.append(drip)

    def stays_silent(self):
        self.answers.append(lambda handler: self.closing.wait(PATIENCE))


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append(Seen(self.command, self.path, dict(self.headers), body))
        self.server.answers.pop(0)(self)

    do_GET = do_POST = answer  # noqa: N815 - names of the standard library
