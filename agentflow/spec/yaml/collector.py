"""The cyclic garbage collector, paused while something large is built.

Building a quarter of a million nodes makes the collector walk all of them again and again and
find nothing: reading and checking are several times faster without it.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the collector, and leave it afterwards as it was found."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
