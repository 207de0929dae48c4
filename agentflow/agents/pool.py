"""A pool of worker processes, each making one call of an author's function at a time.

Workers are started when they are needed, and reused. A worker whose call is cancelled is ended
together with its process group, and no other is; one that died is replaced when the next call
comes.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agentflow.agents.processes import GRACE, Child, Processes, first
from agentflow.agents.protocol import AttemptError, Reply
from agentflow.core.events import Excess
from agentflow.spec.model import FailureClass, Json

_SCRIPT = Path(__file__).with_name("worker.py")


class NotTaken(Exception):
    """The worker ended before it took the call: the function has certainly not run."""


class Worker:
    """This side of a worker process. The protocol is described in `worker.py`."""

    def __init__(self) -> None:
        self.child: Child | None = None
        self._received = bytearray()
        self._answer: asyncio.Future[bytes] | None = None
        self._calls = 0

    async def start(self, processes: Processes, folder: Path, root: Path) -> None:
        """Start the process. Raises `AttemptError` not_sent if the system has none to give."""
        argv = [sys.executable, "-P", str(_SCRIPT), str(folder), str(root)]
        try:
            self.child = await processes.start(argv, cwd=folder, on_stdout=self._take)
        except OSError as error:
            message = f"cannot start a worker process: {error.strerror}"
            raise AttemptError(FailureClass.NOT_SENT, message) from error

    async def ask(
        self, call: str, given: Mapping[str, Json], offers: Mapping[str, Json]
    ) -> dict[str, Any]:
        """Have `module:function` called with these arguments, and get the answer as it was sent.

        Raises `NotTaken`, or `AttemptError` server_error if the worker ended while it was at it.
        """
        assert self.child is not None
        self._received.clear()
        self.child.forget_words()
        self._answer = asyncio.get_running_loop().create_future()
        self._calls += 1
        request = {"id": self._calls, "call": call, "input": dict(given), "offers": dict(offers)}
        self.child.send(json.dumps(request, separators=(",", ":")).encode() + b"\n")
        await first(self._answer, self.child.exited)
        if not self._answer.done():
            # What it sent before its end may still be on its way, and so may its last words.
            await first(self._answer, self.child.drained, timeout=GRACE)
        if self._answer.done():
            return self._read(call, self._answer.result())
        if not self._received:
            raise NotTaken(f"a worker process {self.child.how_it_ended()}")
        message = f"the worker process that ran '{call}' {self.child.how_it_ended()}"
        raise AttemptError(FailureClass.SERVER_ERROR, message)

    def _read(self, call: str, line: bytes) -> dict[str, Any]:
        """The answer to the current call; whatever else was written there is no answer to it."""
        try:
            answer: Any = json.loads(line)
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or answer.get("id") != self._calls:
            message = f"the process that ran '{call}' wrote something else where its answer goes"
            raise AttemptError(FailureClass.SERVER_ERROR, message)
        return answer

    def _take(self, data: bytes) -> None:
        self._received += data
        if data.endswith(b"\n") and self._answer is not None and not self._answer.done():
            self._answer.set_result(bytes(self._received.lstrip(b"+")))


class Pool:
    """The worker processes of one run, `size` at most; further calls wait for their turn.

    A call that waits spends its deadline waiting, so `size` is what the engine makes at a time.
    """

    def __init__(self, folder: Path, root: Path, size: int) -> None:
        self._folder = folder
        self._root = root
        self._processes = Processes()
        self._places = asyncio.Semaphore(size)
        self._idle: list[Worker] = []

    async def call(self, call: str, given: Mapping[str, Json], offers: Mapping[str, Json]) -> Json:
        """What `module:function` answers to an input; `offers` is what it may ask for besides.

        Raises `AttemptError`.
        """
        async with self._places:
            while self._idle:
                try:
                    return await self._ask(self._idle.pop(), call, given, offers)
                except NotTaken:
                    continue  # it had died since its last call; another one makes this call
            worker = Worker()
            await worker.start(self._processes, self._folder, self._root)
            try:
                return await self._ask(worker, call, given, offers)
            except NotTaken as error:
                raise AttemptError(FailureClass.NOT_SENT, str(error)) from error

    async def close(self) -> None:
        """End all workers; idle ones are given the time to do what their modules do at exit."""
        idle = [worker.child for worker in self._idle if worker.child is not None]
        for child in idle:
            child.end_input()
        if idle:
            await asyncio.wait([child.exited for child in idle], timeout=GRACE)
        await self._processes.close()

    async def _ask(
        self, worker: Worker, call: str, given: Mapping[str, Json], offers: Mapping[str, Json]
    ) -> Json:
        try:
            answer = await worker.ask(call, given, offers)
        except BaseException as error:
            assert worker.child is not None
            await self._processes.stop(worker.child)
            if isinstance(error, AttemptError):
                error.detail = worker.child.words()
            elif isinstance(error, asyncio.CancelledError):
                error.args = (worker.child.words(),)
            raise
        self._idle.append(worker)
        if "failure" in answer:
            failure, message = FailureClass(answer["failure"]), answer["message"]
            kept: Reply | None = None
            if "beginning" in answer:
                excess = Excess(answer["bytes"], answer["sha256"], whole=True)
                kept = Reply(text=answer["beginning"], excess=excess)
            raise AttemptError(failure, message, detail=answer.get("detail"), reply=kept)
        return answer["value"]
