"""A tool has a name that providers reject.

A server may give its tools any name. Model providers accept letters, digits, `_` and `-` in the
name of a tool, 64 at most: a request with any other name is refused, and so the first call of the
model fails. Define the tool as an agent of its own, with a name that you choose.

Bad:

    agentflow: 1
    name: letters
    servers: {desk: {url: "https://desk.example/mcp"}}
    agents:
      writer:
        kind: llm
        model: openai/gpt-5-mini
        tools: [{mcp: desk, tool: letters.find, description: Finds a letter., effects: read, input: {type: object}, output: {}}]
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    8:13 'letters.find' is no name for a tool: expected letters, digits, '_' and '-', 64 at most

Good:

    agentflow: 1
    name: letters
    servers:
      desk:
        url: https://desk.example/mcp
        pins: {letters.find: "sha256:70d3af20e81fc28e03e1b2c3a2d12f31e35fc26669fcb3cc6617abedc1fd0346"}
    agents:
      finder:
        kind: mcp
        server: desk
        tool: letters.find
        description: Finds a letter.
        effects: read
        input: {type: object}
        output: {}
      writer:
        kind: llm
        model: openai/gpt-5-mini
        tools: [{agent: finder}]
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
"""

import re
from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.lint.tools import offered
from agentflow.spec.wording import quoted

NAME = "unfit-tool-name"
FAMILY = Family.VENDOR
SEVERITY = Severity.WARNING

_FIT = re.compile(r"[A-Za-z0-9_-]{1,64}")


def check(context: Context) -> Iterator[Finding]:
    """Each tool with such a name, once."""
    for _, name, tool in offered(context):
        if not _FIT.fullmatch(name):
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{quoted(name)} is no name for a tool: expected letters, digits, '_' and '-',"
                " 64 at most",
                location=context.document.locate(tool.step.path),
                help="make an agent of it, and offer that",
            )
