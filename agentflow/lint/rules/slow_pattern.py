"""A pattern in a contract can take exponential time to reject a text.

One of its loops can match the same characters in two ways, so a text of n of them can be read in
2^n ways, and a backtracking engine tries them all before it says no: thirty characters are enough
to hang it. The check of this orchestrator takes linear time, unless a pattern has a lookaround or a
backreference. But a contract is also used elsewhere: by model providers, who get it with the
request, and by validators in Python and JavaScript. And what the pattern checks is text that a
model wrote.

Bad:

    agentflow: 1
    name: letters
    agents:
      tagger:
        kind: command
        argv: [./tag]
        effects: none
        input: {type: object}
        output: {type: string, pattern: "^([a-z]+-?)+$"}
    steps:
      tag: {agent: tagger}
    outputs: {tags: "${{ steps.tag.output }}"}

Says:

    9:37 '^([a-z]+-?)+$' can take exponential time: on "aaa…" and then a character that does not match

Good:

    agentflow: 1
    name: letters
    agents:
      tagger:
        kind: command
        argv: [./tag]
        effects: none
        input: {type: object}
        output: {type: string, pattern: "^[a-z]+(-[a-z]+)*$"}
    steps:
      tag: {agent: tagger}
    outputs: {tags: "${{ steps.tag.output }}"}
"""

from collections.abc import Iterator

from agentflow.contracts.describe import excerpt
from agentflow.findings import Finding, Location, Severity
from agentflow.lint.backtracking import Explosions
from agentflow.lint.rule import Context, Family
from agentflow.lint.schemas import WrittenSchema, written_schemas
from agentflow.spec.document import Document
from agentflow.spec.wording import quoted

NAME = "slow-pattern"
FAMILY = Family.CONTRACT
SEVERITY = Severity.WARNING

_HELP = "begin what is repeated with a character that cannot stand inside of it: ^[a-z]+(-[a-z]+)*$"


def check(context: Context) -> Iterator[Finding]:
    """Each pattern with a loop that has two ways round, at the pattern."""
    if context.plan is None:
        return
    explosions = Explosions()
    for written in written_schemas(context.plan):
        for pattern, place in _patterns(context.document, written):
            pump = explosions.pump(pattern)
            if pump is not None:
                shown = excerpt(pump * 3 + "…")
                yield Finding(
                    rule=NAME,
                    severity=SEVERITY,
                    message=f"{quoted(pattern)}{written.where} can take exponential time: on {shown} "
                    "and then a character that does not match",
                    location=place,
                    help=_HELP,
                )


def _patterns(document: Document, written: WrittenSchema) -> Iterator[tuple[str, Location]]:
    """The regular expressions of a schema, for values and for the names of fields."""
    pattern = written.schema.get("pattern")
    if isinstance(pattern, str):
        yield pattern, document.locate(written.at("pattern"))
    by_name = written.schema.get("patternProperties")
    if isinstance(by_name, dict):
        for name in by_name:
            path = written.at("patternProperties")
            yield name, document.locate_key(path if written.where else (*path, name))
