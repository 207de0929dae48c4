"""An output of a `for_each` is read by index, although items may be left out.

The list of outputs has only those of instances that succeeded. If one is skipped, or may fail, the
outputs after it move up, so the third output need not be that of the third item. If all of them go
into one whole, such as lists that are joined, it does not matter which is whose. The first output
alone may be intended as that of the first instance that succeeded; side by side with a later one it
is taken for that of an item.

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
from itertools import chain
from typing import TypeGuard

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
    numbered = [
        (use, context.plan.steps[use.target], use.reference.path[2])
        for use in context.plan.uses
        if use.target is not None
        and use.reference.path[1:2] == ("output",)
        and len(use.reference.path) > 2
        and (use.path, use.start, use.end) not in joined
        and not isinstance(use.reference.path[2], str)
    ]
    later = {(use.target, use.path[:-1]) for use, _, number in numbered if number}
    for use, step, number in numbered:
        if drops_items(step) and (number != 0 or (use.target, use.path[:-1]) in later):
            which = f"item {number}" if number is not None else "the item with this number"
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
        sums = [part for part in every(expr) if _is_sum(part)]
        inner = {id(part.left) for part in sums}
        for part in sums:
            for read in _items_of(part) if id(part) not in inner else ():
                yield path, offset + read.start, offset + read.end


def _items_of(whole: Binary) -> Iterator[Expr]:
    """What reads each another item of a list, in a sum or in what it begins with.

    A text between them may say which is which, so it ends there.
    """
    found: dict[tuple[object, ...], dict[object, Expr]] = {}
    joined: dict[tuple[object, ...], tuple[Expr, ...]] = {}
    for side in _sides(whole):
        read_here = set[tuple[object, ...]]()
        for each in _operands(side):
            if isinstance(each, Literal):
                yield from chain(*joined.values())
                return
            read: Expr = each.path if isinstance(each, Default) else each
            root, way = way_of(read)
            if root == "steps" and len(way) > 2:
                key = (*way[:2], *way[3:])
                found.setdefault(key, {})[way[2]] = read
                read_here.add(key)
        for one in read_here:
            items = found[one]
            if len(items) > 1 and items.keys() == set(range(len(items))):
                joined[one] = tuple(items.values())
    yield from chain(*joined.values())


def _is_sum(expr: Expr) -> TypeGuard[Binary]:
    return isinstance(expr, Binary) and expr.operator == "+"


def _sides(whole: Binary) -> Iterator[Expr]:
    """What a chain of `+` adds up, from the first on."""
    behind, rest = [whole.right], whole.left
    while _is_sum(rest):
        behind.append(rest.right)
        rest = rest.left
    yield rest
    yield from reversed(behind)


def _operands(expr: Expr) -> Iterator[Expr]:
    """What a side of a sum adds up, if it is one in brackets."""
    pending = [expr]
    while pending:
        one = pending.pop()
        if _is_sum(one):
            pending += (one.right, one.left)
        else:
            yield one
