"""Architecture is a test: who may import whom, what a command loads, what `validate` touches."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agentflow.agents import AGENT_KINDS

from .processes import WATCHDOG

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
        assert kind.Options.model_fields["kind"].annotation.__args__ == (name,)
    has_options = {
        path.stem
        for path in (ROOT / "agentflow" / "agents").glob("*.py")
        if any(
            isinstance(node, ast.FunctionDef) and node.name == "connect"
            for node in ast.parse(path.read_text()).body
        )
    }
    assert has_options == AGENT_KINDS.keys()


# --- what a command loads -------------------------------------------------------------------------

#: What starts slowly, goes to the net or runs code of others.
HEAVY = frozenset(
    {
        "aiohttp",
        "anyio",
        "asyncio",
        "diskcache",
        "httpx",
        "httpx2",
        "jsonschema_rs",
        "litellm",
        "mcp",
    }
    | {"openai", "orjson", "pydantic", "requests", "rich", "rstr", "sqlite3", "yaml"}
)
READS_SPECS = {"jsonschema_rs", "pydantic", "yaml"}
READS_LOGS = READS_SPECS | {"orjson", "sqlite3"}
LOADS: dict[tuple[str, ...], set[str]] = {
    ("--version",): set(),
    ("--help",): set(),
    ("run", "--help"): set(),
    ("validate", "hello.yaml"): READS_SPECS,
    ("validate", "--format", "json", "chat.yaml"): READS_SPECS | {"orjson"},
    ("plan", "chat.yaml"): READS_SPECS | {"orjson"},
    ("test", "chat.yaml"): READS_LOGS,
    ("schema",): {"pydantic"},
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
        *("agentflow.runs", "agentflow.replay", "agentflow.testing", "agentflow.trace"),
        *("agentflow.agents.protocol", "agentflow.contracts.explain", "agentflow.contracts.unwrap"),
        "agentflow.spec.yaml.complaints",
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one run in its store."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "agentflow.toml").touch()
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


def watched(folder: Path, *arguments: str) -> dict[str, list[str]]:
    """What a command did, by the name of the audit event; see `tests/audited.py`."""
    report = folder / "report.json"
    script = ROOT / "tests" / "audited.py"
    subprocess.run(
        [sys.executable, "-P", script, report, *arguments],
        cwd=folder,
        capture_output=True,
        # Compiled modules that are not there yet would be written.
        env={"PATH": os.environ["PATH"], "COLUMNS": "80", "PYTHONDONTWRITEBYTECODE": "1"},
        timeout=WATCHDOG,
    )
    found: dict[str, list[str]] = json.loads(report.read_text())
    report.unlink()
    return found


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


# --- validating is safe ---------------------------------------------------------------------------

TRAPS = """\
agentflow: 1
name: traps
description: Every reference is a trap.
inputs: {$ref: http://127.0.0.1:9/inputs.json}
contracts:
  Outside: {$ref: ../secret.json}
  Absolute: {$ref: /etc/passwd}
  Linked: {$ref: link.json}
  Fetched: {$ref: https://127.0.0.1:9/contract.json}
  Imported: {python: "trap:Model"}
  Fine: {type: object, properties: {a: {type: string, pattern: "^(a+)+$"}}}
models:
  remote: {model: openai/gpt-5-mini, base_url: http://127.0.0.1:9}
servers:
  starts: {command: ./trap.sh, env: {TOKEN: {secret: NOT_SET}}, definitions: ../secret.json}
  connects: {url: "http://127.0.0.1:9/mcp"}
agents:
  starts: {kind: mcp, server: starts, tool: work, input: Fine, output: Fine}
  connects: {kind: mcp, server: connects, tool: work, input: Fine, output: Fine}
  imports: {kind: python, call: trap:work, input: Fine, output: Fine}
  in_process: {kind: python, call: trap:work, isolate: false, input: Fine, output: Fine}
  spawns: {kind: command, argv: [./trap.sh], input: Fine, output: Outside}
  asks: {kind: llm, model: remote, instructions: {file: ../secret.json}, input: Fine, output: Linked}
  models: {kind: python, call: trap:work, input: Imported, output: Fetched}
steps:
  a: {agent: imports, with: {a: "${{ inputs.x }}"}}
  b: {agent: in_process, with: {a: "${{ steps.a.output.a }}"}}
  c: {agent: spawns, with: {a: "${{ steps.b.output.a }}"}}
  d: {agent: asks, with: {a: "$(touch sprung)"}}
  e: {agent: models, with: {}}
  f: {agent: starts, with: {}}
  g: {agent: connects, with: {}}
outputs: {d: "${{ steps.d.output }}"}
"""


@pytest.mark.parametrize(
    ("command", "code", "reads"),
    [("validate", "1", {"agentflow.toml", "traps.yaml"}), ("plan", "2", {"traps.yaml"})],
)
def test_looking_at_a_spec_springs_no_trap(
    tmp_path: Path, command: str, code: str, reads: set[str]
) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "agentflow.toml").touch()
    (folder / "traps.yaml").write_text(TRAPS)
    (folder / "trap.py").write_text("open('sprung', 'w').close()\n")
    (folder / "trap.sh").write_text("#!/bin/sh\ntouch sprung\n")
    (folder / "trap.sh").chmod(0o755)
    (tmp_path / "secret.json").write_text('{"type": "object"}')
    (folder / "link.json").symlink_to(tmp_path / "secret.json")
    before = set(folder.iterdir())

    events = watched(folder, command, "traps.yaml")
    modules = events.pop("modules")
    opened = {Path(path) for path in events.pop("open")}
    assert events == {"exit": [code]}  # nothing connected, started, written or removed
    assert "trap" not in modules
    installed = (Path(sys.prefix), Path(sys.base_prefix), ROOT / "agentflow")
    assert {path for path in opened if not any(map(path.is_relative_to, installed))} == {
        folder / name for name in reads
    }
    assert set(folder.iterdir()) == before


IMPORTS = """\
agentflow: 1
name: imports
inputs: {python: "trap:Model"}
contracts: {Model: {python: "trap:Model"}}
agents:
  worker: {kind: command, argv: [cat], effects: none, input: Model, output: {python: "trap:Model"}}
steps: {work: {agent: worker, with: {x: "${{ inputs.x }}"}}}
outputs: {x: "${{ steps.work.output.x }}"}
"""


def test_only_the_leave_to_import_imports_and_in_another_process(tmp_path: Path) -> None:
    (tmp_path / "agentflow.toml").touch()
    (tmp_path / "imports.yaml").write_text(IMPORTS)
    (tmp_path / "trap.py").write_text(
        "from pydantic import BaseModel\nopen('sprung', 'w').close()\nclass Model(BaseModel): x: int\n"
    )
    for command in (
        ("validate", "imports.yaml"),
        ("validate", "--format", "json", "imports.yaml"),
    ):
        events = watched(tmp_path, *command)
        assert "trap" not in events.pop("modules")
        assert str(tmp_path / "trap.py") not in events.pop("open")
        assert events == {"exit": ["0"]}
        assert not (tmp_path / "sprung").exists()

    events = watched(tmp_path, "validate", "--allow-imports", "imports.yaml")
    assert events["exit"] == ["0"]
    assert "trap" not in events["modules"]
    (started,) = events["subprocess.Popen"]
    assert "child.py" in started
    assert (tmp_path / "sprung").exists()


def test_the_watch_sees_what_a_run_does(folder: Path) -> None:
    """Or the tests above would prove nothing."""
    events = watched(folder, "run", "faults.yaml", "--store", "third", "--quiet")
    assert events["exit"] == ["0"]
    assert any("worker.py" in what for what in events["subprocess.Popen"])
    assert any("cache.db" in what for what in events["sqlite3.connect"])
