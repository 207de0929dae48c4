"""The MCP server of `mcp_server.py` as a process that listens on a port of this machine."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..processes import comes_true, has_text

SCRIPT = Path(__file__).with_name("mcp_server.py")


@contextmanager
def tool_server_at(folder: Path, mode: str = "") -> Iterator[str]:
    """The url of a server that runs; `folder` is for its notes, `mode` what it does differently."""
    port = folder / "port"
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), "http", str(port)], env={**os.environ, "MCP_TEST": mode}
    )
    try:
        assert comes_true(lambda: process.poll() is not None or has_text(port))
        yield f"http://127.0.0.1:{port.read_text()}/mcp"
    finally:
        process.kill()
        process.wait()
