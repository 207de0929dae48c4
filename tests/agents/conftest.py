"""Every test of this folder leaves nothing behind."""

import threading
from collections.abc import Iterator

import pytest

from .calls import children


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    processes, threads = children(), set(threading.enumerate())
    yield
    assert children() == processes
    assert {thread for thread in threading.enumerate() if thread.is_alive()} <= threads
