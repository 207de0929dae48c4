"""`agentflow tools`, and runs whose agents are tools of servers."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.agents.openai_server import Answer, OpenAIServer, completion, tool_calls
from tests.agents.tool_server import SCRIPT, tool_server_at

from .inprocess import agentflow
from .shell import Project
from .test_commands import valid

SPEC = """
agentflow: 1
name: desk
inputs: {{type: object, required: [names], properties: {{names: {{type: array, maxItems: 3, items: {{type: string}}}}}}}}
servers:
  tools: {{{server}}}
agents:
  looker: {{kind: mcp, server: tools, tool: env, effects: read{contracts}}}
steps:
  look: {{agent: looker, with: {{names: "${{{{ inputs.names }}}}"}}}}
outputs: {{found: "${{{{ steps.look.output }}}}"}}
"""
CONTRACTS = ", input: {type: object}, output: {}"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with tool_server_at(tmp_path_factory.mktemp("tools")) as running:
        yield running


@pytest.fixture(autouse=True)
def _in_the_project(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.folder)


def json_of(*arguments: str, code: int = 0) -> Any:
    """What a command prints with `--json`, run in this process."""
    done = agentflow(*arguments, "--json")
    assert done.code == code, done
    return json.loads(done.out)


def write(project: Project, server: str, contracts: str = CONTRACTS) -> Path:
    spec = project.folder / "desk.yaml"
    spec.write_text(SPEC.format(server=server, contracts=contracts))
    return spec


def test_tools_are_listed_with_their_pins(project: Project, url: str) -> None:
    spec = write(project, f"url: {url}")
    done = agentflow("tools", str(spec))
    assert done.code == 0
    assert done.out.startswith(
        f"tools  {url}\n"
        "\n"
        "  echo  not pinned\n"
        "    Gives back what it is given.\n"
        "    pin     sha256:70d3af20e81fc28e03e1b2c3a2d12f31e35fc26669fcb3cc6617abedc1fd0346\n"
        '    input   {"type": "object"}\n'
        '    output  {"type": "object"}\n'
        "    claims  reads only (nothing relies on that)\n"
        "\n"
        "  says  not pinned\n"
    )
    listed = json.loads(agentflow("tools", str(spec), "--format", "json").out)
    valid(listed, "tools.v1.schema.json")
    pins = {tool["name"]: tool["pin"] for tool in listed["servers"][0]["tools"]}
    wrong = f"sha256:{'0' * 64}"
    write(project, f"url: {url}, pins: {{env: '{pins['env']}', echo: '{wrong}', gone: '{wrong}'}}")
    drifted = agentflow("tools", str(spec), "-f", "json")
    assert drifted.code == 1
    (again,) = json.loads(drifted.out)["servers"]
    states = {tool["name"]: tool["state"] for tool in again["tools"]}
    assert (states["env"], states["says"], again["missing"]) == (
        "as pinned",
        "not pinned",
        ["gone"],
    )
    assert states["echo"] == (
        f"tool 'echo' of server 'tools' has changed: its definition is {pins['echo']}, pinned is {wrong}"
    )
    done = project.agentflow("doctor", spec, "--start-servers")
    assert done.code == 1
    assert "tool 'echo' of server 'tools' has changed: its definition is" in done.out
    assert "  gone  pinned, and the server does not have it\n" in agentflow("tools", str(spec)).out


def test_definitions_are_written_and_give_the_contracts(project: Project, url: str) -> None:
    spec = write(project, f"url: {url}, definitions: tools.json", "")
    assert agentflow("validate", str(spec)).code == 1
    done = agentflow("tools", str(spec), "--write")
    assert (done.code, done.out) == (0, "tools.json: 15 tools of server 'tools'\n")
    assert agentflow("tools", str(spec)).code == 0
    text = (project.folder / "tools.json").read_text()
    project.write("tools.json", text.replace("Gives back what it is given.", "Gives nothing."))
    assert agentflow("tools", str(spec)).code == 1
    assert agentflow("tools", str(spec), "--write").code == 0
    assert (project.folder / "tools.json").read_text() == text
    # It does not say what it answers.
    write(project, f"url: {url}, definitions: tools.json", ", output: {}")
    assert agentflow("validate", str(spec)).code == 0
    ran = json_of("run", str(spec), "-i", "names=[NOT_SET]")
    assert ran["outputs"] == {"found": {"NOT_SET": None}}


@pytest.mark.parametrize(
    ("server", "arguments", "code", "said"),
    [
        ("command: nowhere_at_all", (), 3, "error: program 'nowhere_at_all' not found: it is not in PATH; a path from the spec's folder has a slash in it\n"),
        ("command: sh, env: {TOKEN: {secret: NOT_SET}}", (), 3, "error: the environment variable 'NOT_SET' is not set, and server 'tools' needs it\nhelp: set it, or try the pipeline with '--simulate'\n"),
        ("command: sh", ("--server", "tool"), 2, "error: '{spec}' has no server 'tool'\nhelp: did you mean 'tools'?\n"),
        ("command: sh", ("--write",), 2, "error: no server says where its definitions are to be written\nhelp: write 'definitions: FILE' to a server, and leave its 'pins' out\n"),
    ],
    ids=range(4),
)  # fmt: skip
def test_what_keeps_tools_from_being_listed(
    project: Project, server: str, arguments: tuple[str, ...], code: int, said: str
) -> None:
    spec = write(project, server)
    done = agentflow("tools", str(spec), *arguments)
    assert (done.code, done.err) == (code, said.replace("{spec}", str(spec)))


def test_a_file_of_definitions_stays_in_the_project(project: Project, url: str) -> None:
    spec = write(project, f"url: {url}, definitions: ../../tools.json")
    done = agentflow("tools", str(spec), "--write")
    assert done.code == 3
    assert done.err.startswith("error: '../../tools.json' is outside the project")


def test_a_secret_of_a_server_is_nowhere_to_be_seen(project: Project) -> None:
    env = (
        "{MCP_TEST: tells, TOKEN: {secret: TOOLS_TOKEN}, AGENTFLOW_TEST: {secret: AGENTFLOW_TEST}}"
    )
    spec = write(project, f"command: {sys.executable}, args: [{SCRIPT}], env: {env}")
    spec.write_text(
        spec.read_text().replace(
            "steps:",
            "  teller: {kind: mcp, server: tools, tool: echo"
            ", effects: read" + CONTRACTS + "}\nsteps:\n  tell: {agent: teller}",
        )
    )
    secret = "c4nary-of-the-t00ls"
    ran = project.json("run", spec, "-i", "names=[TOKEN]", "--json", env={"TOOLS_TOKEN": secret})
    assert ran["outputs"] == {"found": {"TOKEN": "[secret TOOLS_TOKEN]"}}
    stored = [file.read_bytes() for file in project.folder.rglob("*") if file.is_file()]
    assert any(b"Uses [secret TOOLS_TOKEN]." in data for data in stored)
    assert not any(secret.encode() in data for data in stored)


def test_a_tool_that_is_not_as_pinned_stops_the_run_before_any_call(
    project: Project, url: str
) -> None:
    spec = write(project, f"url: {url}, definitions: tools.json", ", output: {}")
    agentflow("tools", str(spec), "--write")
    file = project.folder / "tools.json"
    file.write_text(file.read_text().replace('"inputSchema": {', '"inputSchema": {"title": "x",'))
    done = agentflow("run", str(spec), "-i", "names=[A]")
    assert (done.code, done.out) == (3, "waiting for server 'tools' to get ready\n")
    assert done.err == (
        "error: tool 'env' of server 'tools' has changed: its input schema\n"
        "help: 'agentflow tools SPEC' shows what it is now; if that is well, pin it anew\n"
    )
    assert agentflow("runs").out.startswith("no runs in ")


def test_a_tool_that_the_server_does_not_have_stops_the_run(project: Project, url: str) -> None:
    spec = write(project, f"url: {url}")
    spec.write_text(spec.read_text().replace("tool: env", "tool: environment"))
    done = agentflow("run", str(spec), "-i", "names=[A]")
    assert done.code == 3
    assert done.err.startswith("error: server 'tools' has no tool 'environment'\n")


def test_a_server_that_is_away_is_the_affair_of_its_steps(project: Project) -> None:
    spec = write(project, "url: 'http://127.0.0.1:1/mcp'")
    ran = json_of("run", str(spec), "-i", "names=[A]", code=1)
    assert ran["failure"]["kind"] == "not_sent"


CHAT = """
agentflow: 1
name: desk
servers: {{tools: {{url: {url}, definitions: tools.json}}}}
agents:
  echo: {{kind: mcp, server: tools, tool: echo, effects: read}}
  clerk:
    kind: llm
    model: openai/gpt-4o-mini
    tools: [{{agent: echo}}]
    input: {{type: object}}
    output: {{type: string}}
steps: {{serve: {{agent: clerk}}}}
outputs: {{said: "${{{{ steps.serve.output }}}}"}}
"""


def test_a_model_calls_a_tool_of_a_server(project: Project, url: str, server: OpenAIServer) -> None:
    spec = project.folder / "chat.yaml"
    spec.write_text(CHAT.format(url=url))
    assert agentflow("tools", str(spec), "--write").code == 0
    server.script(
        Answer(body=tool_calls(("echo", {"order": 17}))), Answer(body=completion('"done"'))
    )
    done = agentflow("run", "chat.yaml", "--json")
    assert json.loads(done.out)["outputs"] == {"said": "done"}
    asked, answered = server.requests
    # It is told what was pinned, and nothing that the server says today.
    assert asked["tools"][0]["function"]["description"] == "Gives back what it is given."
    assert asked["tools"][0]["function"]["parameters"]["type"] == "object"
    assert answered["messages"][-1]["role"] == "tool"
    assert '"order": 17' in answered["messages"][-1]["content"]


WAITING = """
agentflow: 1
name: desk
servers: {tools: {command: ./server}}
agents:
  echo: {kind: mcp, server: tools, tool: echo, effects: read, input: {type: object}, output: {}}
steps:
  first: {agent: echo, with: {n: 1}}
  approve:
    human: {ask: "Go on?", answer: {type: boolean}}
    needs: [first]
    timeout: 1h
    catch: {timeout: fail}
  second: {agent: echo, with: {n: 2}, needs: [approve]}
budget: {wall: 1d}
outputs: {n: "${{ steps.second.output }}"}
"""


def serve(project: Project, mode: str = "") -> None:
    """Have `./server` be the server of the tests, which gives some of its tools otherwise in a
    mode."""
    server = project.folder / "server"
    server.write_text(f"#!/bin/sh\nMCP_TEST={mode} exec {sys.executable} {SCRIPT}\n")
    server.chmod(0o755)


def test_a_run_goes_on_only_with_the_tools_that_it_began_with(project: Project) -> None:
    spec = project.folder / "waiting.yaml"
    spec.write_text(WAITING)
    serve(project)
    started = agentflow("run", str(spec))
    assert started.code == 4
    told = "tool 'echo' of server 'tools' is not pinned; it is sha256:70d3af20e81fc28e"
    assert told in started.out
    run = project.run_ids()[0]
    assert agentflow("answer", run, "approve", "approve").code == 0
    serve(project, "changed")
    done = agentflow("resume", run)
    assert done.code == 3
    assert done.err == (
        "error: tool 'echo' of server 'tools' has changed: its description\n"
        "help: '--accept-tools' goes on with what there is now; the contracts stay those of the run\n"
    )
    serve(project)
    assert json_of("resume", run)["outputs"] == {"n": {"n": 2}}
    assert agentflow("replay", run).code == 0


def test_a_changed_tool_is_accepted_and_that_is_recorded(project: Project) -> None:
    spec = project.folder / "waiting.yaml"
    serve(project)
    pin = "sha256:70d3af20e81fc28e03e1b2c3a2d12f31e35fc26669fcb3cc6617abedc1fd0346"
    # A pin of the spec is no obstacle either.
    pinned = f"{{command: ./server, pins: {{echo: '{pin}'}}}}"
    spec.write_text(WAITING.replace("{command: ./server}", pinned))
    assert agentflow("run", str(spec)).code == 4
    (run,) = project.run_ids()
    serve(project, "changed")
    done = agentflow("resume", run, "--accept-tools", "--by", "ada")
    assert done.code == 4
    told = f"tool 'echo' of server 'tools' has changed, accepted by ada: {pin} is now sha256:"
    assert told in done.out
    assert told in agentflow("show", run).out
    (accepted,) = json_of("show", run)["accepted_tools"]
    assert (accepted["tool"], accepted["was"], accepted["by"]) == ("echo", pin, "ada")
    # From now on that is what the run knows.
    assert agentflow("answer", run, "approve", "approve").code == 0
    assert json_of("resume", run)["outputs"] == {"n": {"n": 2}}
    assert agentflow("replay", run).code == 0
    serve(project)


def test_a_tool_that_is_gone_cannot_be_accepted(project: Project) -> None:
    spec = project.folder / "waiting.yaml"
    spec.write_text(WAITING)
    serve(project)
    assert agentflow("run", str(spec)).code == 4
    (run,) = project.run_ids()
    serve(project, "silenced")
    done = agentflow("resume", run, "--accept-tools")
    assert done.code == 3
    assert done.err == (
        "error: server 'tools' has no tool 'echo'\n"
        "help: the run can go on when the server has it again\n"
    )


def test_the_time_of_a_run_begins_when_its_servers_are_there(project: Project) -> None:
    """However long they take to start, no step has lost time by it."""
    begun = project.folder / "begun"
    script = f"date +%s.%N > {begun}; exec {sys.executable} {SCRIPT}"
    spec = write(project, f"command: sh, args: [-c, '{script}']")
    ran = json_of("run", str(spec), "-i", "names=[NOT_SET]")
    assert json_of("show", ran["run"])["started"] > float(begun.read_text())
