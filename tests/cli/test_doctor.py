"""`agentflow doctor`: what is there, what is not, and that no key is ever shown."""

import json
import os
from typing import Any

import pytest

from tests.formats.test_run import valid

from .shell import Project

CANARY = "sk-canary-0123456789abcdef"
NO_AZURE = "'AZURE_API_KEY' or 'AZURE_OPENAI_API_KEY' or 'AZURE_AD_TOKEN' is not set"
SPEC = """
agentflow: 1
name: chats
models:
  small: {model: openai/gpt-5-mini, fallbacks: [anthropic/claude-haiku-4-5, ollama/llama3.2, ours, azure/gpt-5-mini]}
  ours: {model: openai/ours, api_base: "http://ours.example/v1"}
servers:
  there: {command: python3, args: [-c, "raise SystemExit(3)"], start_timeout: 5s}
  gone: {command: no-such-program}
agents:
  chat: {kind: llm, model: small, input: {type: object}, output: {type: object}}
  post:
    kind: http
    url: https://post.example/
    headers: {Authorization: {secret: POST_TOKEN}}
    input: {type: object}
    output: {type: object}
  tool: {kind: mcp, server: there, tool: x, input: {type: object}, output: {type: object}}
  other: {kind: mcp, server: gone, tool: x, input: {type: object}, output: {type: object}}
steps:
  a: {agent: chat}
  b: {agent: post}
  c: {agent: tool}
  d: {agent: other}
outputs: {a: "${{ steps.a.output }}"}
"""


def checks(project: Project, *arguments: str, code: int, **env: str) -> dict[tuple[str, str], Any]:
    """State and detail of everything that was looked at, by area and name."""
    done = project.agentflow("doctor", *arguments, "-f", "json", env=env)
    assert (done.code, done.err) == (code, "")
    value = valid(done.out, "doctor.v1.schema.json")
    assert value["problems"] == sum(one["state"] == "problem" for one in value["checks"])
    assert CANARY not in done.out
    return {(one["area"], one["name"]): (one["state"], one["detail"]) for one in value["checks"]}


def test_a_machine_that_is_well(project: Project) -> None:
    proxy = f"http://kim:{CANARY}@proxy.example:3128"
    elsewhere = f"http://kim:{CANARY}@gateway.example:4000/v1"
    found = checks(
        project, code=0, OPENAI_API_KEY=CANARY, HTTPS_PROXY=proxy, OPENAI_BASE_URL=elsewhere
    )
    assert found["keys", "openai"] == ("ok", "OPENAI_API_KEY is set")
    assert found["keys", "gemini"] == ("absent", "GEMINI_API_KEY or GOOGLE_API_KEY is not set")
    assert found["versions", "litellm"][0] == "ok"
    store = str(project.folder / ".agentflow")
    assert found["store", store] == ("note", "is not there yet; the first run makes it")
    assert found["terminal", "stdout"] == ("note", "no terminal: runs print a line for each event")
    assert found["addresses", "OPENAI_BASE_URL"] == ("note", "gateway.example:4000")
    assert found["proxies", "HTTPS_PROXY"] == ("note", "proxy.example:3128")


def test_what_a_spec_needs(project: Project) -> None:
    project.write("chats.yaml", SPEC)
    found = checks(project, "chats.yaml", code=1, OPENAI_API_KEY=CANARY)
    assert found["spec", "chats.yaml"] == ("ok", "no errors")
    assert {name: value for (area, name), value in found.items() if area == "keys"} == {
        "openai/gpt-5-mini": ("ok", "OPENAI_API_KEY is set"),
        "anthropic/claude-haiku-4-5": (
            "problem",
            "ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN is not set",
        ),
        "ollama/llama3.2": ("note", "nobody knows whether it needs a key"),
        "azure/gpt-5-mini": (
            "problem",
            f"'AZURE_API_BASE' is not set and {NO_AZURE}",
        ),
        "openai/ours": (
            "note",
            "http://ours.example/v1 gets no key, since AGENTFLOW_ALLOWED_HOSTS does not name its host",
        ),
    }
    assert found["secrets", "POST_TOKEN"] == ("problem", "not set, and agent 'post' needs it")
    assert found["servers", "there"] == ("ok", "'python3' is there: not started")
    assert found["servers", "gone"] == ("problem", "there is no program 'no-such-program'")

    started = checks(project, "chats.yaml", "--start-servers", code=1, POST_TOKEN=CANARY)
    assert started["secrets", "POST_TOKEN"] == ("ok", "set, for agent 'post'")
    assert started["servers", "there"][0] == "problem"
    assert "there" in started["servers", "there"][1]


def test_what_agents_run_has_to_be_there(project: Project) -> None:
    """Packages are looked through and not imported: this one could not be."""
    package = project.folder / "tools" / "deep"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").write_text("raise SystemExit('imported')")
    (package / "letters.py").touch()
    (project.write("sort.sh", "#!/bin/sh\n")).chmod(0o755)
    project.write("plain.txt", "")
    runs = {
        "here": "kind: command, argv: [./sort.sh]",
        "nowhere": "kind: command, argv: [./nosuch.sh]",
        "plain": "kind: command, argv: [./plain.txt]",
        "in_path": "kind: command, argv: [sh, -c, exit]",
        "inner": 'kind: python, call: "tools.deep.letters:sort"',
        "missing": 'kind: python, call: "tools.deep.mail:sort"',
        "unknown": 'kind: python, call: "nosuch_lb:sort"',
        "built_in": 'kind: python, call: "math:floor"',
        "chat": "kind: llm, model: openai/x, tools: [{tool: tools.deep.letters}, {tool: nosuch_tl}]",
    }
    agents = "".join(
        f"  {name}: {{{how}, effects: none, input: {{}}, output: {{}}}}\n"
        for name, how in runs.items()
    )
    for module in ("tools.deep.letters", "nosuch_tl"):
        tool = f"python: '{module}:look', input: {{type: object}}, effects: none"
        agents = agents.replace(f"tool: {module}", f"{tool}, name: {module[-2:]}, description: x")
    steps = "".join(f"  {name}: {{agent: {name}}}\n" for name in runs)
    project.write(
        "runs.yaml", f"agentflow: 1\nname: runs\nagents:\n{agents}steps:\n{steps}outputs: {{}}\n"
    )
    found = checks(project, "runs.yaml", code=1)
    assert {name: value for (area, name), value in found.items() if area == "agents"} == {
        "here": ("ok", "program './sort.sh' is there"),
        "nowhere": ("problem", "there is no program './nosuch.sh'"),
        "plain": ("problem", "there is no program './plain.txt'"),
        "in_path": ("ok", "program 'sh' is there"),
        "inner": ("ok", "module 'tools.deep.letters' is there"),
        "missing": ("problem", "there is no module 'tools.deep.mail'"),
        "unknown": ("problem", "there is no module 'nosuch_lb'"),
        "built_in": ("ok", "module 'math' is there"),
        "chat": ("problem", "there is no module 'nosuch_tl'"),
    }


def test_a_model_that_is_nobodys(project: Project) -> None:
    nobodys = SPEC.replace("ollama/llama3.2", "olama/llama3.2").replace("openai/ours", "ours")
    project.write("chats.yaml", nobodys)
    found = checks(project, "chats.yaml", code=1, OPENAI_API_KEY=CANARY)
    assert found["keys", "olama/llama3.2"] == ("problem", "is of no known provider")
    assert found["keys", "ours"] == ("problem", "is of no known provider")
    assert found["spec", "chats.yaml"] == ("problem", "2 errors")


def test_a_spec_with_errors(project: Project) -> None:
    project.write("bad.yaml", "agentflow: 1\nname: bad\nsteps: {a: {agent: nobody}}\n")
    found = checks(project, "bad.yaml", code=1)
    assert found["spec", "bad.yaml"] == ("problem", "1 error")


def test_a_store_that_is_not_well(project: Project) -> None:
    for _ in range(2):
        project.json("run", "hello.yaml", "-i", "name=Ada", "--simulate")
    store = project.folder / ".agentflow"
    found = checks(project, code=0)
    assert found["store", str(store)] == ("ok", "can be written")
    assert found["store", "mode"] == ("ok", "0700")
    assert found["store", "runs"] == ("ok", "2 of 2 are whole")
    damaged = project.run_ids()[0]
    (store / "runs" / damaged / "HEAD").write_text("{")
    store.chmod(0o755)
    found = checks(project, code=1)
    assert found["store", "mode"] == ("problem", "0755: others can look into it")
    state, detail = found["store", damaged]
    assert state == "problem"
    assert "is not JSON" in detail
    assert found["store", "runs"] == ("ok", "1 of 2 are whole")


@pytest.mark.skipif(os.geteuid() == 0, reason="root can write everywhere")
def test_a_store_that_cannot_be_written(project: Project) -> None:
    project.json("run", "hello.yaml", "-i", "name=Ada", "--simulate")
    store = project.folder / ".agentflow"
    store.chmod(0o500)
    try:
        assert checks(project, code=1)["store", str(store)] == ("problem", "cannot be written")
    finally:
        store.chmod(0o700)


def test_text_for_people(project: Project) -> None:
    project.write("chats.yaml", SPEC)
    done = project.agentflow("doctor", "chats.yaml", env={"OPENAI_API_KEY": CANARY})
    assert done.code == 1
    assert CANARY not in done.out
    lines = done.out.splitlines()
    assert lines[0] == "versions"
    at = lines.index("keys")
    assert lines[at : at + 4] == [
        "keys",
        "  ok       openai/gpt-5-mini           OPENAI_API_KEY is set",
        "  PROBLEM  anthropic/claude-haiku-4-5  ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN is not set",
        "                                       set it",
    ]
    assert lines[-1] == "4 problems"
    assert json.loads(project.agentflow("doctor", "-f", "json").out)["format"] == 1
