"""A step that chooses its agent at run time may choose one that it cannot use.

All agents in `among` have to share one contract, since readers of the step cannot know which of
them will answer. And a name that is not in `among` is refused, so every name that may come has to
be in it.

Bad:

    agentflow: 1
    name: desk
    agents:
      triage:
        kind: command
        argv: [./triage]
        effects: none
        input: {type: object}
        output:
          type: object
          additionalProperties: false
          required: [desk]
          properties: {desk: {enum: [billing, technics]}}
      billing: {kind: command, argv: [./bill], effects: none, input: {type: object}, output: {type: string}}
      technics: {kind: command, argv: [./mend], effects: none, input: {type: object}, output: {type: integer}}
    steps:
      sort: {agent: triage}
      answer: {agent: "${{ steps.sort.output.desk }}", among: [billing, technics]}
    outputs: {answer: "${{ steps.answer.output }}"}

Says:

    18:69 the answer of 'technics' is integer, that of 'billing' string: agents of one step share a contract

Good:

    agentflow: 1
    name: desk
    agents:
      triage:
        kind: command
        argv: [./triage]
        effects: none
        input: {type: object}
        output:
          type: object
          additionalProperties: false
          required: [desk]
          properties: {desk: {enum: [billing, technics]}}
      billing: {kind: command, argv: [./bill], effects: none, input: {type: object}, output: {type: string}}
      technics: {kind: command, argv: [./mend], effects: none, input: {type: object}, output: {type: string}}
    steps:
      sort: {agent: triage}
      answer: {agent: "${{ steps.sort.output.desk }}", among: [billing, technics]}
    outputs: {answer: "${{ steps.answer.output }}"}
"""

from collections.abc import Iterator

from agentflow.contracts.compat import Kind, compare
from agentflow.contracts.describe import path_text, type_names
from agentflow.contracts.shape import types_of
from agentflow.findings import Finding, Severity
from agentflow.lint.names import Suggestions
from agentflow.lint.rule import Context, Family
from agentflow.plan.steps import CallPlan, StepPlan
from agentflow.spec.document import Path
from agentflow.spec.templates import Template, Whole
from agentflow.spec.wording import quoted

NAME = "loose-dispatch"
FAMILY = Family.CONTRACT
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each name that may come and is not in `among`, and each agent with another contract."""
    if context.plan is None:
        return
    suggestions = Suggestions()
    for step in context.plan.steps.values():
        if step.dispatch is not None and step.among:
            yield from _unlisted(context, step, step.dispatch, suggestions)
            yield from _single(context, step)
        yield from _different(context, step)


def _unlisted(
    context: Context, step: StepPlan, dispatch: Template, suggestions: Suggestions
) -> Iterator[Finding]:
    labels = context.traces.labels(dispatch, step.address)
    if labels.broken or labels.known is None or not isinstance(dispatch, Whole):
        return
    start, end = dispatch.offset + dispatch.expr.start, dispatch.offset + dispatch.expr.end
    if _is_looked_at(context, step):
        return
    for name in labels.known:
        if name not in step.among:
            hopeless = not set(labels.known) & step.among.keys()
            yield Finding(
                rule=NAME,
                severity=SEVERITY if hopeless else Severity.WARNING,
                message=f"the agent may be {quoted(name)}, which is not in 'among'",
                location=context.document.in_string((*step.path, "agent"), start, end),
                help=suggestions.help(name, step.among, "add it to 'among'"),
            )


def _is_looked_at(context: Context, step: StepPlan) -> bool:
    """Does a condition on the way look at the value that chooses? It may well leave some out."""
    for use in context.uses_within.get((*step.path, "agent"), ()):
        path = path_text((use.reference.root, *(p for p in use.reference.path if p is not None)))
        if context.guards.at(use).compares(path):
            return True
    return False


def _single(context: Context, step: StepPlan) -> Iterator[Finding]:
    """A choice of one is none, and can only fail."""
    if context.document.node((*step.path, "among", 1)) is None:
        (name,) = step.among
        yield Finding(
            rule=NAME,
            severity=Severity.ADVICE,
            message=f"there is nothing to choose: 'among' has {quoted(name)} alone",
            location=context.document.locate((*step.path, "among")),
            help=f"write 'agent: {name}' and take 'among' out, or list the others",
        )


def _different(context: Context, step: StepPlan) -> Iterator[Finding]:
    for first, call, path in _answering_for(step):
        verdict = compare(dict(call.output.schema), dict(first.output.schema))
        if verdict.kind is Kind.INCOMPATIBLE:
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{_difference(call, first)}: agents of one step share a contract",
                location=context.document.locate(path),
                help="name one contract for both, or choose between steps with a switch",
            )


def _answering_for(step: StepPlan) -> Iterator[tuple[CallPlan, CallPlan, Path]]:
    """The calls of agents, each with that of a possible substitute, and where that is named."""
    workers = step.delegate.workers.values() if step.delegate is not None else ()
    for one in (step, *workers):
        if one.call is None:
            continue
        for index, name in enumerate(one.among):
            if index > 0:
                yield one.call, one.among[name], (*step.path, "among", index)
        place = (*step.path, "catch") if one is step else (*step.path, "delegate", "catch")
        for key, action in one.catch.items():
            if action.call is not None:
                yield one.call, action.call, (*place, key, "agent")


def _difference(call: CallPlan, first: CallPlan) -> str:
    """`the answer of 'b' is integer, that of 'a' string`."""
    types = [types_of(each.output.schema, each.output.schema) for each in (call, first)]
    if types[0] != types[1]:
        found, wanted = (type_names(each) for each in types)
        return (
            f"the answer of {quoted(call.agent)} is {found}, that of {quoted(first.agent)} {wanted}"
        )
    return f"what {quoted(call.agent)} answers need not be what {quoted(first.agent)} does"
