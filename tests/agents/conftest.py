"""Every test of this folder leaves nothing behind."""

import threading
import warnings
from collections.abc import Iterator

import pytest

from .calls import WATCHDOG, children
from .openai_server import OpenAIServer
from .web_server import WebServer


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    processes, threads = children(), set(threading.enumerate())
    yield
    assert children() == processes
    for thread in set(threading.enumerate()) - threads:
        thread.join(WATCHDOG)  # asyncio's threads report a process first and end then
        assert not thread.is_alive()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    """A chat server, with the environment of an operator who uses it."""
    # This is done when LiteLLM is imported, but pytest takes it back after each test.
    warnings.filterwarnings("ignore", message=".*`ReadOnly` qualifier.*")
    warnings.filterwarnings("ignore", message="coroutine '.*acompletion.*' was never awaited")
    for variable in ("OPENAI_API_BASE", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(variable, raising=False)
    with OpenAIServer() as running:
        monkeypatch.setenv("OPENAI_BASE_URL", running.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-operator")
        monkeypatch.setenv("ANTHROPIC_API_BASE", running.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-of-the-operator")
        yield running


@pytest.fixture
def web() -> Iterator[WebServer]:
    """A web server that does what a test says."""
    with WebServer() as running:
        yield running
