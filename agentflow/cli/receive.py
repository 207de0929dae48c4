"""`agentflow receive`: a small HTTP server that takes in signed answers.

It serves one address of this machine, a few requests at a time, each bounded in size and time. What
an answer is worth is decided in `agentflow.receiving`.
"""

import json
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import SHUT_RDWR, socket
from typing import Any

from agentflow.cli.report import emit
from agentflow.cli.stores import open_store
from agentflow.errors import CouldNot, ExitCode
from agentflow.formats.safe import safe
from agentflow.receiving import MAX_BYTES, Received, Reception

#: Requests that are looked at together; others wait.
_TOGETHER = 8
#: Seconds that one request may take, from its connection to its end.
_PATIENCE = 20.0
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LIMIT = 300


def receive_answers(*, host: str, port: int, store: Path | None) -> int:
    """Take answers in until a signal comes; gives the exit code.

    Raises:
        CouldNot: the address cannot be served.
    """
    reception = Reception(open_store(store))
    try:
        server = _Server((host, port), reception, _tell)
    except OSError as error:
        raise CouldNot(f"'{host}:{port}' cannot be served: {error.strerror or error}") from error
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in _STOPPING}
    serving = threading.Thread(target=server.serve_forever, name="receive")
    serving.start()
    try:
        emit(f"receiving answers at http://{host}:{server.server_port}/")
        stop.wait()
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
        for number, handler in before.items():
            signal.signal(number, handler)
    return ExitCode.OK


def _tell(received: Received) -> None:
    """A line about a request."""
    verdict = {True: "taken", False: "refused", None: "not taken in yet"}[received.taken]
    about = f"{received.about}  " if received.about else ""
    emit(safe(f"{about}{verdict}: {received.reason}", limit=_LIMIT, oneline=True))


class _Server(ThreadingHTTPServer):
    """Threads are bounded and waited for at the end, and no connection outlives its time."""

    daemon_threads = False
    block_on_close = True
    allow_reuse_address = True

    def __init__(
        self, address: tuple[str, int], reception: Reception, tell: Callable[[Received], None]
    ) -> None:
        super().__init__(address, _Handler)
        self.reception = reception
        self.tell = tell
        self._room = threading.BoundedSemaphore(_TOGETHER)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Look at a request in a thread, when there is room for one."""
        self._room.acquire()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """The thread of one request."""
        assert isinstance(request, socket)
        end = threading.Timer(_PATIENCE, _hang_up, [request])
        end.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            end.cancel()
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """The other side went away, or was too slow: nobody is left to tell. Else it is a bug."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            self.tell(Received(500, f"a bug, please report it: {error!r}"))


def _hang_up(connection: socket) -> None:
    with suppress(OSError):  # it has ended
        connection.shutdown(SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    """One request: POST to `/`, with a length."""

    server: _Server
    server_version = "agentflow"
    sys_version = ""

    def do_POST(self) -> None:
        """Take an answer in."""
        length = self.headers.get("Content-Length", "")
        if self.path != "/":
            received = Received(404, "answers are received at '/'")
        elif not length.isdecimal():
            received = Received(411, "it does not say how long it is")
        elif int(length[:20]) > MAX_BYTES:
            received = Received(413, f"it has more than {MAX_BYTES // 1024**2} MiB")
        else:
            body = self.rfile.read(int(length))
            if len(body) < int(length):
                return  # it broke off
            headers = {name.lower(): value for name, value in self.headers.items()}
            received = self.server.reception.receive(headers, body, time.time())
        self.server.tell(received)
        self._answer(received)

    def _answer(self, received: Received) -> None:
        told = {"format": 1, "taken": received.taken, "reason": received.reason}
        data = json.dumps(told).encode() + b"\n"
        self.send_response(received.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """What there is to tell is told by the server."""
