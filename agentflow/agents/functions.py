"""The calls of `python` agents: in a worker process, or in this one if the agent says so.

A call in this process costs next to nothing and cannot be interrupted: it is meant for functions
that compute something small. The same checks and the same failure classes apply as in a worker,
except for the size of the answer.
"""

import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from agentflow.agents.pool import Pool
from agentflow.agents.protocol import AttemptError, Call, Host, Reply
from agentflow.agents.python import Options
from agentflow.agents.worker import Failed, arguments, failed, load, plain
from agentflow.spec.durations import time_in_words
from agentflow.spec.model import FailureClass, Json


class Functions:
    """The connection of the kind `python`."""

    def __init__(self, host: Host) -> None:
        self._roots = (str(host.folder), str(host.root))
        self._pool = Pool(host.folder, host.root, host.concurrency)
        self._loaded: dict[str, Callable[..., Any]] = {}
        self._on_path = False

    async def call(self, options: Options, call: Call) -> Reply:
        """Call the function with the fields of the input as keyword arguments.

        Raises `AttemptError`: rejected if there is no such function or it does not take this
        input, server_error if it raises or its process dies, invalid_output if its answer is not
        JSON, not_sent if there is no process to run it.
        """
        offers = _offers(call)
        if options.isolate:
            return Reply(await self._pool.call(options.call, call.input, offers))
        try:
            return Reply(await self._call_here(options.call, call, offers))
        except Failed as failure:
            kind = FailureClass(failure.failure)
            raise AttemptError(kind, failure.message, detail=failure.detail) from failure

    async def close(self) -> None:
        """End the workers."""
        await self._pool.close()
        if self._on_path:
            for root in self._roots:
                with suppress(ValueError):  # a function has changed the path itself
                    sys.path.remove(root)

    async def _call_here(self, target: str, call: Call, offers: Mapping[str, Json]) -> Json:
        function = self._loaded.get(target) or self._load(target)
        # Only a copy is handed out, or the function could change what other steps see.
        copy = {name: _copy(item) for name, item in call.input.items()}
        begun = time.monotonic()
        value = self._invoke(target, function, arguments(function, copy, offers))
        if time.monotonic() - begun > call.timeout:  # nobody could stop it
            message = f"no answer within {time_in_words(call.timeout)}"
            raise AttemptError(FailureClass.TIMEOUT, message)
        if isinstance(value, Awaitable):
            try:
                value = await value
            except (Exception, SystemExit) as error:
                raise failed(target, error, self._roots) from error
        return plain(value)

    def _invoke(self, call: str, function: Callable[..., Any], given: dict[str, Json]) -> Any:
        # Stdout is for the results of the whole program. What a coroutine prints later cannot be
        # told from what others print meanwhile, so that is left alone.
        stdout, sys.stdout = sys.stdout, sys.stderr
        try:
            return function(**given)
        except (Exception, SystemExit) as error:
            raise failed(call, error, self._roots) from error
        finally:
            sys.stdout = stdout

    def _load(self, call: str) -> Callable[..., Any]:
        if not self._on_path:
            sys.path[:0] = self._roots
            self._on_path = True
        self._loaded[call] = load(call, self._roots)
        return self._loaded[call]


def _offers(call: Call) -> dict[str, Json]:
    """What a function may ask for besides its input, by the name of the parameter."""
    offers: dict[str, Json] = {}
    if call.complaint is not None:
        offers["violations"] = list(call.complaint.violations)
    if call.idempotency_key is not None:
        offers["idempotency_key"] = call.idempotency_key
    return offers


def _copy(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copy(item) for item in value]
    return value
