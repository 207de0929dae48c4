"""Every test of this folder leaves nothing behind."""

import threading
from collections.abc import Iterator

import pytest

from .calls import WATCHDOG, children
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
def web() -> Iterator[WebServer]:
    """A web server that does what a test says."""
    with WebServer() as running:
        yield running
