"""Calls of chat models beside LiteLLM's own: `python -m benchmarks.chats` prints its rows as JSON.

It is a process of its own, since LiteLLM fills the one that imports it.

200 calls of 20 ms, 64 at a time, would take 63 ms if nothing had to be done for them. LiteLLM
itself takes about 7 ms of a processor for each, so 1.4 s for all of them in one process, and
nothing that calls models through it comes near that ideal. So the row is held against LiteLLM
alone, behind a gate of the same width: what there is to win or lose here is the factor between
both.
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
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from agentflow.agents import AGENT_KINDS
from agentflow.agents.protocol import Call, Host
from benchmarks import specs
from benchmarks.measure import command, in_turn, program

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
def server(milliseconds: int) -> Iterator[IO[str]]:
    """A chat server in a process of its own, named by the environment; gives what it prints."""
    started = [sys.executable, "-m", "benchmarks.chat_server", str(milliseconds)]
    with subprocess.Popen(started, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        os.environ["OPENAI_BASE_URL"] = f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
        os.environ["OPENAI_API_KEY"] = "sk-of-a-benchmark"
        try:
            yield process.stdout
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
        each, bare = await _in_turn(ROUNDS * 20, ours, theirs)
        await chats.close()
    with server(SLOW):
        chats = kind.connect(host)
        await ours()
        many, bare_many = await _in_turn(ROUNDS, partial(_gated, ours), partial(_gated, theirs))
        await chats.close()
    return [
        (
            "a call of a chat model",
            f"{each * 1e3:.1f} ms",
            f"LiteLLM alone: {bare * 1e3:.1f} ms",
            f"{(each - bare) * 1e3:+.1f} ms",
        ),
        (
            f"{CALLS} calls of {SLOW} ms, {CONCURRENCY} at a time",
            f"{many * 1e3:.0f} ms",
            f"LiteLLM alone: {bare_many * 1e3:.0f} ms",
            f"{many / bare_many:.2f}",
        ),
    ]


async def _gated(call: Callable[[], Awaitable[None]]) -> None:
    """All the calls, so many at a time."""
    gate = asyncio.Semaphore(CONCURRENCY)

    async def gated() -> None:
        async with gate:
            await call()

    await asyncio.gather(*(gated() for _ in range(CALLS)))


def first_request() -> tuple[str, ...]:
    """From the start of `agentflow run` to its first request, beside an import of LiteLLM."""
    with TemporaryDirectory(prefix="agentflow-bench-") as name:
        folder = Path(name)
        spec = specs.chat(folder, MODEL)
        ours, bare = in_turn(
            ROUNDS,
            lambda: _until_request(["run", str(spec), "--quiet"], folder),
            lambda: program([sys.executable, "-c", "import litellm"], folder).seconds,
        )
    return (
        "from the start of `run` to the first request to a model",
        f"{ours:.2f} s",
        f"`import litellm`: {bare:.2f} s",
        f"{ours - bare:+.2f} s",
    )


def _until_request(arguments: list[str], folder: Path) -> float:
    with server(0) as printed:
        began = time.monotonic()
        command(arguments, folder)
        return float(printed.readline()) - began


async def _in_turn(rounds: int, *calls: Callable[[], Awaitable[None]]) -> list[float]:
    """The median seconds of one call of each; they take turns."""
    taken: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
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
    sys.stdout.write(json.dumps([*asyncio.run(measure()), first_request()]))
