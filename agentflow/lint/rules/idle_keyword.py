"""A keyword of a schema does not apply to the type beside it.

`minLength` applies to texts only, `maximum` to numbers, `maxItems` to lists. Beside another type
the keyword is silently ignored: `{type: integer, maxLength: 3}` accepts 12345. Usually the type is
not the intended one, or the keyword is meant for another type.

Bad:

    agentflow: 1
    name: letters
    agents:
      counter:
        kind: command
        argv: [./count]
        effects: none
        input: {type: object}
        output: {type: integer, maxLength: 3}
    steps:
      count: {agent: counter}
    outputs: {words: "${{ steps.count.output }}"}

Says:

    9:29 'maxLength' says nothing about integer

Good:

    agentflow: 1
    name: letters
    agents:
      counter:
        kind: command
        argv: [./count]
        effects: none
        input: {type: object}
        output: {type: integer, maximum: 999}
    steps:
      count: {agent: counter}
    outputs: {words: "${{ steps.count.output }}"}
"""

from collections.abc import Iterator, Mapping

from agentflow.contracts.describe import type_names
from agentflow.contracts.keywords import BY_TYPE, TYPES, Schema
from agentflow.contracts.shape import types_of
from agentflow.contracts.violations import FORMAT_EXAMPLES
from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.lint.schemas import written_schemas
from agentflow.spec.wording import quoted

NAME = "idle-keyword"
FAMILY = Family.CONTRACT
SEVERITY = Severity.WARNING

_JUDGED: Mapping[str, str] = {
    keyword: judged for judged, keywords in BY_TYPE.items() for keyword in keywords
}
_EVERY = frozenset(TYPES)
_IN_WORDS: Mapping[str, str] = {
    "array": "lists",
    "number": "numbers",
    "object": "objects",
    "string": "texts",
}


def check(context: Context) -> Iterator[Finding]:
    """Each keyword that can judge no value of the declared type."""
    if context.plan is None:
        return
    malformed = {problem.location for problem in context.reported("invalid-contract")}
    for written in written_schemas(context.plan):
        if "type" not in written.schema:
            continue
        types = types_of({"type": written.schema["type"]}, True)
        if not types <= _EVERY:
            continue  # `invalid-contract` tells of it
        numbers = types | ({"number"} if "integer" in types else set())
        for keyword, value in written.schema.items():
            judged = _judged_by(keyword, value)
            if context.document.locate(written.at(keyword)) in malformed:
                continue
            if judged is not None and judged not in numbers:
                yield Finding(
                    rule=NAME,
                    severity=SEVERITY,
                    message=f"{quoted(keyword)} says nothing about {type_names(types)}"
                    f"{written.where}",
                    location=context.document.locate_key(written.at(keyword)),
                    help=f"it judges {_IN_WORDS[judged]} only; change 'type', or take it out",
                )


def _judged_by(keyword: str, value: Schema) -> str | None:
    """The type whose values a keyword judges; None if it judges all."""
    if keyword == "format" and isinstance(value, str) and value in FORMAT_EXAMPLES:
        return "string"
    return _JUDGED.get(keyword)
