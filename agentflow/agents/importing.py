"""Slow imports run in a thread, so that a run can do other things meanwhile.

They run one after the other: two threads that import modules which import each other can each wait
for the other, and Python then makes one of them fail.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, TypeVar

from agentflow.agents.excerpts import line_of
from agentflow.agents.protocol import AttemptError, Call, Connection, Reply
from agentflow.spec.model import FailureClass

_T = TypeVar("_T")
_C = TypeVar("_C", bound=Connection)
_one_at_a_time = threading.Lock()


class Imported(Generic[_T]):
    """What `load` gives once it has imported the `library`, which begins now."""

    def __init__(self, library: str, load: Callable[[], _T]) -> None:
        self._library = library
        thread = ThreadPoolExecutor(1, f"import of {library}")
        self._coming = thread.submit(_alone, load)
        thread.shutdown(wait=False)

    @property
    def is_ready(self) -> bool:
        """Is the import over, whatever has come of it?"""
        return self._coming.done()

    async def ready(self) -> None:
        """Wait for the import, whatever comes of it."""
        if not self.is_ready:
            await asyncio.wait([asyncio.wrap_future(self._coming)])

    async def get(self) -> _T:
        """What was loaded. Raises `AttemptError` rejected if it cannot be imported.

        That may have any cause: LiteLLM reads two hundred variables of the environment as numbers.
        """
        await self.ready()
        error = self._coming.exception()
        if isinstance(error, Exception):
            message = f"cannot import {self._library}: {line_of(error)}"
            raise AttemptError(FailureClass.REJECTED, message) from error
        return self._coming.result()

    async def loaded(self) -> _T | None:
        """What was loaded, if that went well."""
        await self.ready()
        return self._coming.result() if self._coming.exception() is None else None


class Delayed(Generic[_C]):
    """A connection whose calls wait for an import: for what `load` gives, see `Imported`."""

    def __init__(self, library: str, load: Callable[[], _C]) -> None:
        self._made = Imported(library, load)

    @property
    def is_ready(self) -> bool:
        """Is it there, or is it known not to come?"""
        return self._made.is_ready

    async def ready(self) -> None:
        """Wait for it, whatever comes of that."""
        await self._made.ready()

    async def call(self, options: Any, call: Call) -> Reply:
        """Make one attempt. Raises `AttemptError`."""
        return await (await self._made.get()).call(options, call)

    async def close(self) -> None:
        """Give back what was opened, if anything was."""
        made = await self._made.loaded()
        if made is not None:
            await made.close()


def _alone(load: Callable[[], _T]) -> _T:
    with _one_at_a_time:
        return load()
