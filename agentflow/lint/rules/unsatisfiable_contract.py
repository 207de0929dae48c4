"""A contract contradicts itself, so no value can satisfy it.

Every answer, or every call, would be refused, whatever is in it: the step fails in every run, after
it has been paid for. If only an optional field, or one of several options, contradicts itself, that
field can never be there, and the finding is a warning. A common cause is
`additionalProperties: false` in one part of an `allOf`: it forbids what the other parts require.

Bad:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string, minLength: 2000, maxLength: 500}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    9:13 nothing satisfies this contract: 'minLength' 2000 and 'maxLength' 500 contradict each other

Good:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string, minLength: 500, maxLength: 2000}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator

from agentflow.contracts.describe import excerpt, listed, path_text
from agentflow.contracts.emptiness import Empty, empty_parts
from agentflow.contracts.keywords import Schema
from agentflow.findings import Finding, Related, Severity
from agentflow.lint.rule import Context, Family
from agentflow.lint.schemas import path_in_contract
from agentflow.plan.calls import callers, home_of
from agentflow.plan.steps import Plan
from agentflow.spec.document import Path
from agentflow.spec.wording import quoted

NAME = "unsatisfiable-contract"
FAMILY = Family.CONTRACT
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each innermost schema that nothing satisfies, once, and as an error if that holds for all."""
    if context.plan is None:
        return
    found: dict[Path, Empty] = {}
    circled: dict[Path, frozenset[Path]] = {}
    looked_at: dict[int, list[Empty]] = {}
    for start, contract in _contracts(context.plan):
        if id(contract) not in looked_at:
            looked_at[id(contract)] = empty_parts(contract)
        for empty in looked_at[id(contract)]:
            place = path_in_contract(context.document, start, empty.path)
            if place not in found or empty.always:
                found[place] = empty
                circled[place] = frozenset(
                    path_in_contract(context.document, start, path) for path in empty.circle
                )
    circles: set[frozenset[Path]] = set()
    for place, empty in found.items():
        members = circled[place]
        if members in circles:
            continue  # the same circle, from another of its members
        if len(members) > 1:
            circles.add(members)
        yield Finding(
            rule=NAME,
            severity=SEVERITY if empty.always else Severity.WARNING,
            message=f"{_what(empty)}: {_why(empty)}",
            location=context.document.locate(place),
            help=_help(empty),
            related=tuple(
                Related("and this demands the next", context.document.locate(other))
                for other in sorted(members - {place}, key=str)
            ),
        )


def _contracts(plan: Plan) -> Iterator[tuple[Path, Schema]]:
    """The resolved contracts of the inputs and of the agents that are called, with their places."""
    yield ("inputs",), plan.inputs.schema
    seen: set[str] = set()
    for step in callers(plan):
        if step.call is not None and step.call.agent not in seen:
            seen.add(step.call.agent)
            home = home_of(step, step.call)
            yield (*home, "input"), step.call.input.schema
            yield (*home, "output"), step.call.output.schema


def _what(empty: Empty) -> str:
    part = path_text(empty.way).replace('["[]"]', "[]")
    keyword, index = empty.path[-2:] if len(empty.path) > 1 else ("", 0)
    if empty.always:
        return "nothing satisfies this contract" + (f", for want of {quoted(part)}" if part else "")
    if keyword in ("anyOf", "oneOf") and isinstance(index, int):
        return f"option {index + 1} of {quoted(str(keyword))} can never be taken"
    return f"{quoted(part)} can never be there" if part else "nothing satisfies this schema"


def _why(empty: Empty) -> str:
    schema, keywords = empty.schema, empty.keywords
    if set(keywords) <= {"properties", "required", "additionalProperties", "type"}:
        named = schema.get("properties", {})
        refused = [name for name in schema.get("required", ()) if not named.get(name, False)]
        if _is_endless(empty):
            again = listed(map(quoted, schema.get("required", ())), "and")
            return f"'required' demands {again}, in which the same is demanded again without end"
        names = listed(map(quoted, refused), "and")
        by = "properties" if set(refused) <= named.keys() else "additionalProperties"
        return f"'required' demands {names}, and {quoted(by)} forbids it"
    if keywords == ("enum",):
        return "'enum' names no value"
    if len(keywords) == 1:
        return f"the parts of {quoted(keywords[0])} contradict each other"
    plain = len(keywords) > 2  # then the type goes without saying
    said = [
        quoted(keyword) + _value(schema[keyword])
        for keyword in keywords
        if not (plain and keyword == "type")
    ]
    return f"{listed(said, 'and')} contradict each other"


def _is_endless(empty: Empty) -> bool:
    """Does each required field demand the same once more, without any being forbidden?"""
    named = empty.schema.get("properties", {})
    plain = set(empty.keywords) <= {"properties", "required", "type"}
    return plain and all(named.get(name, False) for name in empty.schema.get("required", ()))


def _value(value: Schema) -> str:
    """What a keyword says, if that is short."""
    return f" {excerpt(value)}" if not isinstance(value, dict) and len(str(value)) < 40 else ""


def _help(empty: Empty) -> str:
    schema = empty.schema
    if empty.keywords == ("enum",):
        return "name the values that are allowed"
    if _is_endless(empty):
        return "let it be absent or null where the chain ends"
    closed = any(
        isinstance(part, dict) and ("$ref" in part or part.get("additionalProperties") is False)
        for part in (*schema.get("allOf", ()), schema)
    )
    if closed and ("allOf" in schema or "$ref" in schema):
        return "close the whole with 'unevaluatedProperties: false', and none of its parts"
    return "change one of them"
