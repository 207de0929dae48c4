"""Architecture is a test: who may import whom, and what a command loads."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from agentflow import lint, plan
from agentflow.agents import AGENT_KINDS
from agentflow.spec.shape import kinds_of
from tests.audited import watched

ROOT = Path(__file__).parent.parent
PIPELINES = ROOT / "tests" / "cli" / "project"
HELLO = ("run", "hello.yaml", "-i", "name=Ada", "--quiet")


def test_layers() -> None:
    """Upper may import lower, never the reverse, and the pure layers import nothing impure."""
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


# --- plug-ins: a list in source order, and a folder that agrees with it ---------------------------


def test_every_agent_kind_is_a_module_of_its_name() -> None:
    for name, kind in AGENT_KINDS.items():
        module = sys.modules[f"agentflow.agents.{name}"]
        assert kind is module
        assert kinds_of(kind.Options) == (name,)
    has_options = {
        path.stem
        for path in (ROOT / "agentflow" / "agents").glob("*.py")
        if any(
            isinstance(node, ast.FunctionDef) and node.name == "connect"
            for node in ast.parse(path.read_text()).body
        )
    }
    assert has_options == AGENT_KINDS.keys()


@pytest.mark.parametrize("room", [lint, plan], ids=["lint", "plan"])
def test_the_map_of_a_large_room_names_its_modules(room: ModuleType) -> None:
    """A room of sixty modules is one to get lost in."""
    lists = re.findall(r"^    .+$", room.__doc__ or "", re.MULTILINE)
    modules = Path(*room.__path__).glob("[!_]*.py")
    assert sorted(re.findall(r"\w+", " ".join(lists))) == sorted(path.stem for path in modules)


def test_the_page_of_the_architecture_has_every_room() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page.partition("## The rooms")[2].partition("The import layers")[0]
    named = {
        name
        for row in re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE)
        for name in re.findall(r"\w+", row)
    }
    rooms = {
        path.stem
        for path in (ROOT / "agentflow").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert named == {room for room in rooms if not room.startswith("_")}


# --- data -----------------------------------------------------------------------------------------


def test_data_is_in_structs() -> None:
    """`class X(Struct, frozen=True)` of msgspec: a dataclass compiles its methods at every
    start."""
    makers = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "agentflow").rglob("*.py")
        if "import dataclasses" in (text := path.read_text()) or "from dataclasses" in text
    }
    assert makers == {"agentflow/classes/child.py"}  # knows those of others


# --- what a command loads -------------------------------------------------------------------------

#: What starts slowly, goes to the net or runs code of others.
HEAVY = frozenset(
    {
        "a2a",
        "aiohttp",
        "anyio",
        "asyncio",
        "diskcache",
        "google",
        "httpx",
        "httpx2",
        "jsonschema_rs",
        "litellm",
        "mcp",
    }
    | {"openai", "orjson", "pydantic", "requests", "rich", "rstr", "sqlite3", "yaml"}
)
READS_SPECS = {"jsonschema_rs", "yaml"}
READS_LOGS = READS_SPECS | {"orjson", "sqlite3"}
LOADS: dict[tuple[str, ...], set[str]] = {
    ("--version",): set(),
    ("--help",): set(),
    ("run", "--help"): set(),
    ("validate", "hello.yaml"): READS_SPECS,
    ("validate", "--config", "own.toml", "hello.yaml"): READS_SPECS,
    ("validate", "--format", "json", "chat.yaml"): READS_SPECS | {"orjson"},
    ("plan", "chat.yaml"): READS_SPECS | {"orjson"},
    ("test", "chat.yaml"): READS_LOGS,
    ("drill", "chat.yaml"): READS_LOGS,
    ("schema",): set(),
    ("schema", "contracts", "hello.yaml"): READS_SPECS,
    ("runs",): READS_LOGS,
    ("show", "2"): READS_LOGS,
    ("replay", "2"): READS_LOGS,
    (*HELLO, "--store", "other"): READS_LOGS | {"asyncio", "diskcache"},
    (*HELLO, "--store", "other", "--simulate"): READS_LOGS | {"diskcache"},
}
#: Nothing is decided and nobody is called, so those who do it stay out; and what is only for texts
#: of agents or for files that are no YAML.
STAYS_OUT = {
    ("--version", "--help"): tuple(
        f"agentflow.{room}" for room in ("agents", "contracts", "formats", "lint", "plan", "spec")
    ),
    ("validate", "schema"): (
        *("agentflow.core", "agentflow.engines", "agentflow.eventlog", "agentflow.channels"),
        *("agentflow.runs", "agentflow.history", "agentflow.replay", "agentflow.testing"),
        "agentflow.trace",
        *("agentflow.agents.protocol", "agentflow.contracts.explain", "agentflow.contracts.unwrap"),
        *("agentflow.contracts.witness", "agentflow.drill", "hashlib", "fractions"),
        "agentflow.spec.yaml.complaints",
    ),
    ("runs", "replay"): ("agentflow.engines", "agentflow.runs", "agentflow.channels"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one run in its store."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "agentflow.toml").touch()
    (folder / "own.toml").write_text("fail_on = 'warning'\n")
    for path in PIPELINES.iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    (folder / "chat.yaml").write_text(
        "agentflow: 1\nname: chat\nmodels: {small: {model: openai/gpt-5-mini}}\n"
        "agents: {writer: {kind: llm, model: small, instructions: Greet., "
        "input: {type: object}, output: {type: object}}}\n"
        "steps: {write: {agent: writer, with: {}}}\noutputs: {}\n"
        "tests: {empty: {answers: {write: {value: {}}}}}\n"
    )
    subprocess.run([sys.executable, "-m", "agentflow", *HELLO], cwd=folder, check=True)
    return folder


@pytest.mark.parametrize("command", LOADS, ids=" ".join)
def test_a_command_loads_what_it_uses(folder: Path, command: tuple[str, ...]) -> None:
    events = watched(folder, *command)
    assert events["exit"] == ["0"]
    loaded = {name.partition(".")[0] for name in events["modules"]}
    assert loaded & HEAVY == LOADS[command]
    shut = next((rooms for known, rooms in STAYS_OUT.items() if command[0] in known), ())
    assert [name for name in events["modules"] if name.startswith(shut)] == []
    # The agent of this pipeline runs in the process of the run.
    assert ("desk" in loaded) == ("asyncio" in loaded)


def test_importing_agentflow_loads_nothing() -> None:
    code = (
        "import sys; before = set(sys.modules); import agentflow; print(set(sys.modules) - before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names = ast.literal_eval(done.stdout)
    assert {name for name in names if name.startswith("agentflow")} == {"agentflow"}
    assert not names & HEAVY


def test_the_watch_sees_what_a_run_does(folder: Path) -> None:
    """Or the tests above would prove nothing."""
    events = watched(folder, "run", "faults.yaml", "--store", "third", "--quiet")
    assert events["exit"] == ["0"]
    assert any("worker.py" in what for what in events["subprocess.Popen"])
    assert any("cache.db" in what for what in events["sqlite3.connect"])
