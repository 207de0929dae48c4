"""A web server on this machine that answers and misbehaves on order."""

import json
import os
import socket
import ssl
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Literal

from .listening import Listening


@dataclass(frozen=True)
class Received:
    """A request: `path` with its query, `headers` by lower-case name."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What the server does with a request.

    A body of bytes is sent as it is, any other as JSON; a list of bytes in chunks. `cut` ends the
    connection after what was sent so far, with a reset or politely, or `never`; `silent` sends no
    status before. `hang` holds the answer back until the server ends.
    """

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: Literal["reset", "close", "never"] | None = None
    silent: bool = False
    hang: bool = False


def by_path(request: Received) -> Answer:
    """`/echo` answers its body, `/hangs` leaves a note and waits, nothing else is found."""
    given = json.loads(request.body or b"{}")
    match request.path:
        case "/echo":
            return Answer(body=given)
        case "/hangs":
            Path(given["note"]).write_text(str(os.getpid()))
            return Answer(hang=True)
        case _:
            return Answer(404, {"error": "no such page"})


class WebServer(Listening):
    """`answer` says what to do with a request; `requests` are what came."""

    def __init__(
        self, answer: Callable[[Received], Answer] | Answer = by_path, tls: Path | None = None
    ) -> None:
        super().__init__()
        self.answer = answer
        self.requests: list[Received] = []
        self._scheme = "http"
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
            self._scheme = "https"

    @property
    def url(self) -> str:
        """Where a client finds it."""
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def _take(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        request = Received(handler.command, handler.path, headers, body)
        self.requests.append(request)
        answer = self.answer if isinstance(self.answer, Answer) else self.answer(request)
        handler.close_connection = True
        if answer.hang:
            self._ended.wait()
            return
        if not answer.silent:
            _send(handler, answer)
        if answer.cut == "never":
            handler.wfile.flush()
            self._ended.wait()
        if answer.cut == "reset":
            option = struct.pack("ii", 1, 0)  # no lingering: what follows is a reset
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, option)


def _send(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    body = answer.body
    chunked = isinstance(body, Sequence) and not isinstance(body, bytes | str)
    chunked = chunked and all(isinstance(piece, bytes) for piece in body)
    data: Any = body if isinstance(body, bytes) or chunked else json.dumps(body).encode()
    handler.send_response(answer.status)
    for name, value in answer.headers.items():
        handler.send_header(name, value)
    if chunked:
        handler.send_header("Transfer-Encoding", "chunked")
    elif not any(name.lower() == "content-length" for name in answer.headers):
        handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    if not chunked:
        handler.wfile.write(data)
        return
    for piece in data:
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
    if answer.cut is None:
        handler.wfile.write(b"0\r\n\r\n")
