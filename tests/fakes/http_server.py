"""The HTTP side of the fake: a threading server whose answers may be dropped, withheld or cut short."""

from __future__ import annotations

import socket
import ssl
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.fakes.behaviours import Answer, Drop, Reply, Silence
from tests.fakes.wire import Request


class Listening(ThreadingHTTPServer):
    """Listens on 127.0.0.1 from construction to `close`; `answer` is called in the connection's thread."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, answer: Callable[[Request], Answer], port: int, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.answer = answer
        self.tls = tls
        self.closed = threading.Event()
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server_port}"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def get_request(self) -> tuple[socket.socket, object]:
        connection, address = super().get_request()
        if self.tls:
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up, or trusts nobody, is no news; a bug of the fake is."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def close(self) -> None:
        self.closed.set()
        self.shutdown()
        self.server_close()
        self._thread.join()


class Handler(BaseHTTPRequestHandler):
    server: Listening
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, self.rfile.read(length))
        self._give(self.server.answer(request))

    do_POST = do_HEAD = do_GET  # noqa: N815  # the names that http.server looks for

    def _give(self, answer: Answer) -> None:
        match answer:
            case Reply():
                self._reply(answer)
            case Silence():
                self.server.closed.wait()
                self.close_connection = True
            case Drop():
                self.close_connection = True

    def _reply(self, reply: Reply) -> None:
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body) if reply.claims is None else reply.claims))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)
        self.close_connection = self.close_connection or reply.claims is not None

    def log_message(self, *_: object) -> None:
        """Silent: tests read `ReplicateServer.requests`."""
