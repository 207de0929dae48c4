"""A chat server on this machine that speaks the OpenAI protocol and misbehaves on order."""

import json
import os
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What the server does with a request.

    A body that is text is sent as HTML, any other as JSON. `cut` ends the connection instead, with
    a reset or politely; `hang` holds the answer back until the server ends.
    """

    status: int = 200
    body: Json | str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: Literal["reset", "close"] | None = None
    hang: bool = False


def completion(content: str | None = "{}", reason: str | None = "stop", **changes: Any) -> Json:
    """The body of a good answer, with `changes` at its top level."""
    message = {"role": "assistant", "content": content}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "gpt-4o-mini-2024-07-18",
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
        **changes,
    }


def refusal(message: str, kind: str = "invalid_request_error", code: str | None = None) -> Json:
    """The body of an error, as OpenAI words it."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def data(request: Json) -> Any:
    """The JSON between the delimiters of a request's user message."""
    lines = request["messages"][-1]["content"].split("\n")
    return json.loads("\n".join(lines[1:-1]))


def by_model(request: Json) -> Answer:
    """Model `echo` answers its input, `fails` never succeeds, `hangs` leaves a note and waits."""
    match request["model"]:
        case "echo":
            return Answer(body=completion(json.dumps(data(request))))
        case "hangs":
            Path(data(request)["note"]).write_text(str(os.getpid()))
            return Answer(hang=True)
        case _:
            return Answer(400, refusal("no such model"))


class OpenAIServer:
    """A context manager. `answer` says what to do with a request; `requests` are what came."""

    def __init__(self) -> None:
        self.answer: Callable[[Json], Answer] | Answer = by_model
        self.requests: list[Json] = []
        self.paths: list[str] = []
        self._ended = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer._take(self)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = False
            request_queue_size = 128

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        """Where a client finds it."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> "OpenAIServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _take(self, handler: BaseHTTPRequestHandler) -> None:
        request = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        self.paths.append(handler.path)
        self.requests.append(request)
        answer = self.answer if isinstance(self.answer, Answer) else self.answer(request)
        if answer.hang:
            self._ended.wait()
        if answer.cut == "reset":
            option = struct.pack("ii", 1, 0)  # no lingering: what follows is a reset
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, option)
        if answer.cut is None:
            with suppress(OSError):  # the client has left
                _send(handler, answer)
        handler.close_connection = True


def _send(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    html = isinstance(answer.body, str)
    body = (answer.body if isinstance(answer.body, str) else json.dumps(answer.body)).encode()
    handler.send_response(answer.status)
    handler.send_header("Content-Type", "text/html" if html else "application/json")
    handler.send_header("Content-Length", str(len(body)))
    for name, value in answer.headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)
