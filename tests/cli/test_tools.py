"""`agentflow tools`, and runs whose agents are tools of servers."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agents.tool_server import SCRIPT, tool_server_at

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


def write(project: Project, server: str, contracts: str = CONTRACTS) -> Path:
    spec = project.folder / "desk.yaml"
    spec.write_text(SPEC.format(server=server, contracts=contracts))
    return spec


def test_tools_are_listed_with_their_pins(project: Project, url: str) -> None:
    spec = write(project, f"url: {url}")
    done = project.agentflow("tools", spec)
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
    listed = json.loads(project.agentflow("tools", spec, "--format", "json").out)
    valid(listed, "tools.v1.schema.json")
    pins = {tool["name"]: tool["pin"] for tool in listed["servers"][0]["tools"]}
    wrong = f"sha256:{'0' * 64}"
    write(project, f"url: {url}, pins: {{env: '{pins['env']}', echo: '{wrong}', gone: '{wrong}'}}")
    (again,) = json.loads(project.agentflow("tools", spec, "-f", "json").out)["servers"]
    states = {tool["name"]: tool["state"] for tool in again["tools"]}
    assert (states["env"], states["says"], again["missing"]) == (
        "as pinned",
        "not pinned",
        ["gone"],
    )
    assert states["echo"] == (
        f"tool 'echo' of server 'tools' has changed: its definition is {pins['echo']}, pinned is {wrong}"
    )
    assert (
        "  gone  pinned, and the server does not have it\n" in project.agentflow("tools", spec).out
    )


def test_definitions_are_written_and_give_the_contracts(project: Project, url: str) -> None:
    spec = write(project, f"url: {url}, definitions: tools.json", "")
    assert project.agentflow("validate", spec).code == 1
    done = project.agentflow("tools", spec, "--write")
    assert (done.code, done.out) == (0, "tools.json: 14 tools of server 'tools'\n")
    # It does not say what it answers.
    write(project, f"url: {url}, definitions: tools.json", ", output: {}")
    assert project.agentflow("validate", spec).code == 0
    ran = project.json("run", spec, "-i", "names=[NOT_SET]", "--json")
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
    done = project.agentflow("tools", spec, *arguments)
    assert (done.code, done.err) == (code, said.replace("{spec}", str(spec)))


def test_a_file_of_definitions_stays_in_the_project(project: Project, url: str) -> None:
    spec = write(project, f"url: {url}, definitions: ../../tools.json")
    done = project.agentflow("tools", spec, "--write")
    assert done.code == 3
    assert done.err.startswith("error: '../../tools.json' is outside the project")


def test_a_secret_of_a_server_is_nowhere_to_be_seen(project: Project) -> None:
    env = "{TOKEN: {secret: TOOLS_TOKEN}, AGENTFLOW_TEST: {secret: AGENTFLOW_TEST}}"
    spec = write(project, f"command: {sys.executable}, args: [{SCRIPT}], env: {env}")
    secret = "c4nary-of-the-t00ls"
    ran = project.json("run", spec, "-i", "names=[TOKEN]", "--json", env={"TOOLS_TOKEN": secret})
    assert ran["outputs"] == {"found": {"TOKEN": "[secret TOOLS_TOKEN]"}}
    for file in project.folder.rglob("*"):
        assert not file.is_file() or secret.encode() not in file.read_bytes()
