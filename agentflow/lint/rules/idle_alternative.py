"""An alternative in `default` or `coalesce` is never taken, since its path always has a value.

A refined text, the answer of a second agent, or what a person has changed is prepared, but every
run passes on the first version: the order is the wrong way round. Swap them. A plain value that
stands in for something that is never absent is harmless, and not reported.

Bad:

    agentflow: 1
    name: letters
    inputs: {type: object, required: [text], properties: {text: {type: string}}}
    agents:
      writer: {kind: command, argv: [./write], effects: none, input: {type: object}, output: {type: string}}
      polisher: {kind: command, argv: [./polish], effects: none, input: {type: object}, output: {type: string}}
    steps:
      write: {agent: writer, with: {about: "${{ inputs.text }}"}}
      polish: {when: size(inputs.text) > 100, agent: polisher, with: {text: "${{ steps.write.output }}"}}
    outputs: {letter: "${{ coalesce(steps.write.output, steps.polish.output) }}"}

Says:

    10:53 'steps.polish.output' is never taken: 'steps.write.output' always has a value

Good:

    agentflow: 1
    name: letters
    inputs: {type: object, required: [text], properties: {text: {type: string}}}
    agents:
      writer: {kind: command, argv: [./write], effects: none, input: {type: object}, output: {type: string}}
      polisher: {kind: command, argv: [./polish], effects: none, input: {type: object}, output: {type: string}}
    steps:
      write: {agent: writer, with: {about: "${{ inputs.text }}"}}
      polish: {when: size(inputs.text) > 100, agent: polisher, with: {text: "${{ steps.write.output }}"}}
    outputs: {letter: "${{ coalesce(steps.polish.output, steps.write.output) }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.guards import skipping
from agentflow.lint.rule import Context, Family
from agentflow.lint.written import expressions
from agentflow.plan.uses import Use
from agentflow.spec.cel.logic import every
from agentflow.spec.cel.syntax import Coalesce, Default, Expr
from agentflow.spec.expressions import references
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import Scalar

NAME = "idle-alternative"
FAMILY = Family.CONTRACT
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each alternative that reads something and stands behind what always has a value."""
    if context.plan is None:
        return
    uses = {(use.path, use.start, use.end): use for use in context.plan.uses}
    for expr, path, offset, _ in expressions(context.plan):
        # Where a step has failed, not even those before it in its scope need have run.
        for part in every(expr) if "catch" not in path else ():
            options = _options(part)
            for number, option in enumerate(options[:-1]):
                use = uses.get((path, offset + option.start, offset + option.end))
                if use is None or not _always_there(context, use):
                    continue
                behind = next((each for each in options[number + 1 :] if references(each)), None)
                node = context.document.node(path)
                if behind is not None and isinstance(node, Scalar):
                    start, end = offset + behind.start, offset + behind.end
                    first = node.text[use.start : use.end]
                    yield Finding(
                        rule=NAME,
                        severity=SEVERITY,
                        message=f"{quoted(node.text[start:end])} is never taken: "
                        f"{quoted(first)} always has a value",
                        location=context.document.in_string(path, start, end),
                        help="put first what is to be preferred, or take the rest out",
                    )
                break


def _options(expr: Expr) -> tuple[Expr, ...]:
    """The values of which the first that there is is taken."""
    match expr:
        case Default(path, fallback):
            return path, fallback
        case Coalesce(paths, last):
            return *paths, last
    return ()


def _always_there(context: Context, use: Use) -> bool:
    """Does a reference lead to a value in each run? Of the state of a loop nothing is said."""
    root, path = use.reference.root, use.reference.path
    if root == "steps":
        if use.target is None or path[1:2] != ("output",) or context.plan is None:
            return False
        step = context.plan.steps[use.target]
        if step.when is not None or skipping(step):
            return False
    trace = context.traces.of_use(use)
    found = bool(trace.ends) and not (trace.gaps or trace.broken)
    return root != "loop" and trace.certain and found
