"""A canary in the environment: it reaches those it is for, and no byte of it is left anywhere."""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

import pytest

from .shell import AGENTFLOW, Done, Project

CANARY = 'c4n4ry+/&"q=0123456789'
FORMS = {
    "plain": CANARY,
    "escaped": json.dumps(CANARY)[1:-1],
    "percent": quote(CANARY, safe=""),
    "base64": base64.b64encode(CANARY.encode()).decode(),
    "basic": base64.b64encode(f"user:{CANARY}".encode()).decode(),
    "hex": CANARY.encode().hex(),
}
SPEC = """
agentflow: 1
name: canary
agents:
  service:
    kind: http
    url: http://127.0.0.1:PORT/ok
    headers: {Authorization: {secret: CANARY, prefix: "Bearer "}}
    effects: none
    input: {type: object}
    output: {type: object}
  refuser:
    kind: http
    url: http://127.0.0.1:PORT/refused
    headers: {X-Api-Key: {secret: CANARY}}
    effects: none
    input: {type: object}
    output: {type: object}
  program:
    kind: command
    argv: [sh, -c, 'echo "$TOKEN"; echo "$TOKEN" >&2; exit 3']
    env: {TOKEN: {secret: CANARY}}
    effects: none
    input: {type: object}
    output: {type: object}
steps:
  echoed: {agent: service}
  read: {agent: service, with: {all: "${{ steps.echoed.output }}"}}
  refused: {agent: refuser, catch: {any: skip}}
  told: {agent: program, catch: {any: skip}}
outputs: {echoed: "${{ steps.read.output }}"}
"""


@pytest.fixture
def service() -> Iterator[ThreadingHTTPServer]:
    """A service that says all that it is told, in many ways."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            heard.append(token or self.headers["X-Api-Key"])
            data = json.dumps({**FORMS, "heard": heard[-1]}).encode()
            self.send_response(200 if self.path == "/ok" else 403)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    heard: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.heard = heard  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def canary(project: Project, service: ThreadingHTTPServer) -> Project:
    project.write("canary.yaml", SPEC.replace("PORT", str(service.server_port)))
    return project


def test_a_secret_reaches_its_host_and_is_nowhere_else(
    canary: Project, service: ThreadingHTTPServer
) -> None:
    env = {"CANARY": CANARY}
    done = canary.agentflow("run", "canary.yaml", env=env, by=AGENTFLOW)
    assert (done.code, done.err) == (0, "")
    heard: list[str] = service.heard  # type: ignore[attr-defined]
    assert heard == [CANARY] * 3
    (run_id,) = canary.run_ids()
    said = [done, *(canary.agentflow("show", run_id, "--step", step) for step in ("echoed", "refused", "told"))]  # fmt: skip
    said += [canary.agentflow("show", run_id, "--json"), canary.agentflow("replay", run_id)]
    assert all("[secret CANARY]" in shown.out for shown in said[:4])
    stored = [path for path in (canary.folder / ".agentflow").rglob("*") if path.is_file()]
    assert len(stored) >= 3
    texts = {str(path): path.read_bytes() for path in stored}
    texts |= {f"command {n}": (done.out + done.err).encode() for n, done in enumerate(said)}
    for name, form in FORMS.items():
        # Of base64 the ends remain, which hold what stands before and behind a secret, too.
        sought = form[8:-4] if name == "basic" else form[: -4 if name == "base64" else None]
        for where, text in texts.items():
            assert sought.encode() not in text, f"{name} in {where}"
    # Not even the beginning of it is left.
    found = [
        text[text.index(b"c4n4ry") - 60 :][:99] for text in texts.values() if b"c4n4ry" in text
    ]
    assert found == []


def test_a_secret_that_is_missing_is_found_before_the_run_starts(
    canary: Project, service: ThreadingHTTPServer
) -> None:
    assert canary.agentflow("run", "canary.yaml") == Done(
        3,
        "",
        "error: the environment variable 'CANARY' is not set, and agent 'program' needs it\n"
        "help: set it, or try the pipeline with '--simulate'\n",
    )
    assert canary.run_ids() == []
    assert service.heard == []  # type: ignore[attr-defined]
    assert canary.agentflow("run", "canary.yaml", "--simulate", "--quiet").code == 0
    assert canary.agentflow("validate", "canary.yaml").code == 0
