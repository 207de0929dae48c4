"""What a run would touch is told before it, wherever in a spec it is named."""

from collections.abc import Mapping

import pytest

from agentflow.agents.capabilities import capabilities
from agentflow.errors import FileProblem
from agentflow.loading import understand
from agentflow.plan.overview import Capabilities

OBJECT = "{type: object}"


def touched(spec: str, files: Mapping[str, str] | None = None) -> Capabilities:
    """What a spec without further inputs would touch."""

    def read(path: str) -> str:
        if files is None or path not in files:
            raise FileProblem(f"there is no file '{path}'")
        return files[path]

    _, _, plan, problems = understand(spec, "spec.yaml", read)
    assert plan is not None
    assert problems == ()
    return capabilities(plan)


def with_agent(options: str, more: str = "", step: str = "") -> str:
    """A spec of one step, whose agent has these options."""
    return (
        f"agentflow: 1\nname: one\n{more}"
        f"agents: {{one: {{input: {OBJECT}, output: {OBJECT}, {options}}}}}\n"
        f"steps: {{do: {{agent: one, with: {{}}{step}}}}}\n"
    )


MODELS = """\
models:
  small: {model: openai/gpt-5-mini, fallbacks: [own, groq/llama-3.3-70b-versatile]}
  own: {model: ollama/llama3, api_base: "http://gpu.example:11434/v1"}
  strong: {model: anthropic/claude-sonnet-4-5}
escalations:
  up: {levels: [{model: strong}], on_exhausted: fail}
"""
SERVERS = """\
servers:
  mail: {command: ./mail, env: {MAIL: {secret: MAIL_TOKEN}}}
  docs: {url: "https://docs.example/mcp", headers: {Authorization: {secret: DOCS_TOKEN}}}
"""
CHANNELS = """\
channels:
  desk: {kind: webhook, url: "https://chat.example/in", signing_secret: {secret: DESK}, headers: {Key: {secret: KEY}}}
  pager: {kind: command, argv: [./page, --loud], env: {PAGER: {secret: PAGER}}}
  idle: {kind: command, argv: [./never]}
escalations:
  up:
    levels: [{notify: {text: Look, channel: pager}}, {human: {ask: Well?, channel: desk}, within: 1h}]
    on_exhausted: fail
"""
ESCALATED = ", catch: {any: {escalate: up}}"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (
            with_agent("kind: command, argv: [./do, x], env: {KEY: {secret: DO_KEY}}"),
            Capabilities(programs=("./do",), variables=("DO_KEY",)),
        ),
        (
            with_agent("kind: python, call: desk.letters:go"),
            Capabilities(modules=("desk.letters",)),
        ),
        (
            with_agent(
                'kind: http, url: "https://web.example:8443/x", redirect_hosts: [other.example],'
                " headers: {Key: {secret: WEB}}"
            ),
            Capabilities(hosts=("web.example:8443", "other.example"), variables=("WEB",)),
        ),
        (
            with_agent('kind: a2a, url: "https://far.example/a", card_hosts: [rpc.example]'),
            Capabilities(hosts=("far.example", "rpc.example")),
        ),
        (
            with_agent("kind: llm, model: small", MODELS, ESCALATED),
            Capabilities(
                hosts=("gpu.example:11434",),
                models=(
                    *("openai/gpt-5-mini", "ollama/llama3", "groq/llama-3.3-70b-versatile"),
                    "anthropic/claude-sonnet-4-5",
                ),
                variables=(
                    *("OPENAI_API_KEY", "GROQ_API_KEY", "ANTHROPIC_API_KEY"),
                    "ANTHROPIC_AUTH_TOKEN",
                ),
            ),
        ),
        (
            with_agent("kind: mcp, server: mail, tool: send", SERVERS),
            Capabilities(programs=("./mail",), servers=("mail",), variables=("MAIL_TOKEN",)),
        ),
        (
            with_agent("kind: mcp, server: docs, tool: find", SERVERS),
            Capabilities(hosts=("docs.example",), servers=("docs",), variables=("DOCS_TOKEN",)),
        ),
        (
            with_agent("kind: command, argv: [./do]", CHANNELS, ESCALATED),
            Capabilities(
                programs=("./do", "./page"),
                hosts=("chat.example",),
                variables=("PAGER", "DESK", "KEY"),
            ),
        ),
        (
            with_agent("kind: command, argv: [./do]", 'inputs: {python: "desk.models:Inputs"}\n'),
            Capabilities(programs=("./do",), modules=("desk.models",)),
        ),
    ],
    ids=["command", "python", "http", "a2a", "llm", "program", "address", "channels", "class"],
)
def test_what_a_spec_names_is_told(spec: str, expected: Capabilities) -> None:
    assert touched(spec) == expected


def test_programs_of_a_pipeline_inside_are_told_from_the_folder_of_the_spec() -> None:
    child = with_agent("kind: command, argv: [./do]")
    other = with_agent("kind: command, argv: [../bin/do]")
    named = with_agent("kind: command, argv: [python3]")
    spec = (
        "agentflow: 1\nname: many\nsteps:\n"
        "  a: {pipeline: sub/a.yaml}\n  b: {pipeline: sub/b.yaml}\n  c: {pipeline: sub/c.yaml}\n"
    )
    found = touched(spec, {"sub/a.yaml": child, "sub/b.yaml": other, "sub/c.yaml": named})
    assert found == Capabilities(programs=("sub/do", "bin/do", "python3"))
