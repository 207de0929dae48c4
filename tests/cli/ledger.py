"""A service that books payments, in a process of its own, and then misbehaves.

    python ledger.py FOLDER SOCKET HONOURS BEHAVIOUR...

It serves on a socket that it inherits. Every request gets a line in FOLDER/requests and, unless it
honours keys and knows this one, a line in FOLDER/booked. Only then it does what the next of the
behaviours says; the last one is kept up. One that hangs also gets a byte in FOLDER/hanging.
"""

import json
import os
import socket
import struct
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


def main(folder: Path, listening: int, honours: bool, behaviours: list[str]) -> None:
    """Serve until killed."""
    behaviours.reverse()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            key = self.headers.get("Idempotency-Key")
            behaviour = behaviours.pop() if len(behaviours) > 1 else behaviours[0]
            booked = folder / "booked"
            known = booked.exists() and f'"{key}"' in booked.read_text()
            if not (honours and known):
                _note(booked, {"key": key})
            _note(folder / "requests", {"key": key, "body": body, "path": self.path})
            self.misbehave(behaviour)

        def misbehave(self, behaviour: str) -> None:
            if behaviour == "hang":
                with (folder / "hanging").open("a") as hanging:
                    hanging.write("x")
                time.sleep(3600)
            elif behaviour == "die":
                os._exit(1)
            elif behaviour == "reset":
                option = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, option)
            elif behaviour == "half":
                self.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")
            elif behaviour.isdigit():
                self.answer(int(behaviour), {"error": "as ordered"})
            elif behaviour == "ok":
                self.answer(200, {"receipt": "R-1"})
            else:
                assert behaviour == "drop"

        def answer(self, status: int, said: Any) -> None:
            data = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with socket.socket(fileno=listening) as inherited:
        server = ThreadingHTTPServer(inherited.getsockname(), Handler, bind_and_activate=False)
        server.socket.close()
        server.socket = inherited
        server.serve_forever(0.01)


def _note(path: Path, entry: dict[str, Any]) -> None:
    with path.open("a") as ledger:
        ledger.write(json.dumps(entry) + "\n")
        ledger.flush()
        os.fsync(ledger.fileno())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "honours", sys.argv[4:])
