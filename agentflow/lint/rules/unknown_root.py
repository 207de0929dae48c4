"""An expression starts with a name that is not defined where it stands.

`inputs`, `steps` and `run` exist everywhere; `item`, `index` and the name given with `as` only
inside the `for_each` that defines them. The value would be missing in every run.

Bad:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer, with: {number: "${{ index }}"}}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    11:46 'index' exists only inside a 'for_each'

Good:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      write:
        for_each: {over: [to the mayor, to the press], max: 2}
        agent: writer
        with: {number: "${{ index }}", kind: "${{ item }}"}
    outputs: {letters: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.keys import passing
from agentflow.lint.names import Suggestions
from agentflow.lint.rule import Context, Family, Fixable
from agentflow.plan.scopes import GLOBAL_ROOTS
from agentflow.plan.steps import Plan
from agentflow.plan.uses import Use
from agentflow.spec.cel.mistakes import ROOTS
from agentflow.spec.wording import quoted

NAME = "unknown-root"
FAMILY = Family.REFERENCE
SEVERITY = Severity.ERROR
FIX = Fixable.SAFE

_OF_ITEMS = ("item", "index")


def check(context: Context) -> Iterator[Finding]:
    """Each reference whose first name is neither a global root nor a local one."""
    if context.plan is None:
        return
    yield from context.reported(NAME)
    suggestions = Suggestions()
    for use in context.plan.uses:
        root = use.reference.root
        if root in GLOBAL_ROOTS or root in use.locals or passing(context.plan, use):
            continue
        message, advice = _explain(context.plan, use, suggestions)
        place = context.document.in_string(use.path, use.start, use.end)
        known = _known(use)
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=message,
            location=place,
            help=advice,
            fix=suggestions.fix(context.document, place, root, known)
            if advice.startswith("did you mean")
            else None,
        )


def _explain(plan: Plan, use: Use, suggestions: Suggestions) -> tuple[str, str]:
    """The message about an unknown root, and what to write instead."""
    root = use.reference.root
    if root in _OF_ITEMS:
        return f"{quoted(root)} exists only inside a 'for_each'", "give the step a 'for_each'"
    if root == "output":
        return f"{quoted(root)} exists only in an 'assert'", "to read a step: steps.NAME.output"
    if root == "loop":
        return (
            f"{quoted(root)} exists only inside a loop",
            "a loop hands on what it came to in its 'output'",
        )
    if root == "task":
        return (
            f"{quoted(root)} exists only in 'with' and 'catch' of a 'delegate'",
            "a delegate hands on what its tasks came to in its output",
        )
    message = f"unknown name {quoted(root)}"
    if root in plan.steps:
        return message, f"for the output of this step write steps.{root}.output"
    if root in plan.inputs.schema.get("properties", {}):
        return message, f"for this input write inputs.{root}"
    if root in ROOTS:
        return message, ROOTS[root]
    return message, suggestions.help(root, _known(use), "an expression starts with a known name")


def _known(use: Use) -> list[str]:
    """The names that mean something where a reference stands."""
    return sorted(GLOBAL_ROOTS | use.locals | use.reference.variables)
