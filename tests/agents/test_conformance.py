"""What every kind of agent keeps to. A new kind adds its `Kind` to `KINDS` and runs it all."""

import asyncio
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import agentflow.agents
from agentflow.agents import AGENT_KINDS, VOCABULARY
from agentflow.agents.protocol import AttemptError, Connection, Reply
from agentflow.spec.model import Agent, Effects
from agentflow.spec.schema import language_schema
from agentflow.spec.shape import keys_of

from ..processes import WATCHDOG
from .calls import HOST, call, connected, cut_short, options, under_way
from .remote_agents import Remote
from .web_server import WebServer

ECHO = "import sys; print(sys.stdin.read())"
HANGS = """
import json, os, pathlib, sys, time
pathlib.Path(json.load(sys.stdin)["note"]).write_text(str(os.getpid()))
time.sleep(3600)
"""


@dataclass(frozen=True)
class Kind:
    """Agents of one kind that do what the suite needs, as the keys that a spec gives them.

    `echo` answers its input; `fails` never succeeds; `hangs` writes a process id to the file that
    its input names as `note`, and then never ends.
    """

    echo: dict[str, Any]
    fails: dict[str, Any]
    hangs: dict[str, Any]
    effects: Effects = Effects.WRITE


KINDS = {
    "python": Kind(
        {"call": "authored:echo"}, {"call": "authored:fails"}, {"call": "authored:hangs"}
    ),
    "command": Kind(
        {"argv": [sys.executable, "-c", ECHO]},
        {"argv": ["false"]},
        {"argv": [sys.executable, "-c", HANGS]},
    ),
    "llm": Kind(
        {"model": "openai/echo"},
        {"model": "openai/fails"},
        {"model": "openai/hangs"},
        effects=Effects.NONE,
    ),
    # The ports of the servers are known when they run.
    "http": Kind({"url": "/echo"}, {"url": "/fails"}, {"url": "/hangs"}),
    "mcp": Kind(
        {"server": "tools", "tool": "echo"},
        {"server": "tools", "tool": "fails"},
        {"server": "tools", "tool": "hangs"},
    ),
    "a2a": Kind({"url": "/echo"}, {"url": "/fails"}, {"url": "/hangs"}),
}
pytestmark = pytest.mark.usefixtures("tool_server", "server", "_on_the_web")
every_kind = pytest.mark.parametrize("kind", list(AGENT_KINDS))


@pytest.fixture
def _on_the_web(web: WebServer, remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    """The agents that have a url find their server."""
    for kind, base in (("http", web.url), ("a2a", remote.url)):
        echo, fails, hangs = ({"url": f"{base}/{path}"} for path in ("echo", "fails", "hangs"))
        monkeypatch.setitem(KINDS, kind, Kind(echo, fails, hangs))


def read(reply: Reply) -> Any:
    return reply.value if reply.text is None else json.loads(reply.text)


@every_kind
def test_a_call_gets_its_input_and_answers(kind: str) -> None:
    given = {"body": "Zürich 🚂\n", "n": [1, {"a": None}], "empty": {}}
    echo = options(kind, **KINDS[kind].echo)
    assert read(connected(kind, lambda c: c.call(echo, call(**given)))) == given


@every_kind
def test_a_key_changes_nothing_about_the_input(kind: str) -> None:
    keyed = replace(call(n=1), idempotency_key="run/1")
    echo = options(kind, **KINDS[kind].echo)
    assert read(connected(kind, lambda c: c.call(echo, keyed))) == {"n": 1}


@every_kind
def test_parallel_calls_keep_apart(kind: str) -> None:
    async def use(connection: Connection) -> list[Reply]:
        echo = options(kind, **KINDS[kind].echo)
        return await asyncio.gather(*(connection.call(echo, call(n=n)) for n in range(20)))

    assert [read(reply) for reply in connected(kind, use)] == [{"n": n} for n in range(20)]


@every_kind
def test_a_failure_has_a_class_and_one_bounded_line(kind: str) -> None:
    fails = options(kind, **KINDS[kind].fails)
    with pytest.raises(AttemptError) as caught:
        connected(kind, lambda c: c.call(fails, call(body="x")))
    assert caught.value.message.splitlines() == [caught.value.message]
    assert 0 < len(caught.value.message) <= 600


@every_kind
def test_a_cancelled_call_ends_and_the_connection_lives_on(kind: str, tmp_path: Path) -> None:
    async def use(connection: Connection) -> Reply:
        begun = tmp_path / "begun"
        hangs = options(kind, **KINDS[kind].hangs)
        await cut_short(connection.call(hangs, call(note=str(begun))), begun)
        return await connection.call(options(kind, **KINDS[kind].echo), call(n=1))

    assert read(connected(kind, use)) == {"n": 1}


@every_kind
def test_a_call_can_be_cancelled_at_any_moment(kind: str, tmp_path: Path) -> None:
    async def use(connection: Connection) -> None:
        hangs = options(kind, **KINDS[kind].hangs)
        for turns in range(25):
            given = call(note=str(tmp_path / "begun"))
            task = asyncio.ensure_future(connection.call(hangs, given))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()

    connected(kind, use)


@every_kind
def test_a_deadline_cuts_a_call_short(kind: str, tmp_path: Path) -> None:
    async def use(connection: Connection) -> None:
        hangs = options(kind, **KINDS[kind].hangs)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await connection.call(hangs, call(note=str(tmp_path / "begun")))

    connected(kind, use)


@every_kind
def test_closing_ends_calls_that_still_run(kind: str, tmp_path: Path) -> None:
    async def main() -> None:
        connection = AGENT_KINDS[kind].connect(HOST)
        begun = tmp_path / "begun"
        hangs = options(kind, **KINDS[kind].hangs)
        task = await under_way(connection.call(hangs, call(note=str(begun))), begun)
        await connection.close()
        await asyncio.wait([task], timeout=WATCHDOG)
        assert isinstance(task.exception(), AttemptError)

    asyncio.run(main())


@every_kind
def test_a_connection_that_is_not_used(kind: str) -> None:
    async def use(_: Connection) -> None:
        pass

    connected(kind, use)


@every_kind
def test_the_options_say_what_they_are(kind: str) -> None:
    model = AGENT_KINDS[kind].Options
    assert model in VOCABULARY.agent_kinds
    assert model.default_effects is KINDS[kind].effects
    own = keys_of(model).keys() - keys_of(Agent).keys()
    keys = language_schema(VOCABULARY)["$defs"][f"{kind.capitalize()}Agent"]["properties"]
    assert all(keys[name]["description"] for name in own)
    with pytest.raises(ValueError, match=r"^unknown-key: \('surprise',\)$"):
        options(kind, **KINDS[kind].echo, surprise=1)


def test_every_module_with_options_is_a_kind() -> None:
    folder = Path(agentflow.agents.__file__).parent
    kinds = {path.stem for path in folder.glob("*.py") if "\nclass Options(" in path.read_text()}
    assert kinds == AGENT_KINDS.keys() == KINDS.keys()


def test_importing_the_kinds_is_cheap() -> None:
    script = "import agentflow.agents, sys; print(*sys.modules)"
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    loaded = set(printed.stdout.decode().split())
    heavy = {
        "asyncio",
        "subprocess",
        "multiprocessing",
        "litellm",
        "httpx",
        "openai",
        "orjson",
        "mcp",
    }
    assert loaded & heavy == set()
