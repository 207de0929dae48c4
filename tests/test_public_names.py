"""The names that other programs may rely on."""

import subprocess
import sys
from pathlib import Path

import pytest

import agentflow

SPEC = """\
agentflow: 1
name: greet
inputs: {type: object, required: [name], properties: {name: {type: string}}}
agents:
  greeter:
    kind: command
    argv: [cat]
    effects: none
    input: {type: object, required: [name], properties: {name: {type: string}}}
    output: {type: object, required: [name], properties: {name: {type: string}}}
steps:
  greet: {agent: greeter, with: {name: "${{ inputs.name }}"}}
outputs: {name: "${{ steps.greet.output.name }}"}
"""


def test_the_public_names_are_these() -> None:
    assert sorted(agentflow.__all__) == [
        "Settings",
        "Store",
        "__version__",
        "check",
        "load",
        "read_run",
        "resume",
        "run",
    ]
    for name in agentflow.__all__:
        assert getattr(agentflow, name) is not None
    with pytest.raises(AttributeError, match="module 'agentflow' has no attribute 'nothing'"):
        agentflow.nothing  # noqa: B018


def test_a_program_can_load_check_run_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "greet.yaml"
    path.write_text(SPEC)
    spec = agentflow.load(path)
    assert agentflow.check(spec) == ()
    store = agentflow.Store(tmp_path / "store")
    state = agentflow.run(spec, {"name": "Ada"}, store)
    assert state.outputs == {"name": "Ada"}
    recorded = agentflow.read_run(store, state.run_id)
    assert recorded.started.inputs == {"name": "Ada"}


def test_importing_the_package_imports_nothing_else() -> None:
    script = "import sys, agentflow; print([m for m in sys.modules if m.startswith('agentflow.')])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "[]\n"
