"""What was planned and what was done: lists from which a `for_each` may leave out a part."""

from collections.abc import Iterator, Sequence

from agentflow.lint.rule import Context
from agentflow.plan.address import enclosing
from agentflow.plan.steps import StepPlan
from agentflow.plan.uses import Use
from agentflow.spec.cel.logic import every, way_of
from agentflow.spec.cel.references import Steps
from agentflow.spec.cel.syntax import Call
from agentflow.spec.cel.syntax import Path as PathExpr
from agentflow.spec.document import Path
from agentflow.spec.templates import Whole, parse_template, template_expressions
from agentflow.spec.yaml.nodes import Scalar


def counts_planned(context: Context, step: StepPlan, deed: StepPlan, path: Path) -> bool:
    """Does a text of a step count all items of a list, although some may be left out of the work?

    Not if the step reads as well what has been done.
    """
    assert context.plan is not None
    node = context.document.node(path)
    around = (context.plan.steps.get(at) for at in enclosing(deed.address))
    lists = [each for each in around if each is not None and leaves_out(each)]
    if not lists or path not in context.uses_within or not isinstance(node, Scalar):
        return False
    uses = [
        use for key in ("with", "human") for use in context.uses_within.get((*step.path, key), ())
    ]
    read = {use.target for use in uses}
    counted = set(_counted(node.text))
    return any(_over(each) in counted and each.address not in read for each in lists)


def takes_planned(
    context: Context, step: StepPlan, lists: Sequence[StepPlan]
) -> tuple[StepPlan, Use] | None:
    """Which step that may leave out part of a list goes over one that a step is given in full.

    Not if the step reads as well what has been done.
    """
    given = context.uses_within.get((*step.path, "with"), ())
    read = {use.target for use in given}
    if any(each.address in read or each.address in enclosing(step.address) for each in lists):
        return None
    for each in lists:
        for over in context.uses_within.get((*each.path, "for_each", "over"), ()):
            wanted = (over.target, over.reference.root, over.reference.path)
            length = len(over.reference.path)
            for use in given if _over(each) is not None else ():
                if (use.target, use.reference.root, use.reference.path[:length]) == wanted:
                    return each, use
    return None


def leaves_out(step: StepPlan) -> bool:
    """Does it go over a list, and continue after an item has failed?"""
    if step.for_each is None:
        return False
    passes = any(action.may_skip for action in step.catch.values())
    return passes or step.for_each.min_success is not None


def _over(step: StepPlan) -> tuple[str, Steps] | None:
    over = step.for_each.over if step.for_each is not None else None
    if not isinstance(over, Whole) or not isinstance(over.expr, PathExpr):
        return None
    return way_of(over.expr)


def _counted(text: str) -> Iterator[tuple[str, Steps]]:
    """The lists whose size a text states."""
    for _, _, expr in template_expressions(parse_template(text)):
        for part in every(expr):
            if (
                isinstance(part, Call)
                and part.function == "size"
                and isinstance(part.args[0], PathExpr)
            ):
                yield way_of(part.args[0])
