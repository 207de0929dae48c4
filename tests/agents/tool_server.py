"""The MCP server of `mcp_server.py` as a process that listens on a port of this machine."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCRIPT = Path(__file__).with_name("mcp_server.py")
#: Seconds in which it has to be there.
_START = 60.0


@contextmanager
def tool_server_at(folder: Path, mode: str = "") -> Iterator[str]:
    """The url of a server that runs; `folder` is for its notes, `mode` what it does differently."""
    port = folder / "port"
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), "http", str(port)], env={**os.environ, "MCP_TEST": mode}
    )
    try:
        limit = time.monotonic() + _START
        while not (port.exists() and port.read_text()):
            assert process.poll() is None
            assert time.monotonic() < limit
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port.read_text()}/mcp"
    finally:
        process.kill()
        process.wait()
