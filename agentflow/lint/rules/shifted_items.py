"""An output of a `for_each` is read by index, although items may be left out.

The list of outputs has only those of instances that succeeded. If one is skipped, or may fail,
those behind it move up, so the third output need not be that of the third item. Where all there are
go into one sum, as lists that are joined, it does not matter which is whose.

Bad:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [letters]
      properties: {letters: {type: array, maxItems: 20, items: {type: string}}}
    agents:
      sorter:
        kind: command
        argv: [./sort]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      sort:
        for_each: {over: "${{ inputs.letters }}", max: 20}
        agent: sorter
        with: {text: "${{ item }}"}
        catch: {any: skip}
    outputs: {third: "${{ default(steps.sort.output[2], 'none') }}"}

Says:

    21:31 an item of 'sort' may be left out of its output, so this need not be that of item 2

Good:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [letters]
      properties: {letters: {type: array, maxItems: 20, items: {type: string}}}
    agents:
      sorter:
        kind: command
        argv: [./sort]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      sort:
        for_each: {over: "${{ inputs.letters }}", max: 20}
        agent: sorter
        with: {text: "${{ item }}"}
        catch: {any: skip}
    outputs: {third: "${{ default(steps.sort.items[2].output, 'none') }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.lint.written import expressions
from agentflow.plan.shapes import drops_items
from agentflow.plan.steps import Plan
from agentflow.spec.cel.logic import every, way_of
from agentflow.spec.cel.syntax import Binary, Default, Expr, Literal
from agentflow.spec.document import Path
from agentflow.spec.wording import quoted

NAME = "shifted-items"
FAMILY = Family.CONTRACT
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each index into the output of a `for_each` that may be shorter than its list."""
    if context.plan is None:
        return
    joined = frozenset(_joined(context.plan))
    for use in context.plan.uses:
        path = use.reference.path
        if use.target is None or path[1:2] != ("output",) or len(path) < 3:
            continue
        step = context.plan.steps[use.target]
        if (use.path, use.start, use.end) in joined:
            continue
        if drops_items(step) and (path[2] is None or (isinstance(path[2], int) and path[2] > 0)):
            which = f"item {path[2]}" if path[2] is not None else "the item with this number"
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"an item of {quoted(step.id)} may be left out of its output, "
                f"so this need not be that of {which}",
                location=context.document.in_string(use.path, use.start, use.end),
                help=f"steps.{step.id}.items has all of them, with 'status' and 'output'",
            )


def _joined(plan: Plan) -> Iterator[tuple[Path, int, int]]:
    """The places of references, each to another item of a list from the first on, in one sum."""
    for expr, path, offset, _ in expressions(plan):
        for part in every(expr):
            if not isinstance(part, Binary) or part.operator != "+":
                continue
            found: dict[tuple[object, ...], dict[object, Expr]] = {}
            operands = list(_operands(part))
            if any(isinstance(each, Literal) for each in operands):
                continue  # a text between them may say which is which
            for each in operands:
                read: Expr = each.path if isinstance(each, Default) else each
                root, way = way_of(read)
                if root == "steps" and len(way) > 2:
                    found.setdefault((*way[:2], *way[3:]), {})[way[2]] = read
            for of_list in found.values():
                if of_list.keys() == set(range(len(of_list))) and len(of_list) > 1:
                    for read in of_list.values():
                        yield path, offset + read.start, offset + read.end


def _operands(expr: Expr) -> Iterator[Expr]:
    if isinstance(expr, Binary) and expr.operator == "+":
        yield from _operands(expr.left)
        yield from _operands(expr.right)
    else:
        yield expr
