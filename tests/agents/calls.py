"""What the tests of this folder share: a project, calls in it, and a look at living processes."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from agentflow.agents import AGENT_KINDS
from agentflow.agents.protocol import AttemptError, Call, Connection, Host, Reply
from agentflow.core.events import Complaint
from agentflow.plan.servers import ServerPlan
from agentflow.spec.document import parse_document
from agentflow.spec.filling import fill
from agentflow.spec.yaml.nodes import Mapping

from ..processes import WATCHDOG, has_text

ROOT = Path(__file__).with_name("project")
#: The servers of `HOST`; a test that has one running puts it here.
SERVERS: dict[str, ServerPlan] = {}
HOST = Host(root=ROOT, folder=ROOT / "desk", models={}, texts={}, servers=SERVERS)


def call(output_schema: Any = True, **given: Any) -> Call:
    """An attempt with these fields as input."""
    return Call("run_1", "extract", 1, "extractor", given, output_schema, timeout=WATCHDOG)


def connected(kind: str, use: Callable[[Connection], Awaitable[Any]], host: Host = HOST) -> Any:
    """What `use` makes of a connection, which is closed afterwards."""

    async def main() -> Any:
        connection = AGENT_KINDS[kind].connect(host)
        try:
            async with asyncio.timeout(WATCHDOG):
                return await use(connection)
        finally:
            await connection.close()

    return asyncio.run(main())


def options(kind: str, **keys: Any) -> Any:
    """The options of an agent, as a spec would have them. Raises `ValueError` with what does not
    fit."""
    root = parse_document(json.dumps({"kind": kind, **keys}), "options.json").root
    assert isinstance(root, Mapping)
    made, breaches = fill(AGENT_KINDS[kind].Options, root)
    if breaches:
        raise ValueError(f"{breaches[0].fault}: {breaches[0].path}")
    return made


def asked_again(kind: str, keys: dict[str, Any], complaint: Complaint, **given: Any) -> Reply:
    """One call that is made because the last answer was not accepted."""
    again = replace(call(**given), attempt=2, complaint=complaint)
    reply = connected(kind, lambda c: c.call(options(kind, **keys), again))
    assert isinstance(reply, Reply)
    return reply


def attempt(kind: str, keys: dict[str, Any], host: Host = HOST, **given: Any) -> Reply:
    """One call over a connection of its own."""
    reply = connected(kind, lambda c: c.call(options(kind, **keys), call(**given)), host)
    assert isinstance(reply, Reply)
    return reply


def failure(kind: str, keys: dict[str, Any], host: Host = HOST, **given: Any) -> tuple[str, str]:
    """Class and message of a call that has to fail."""
    with pytest.raises(AttemptError) as caught:
        attempt(kind, keys, host, **given)
    return caught.value.failure.value, caught.value.message


def put_forward(loop: asyncio.AbstractEventLoop, seconds: float) -> None:
    """Have it be so much later in a loop, from any thread: the time of what is under way is up."""

    def jump() -> None:
        now = loop.time
        loop.time = lambda: now() + seconds  # type: ignore[method-assign]

    loop.call_soon_threadsafe(jump)


async def under_way(pending: Awaitable[Any], begun: Path) -> asyncio.Future[Any]:
    """Make a call, and wait until it has written a process id to `begun`."""
    task = asyncio.ensure_future(pending)
    while not has_text(begun):
        assert not task.done(), task
        await asyncio.sleep(0.01)
    return task


async def cut_short(pending: Awaitable[Any], begun: Path) -> int:
    """Cancel a call as soon as it has written a process id to `begun`; that process id."""
    task = await under_way(pending, begun)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    return int(begun.read_text())
