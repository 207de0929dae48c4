"""Calls of chat models beside LiteLLM's own: `python -m benchmarks.chats` prints its rows as JSON.

It is a process of its own, since LiteLLM fills the one that imports it.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from agentflow.agents import AGENT_KINDS
from agentflow.agents.protocol import Call, Host

MODEL = "openai/gpt-4o-mini"
CALLS = 200
SLOW = 20
CONCURRENCY = 64
ROUNDS = 7
OUTPUT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["text"],
    "properties": {"text": {"type": "string"}},
}


@contextmanager
def server(milliseconds: int) -> Iterator[None]:
    """A chat server in a process of its own, named by the environment."""
    command = [sys.executable, "-m", "benchmarks.chat_server", str(milliseconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        os.environ["OPENAI_BASE_URL"] = f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
        os.environ["OPENAI_API_KEY"] = "sk-of-a-benchmark"
        try:
            yield
        finally:
            process.kill()


async def measure() -> list[tuple[str, ...]]:
    """The rows of the table."""
    host = Host(Path.cwd(), Path.cwd(), models={}, texts={}, concurrency=CONCURRENCY)
    kind = AGENT_KINDS["llm"]
    options = kind.Options(kind="llm", model=MODEL, instructions="Greet.")  # type: ignore[call-arg]
    with server(0):
        chats = kind.connect(host)

        async def ours() -> None:
            call = Call("run", "greet", 1, "greeter", {"name": "Ada"}, OUTPUT, timeout=60)
            await chats.call(options, call)

        await ours()
        from agentflow.agents.litellm_settings import litellm

        asked = _request()

        async def theirs() -> None:
            await litellm.acompletion(**asked)

        await theirs()
        each, bare = await _in_turn(ours, theirs)
        await chats.close()
    with server(SLOW):
        chats = kind.connect(host)
        await ours()
        began = time.perf_counter()
        gate = asyncio.Semaphore(CONCURRENCY)

        async def gated() -> None:
            async with gate:
                await ours()

        await asyncio.gather(*(gated() for _ in range(CALLS)))
        took = time.perf_counter() - began
        await chats.close()
    ideal = -(-CALLS // CONCURRENCY) * SLOW / 1e3
    return [
        (
            "a call of a chat model",
            f"{each * 1e3:.1f} ms",
            f"LiteLLM alone: {bare * 1e3:.1f} ms",
            f"{(each - bare) * 1e3:+.1f} ms",
        ),
        (
            f"{CALLS} calls of {SLOW} ms, {CONCURRENCY} at a time",
            f"{took * 1e3:.0f} ms",
            f"the ideal: {ideal * 1e3:.0f} ms",
            f"{took / ideal:.1f}",
        ),
    ]


async def _in_turn(*calls: Callable[[], Awaitable[None]]) -> list[float]:
    """The median seconds of one call of each; they take turns."""
    taken: list[list[float]] = [[] for _ in calls]
    for _ in range(ROUNDS * 20):
        for times, call in zip(taken, calls, strict=True):
            began = time.perf_counter()
            await call()
            times.append(time.perf_counter() - began)
    return [statistics.median(times) for times in taken]


def _request() -> dict[str, object]:
    """What the call of the other side sends, said to LiteLLM directly."""
    shape = {"name": "output", "schema": OUTPUT, "strict": True}
    return {
        "model": MODEL,
        "messages": [
            {"role": "system", "content": "Greet. " + "x" * 150},
            {"role": "user", "content": '<data>\n{"name": "Ada"}\n</data>'},
        ],
        "response_format": {"type": "json_schema", "json_schema": shape},
        "timeout": 60,
        "max_retries": 0,
        "num_retries": 0,
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.stdout.write(json.dumps(asyncio.run(measure())))
