"""Every test of this folder leaves nothing behind."""

import threading
from collections.abc import Iterator

import pytest

from agentflow.plan.servers import ServerPlan
from agentflow.spec.model import Server

from ..processes import WATCHDOG, children, comes_true
from .calls import SERVERS
from .remote_agents import Remote, remote_agents_at
from .tool_server import tool_server_at
from .web_server import WebServer


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    processes, threads = children(), set(threading.enumerate())
    yield
    assert comes_true(lambda: children() == processes)
    for thread in set(threading.enumerate()) - threads:
        thread.join(WATCHDOG)  # asyncio's threads report a process first and end then
        assert not thread.is_alive()


@pytest.fixture
def web() -> Iterator[WebServer]:
    """A web server that does what a test says."""
    with WebServer() as running:
        yield running


@pytest.fixture(scope="module")
def tool_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An MCP server that runs on a port of this machine; `HOST` has it under the name `tools`."""
    with tool_server_at(tmp_path_factory.mktemp("tools")) as url:
        SERVERS["tools"] = ServerPlan(Server(url=url))
        yield SERVERS["tools"].options
    del SERVERS["tools"]


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    """Remote agents that run on a port of this machine."""
    with remote_agents_at(tmp_path_factory.mktemp("remote")) as running:
        yield running
