"""Where a spec and the receipt of its drill disagree, and where to report that."""

from collections.abc import Iterator

from agentflow.drill.receipt import Discrepancy, compare, held
from agentflow.findings import Location
from agentflow.lint.rule import Context


def discrepancies(context: Context) -> Iterator[Discrepancy]:
    """All discrepancies; none if drills are not checked, or there is no receipt."""
    if context.drilled is None or context.drilled.receipt is None or context.plan is None:
        return
    yield from compare(context.plan, context.drilled.receipt)


def asked_in_drills(context: Context) -> set[str]:
    """The escalations whose people answered in the drill, if one is checked."""
    if context.drilled is None or context.drilled.receipt is None or context.plan is None:
        return set()
    claims = held(context.plan, context.drilled.receipt)
    return {
        claim.escalation.name for claim in claims if claim.escalation and claim.what == "answer"
    }


def place_of(context: Context, found: Discrepancy) -> Location:
    """Where to point: at the claim or the step, or at the step that runs its pipeline."""
    assert context.plan is not None
    file, _, inner = found.step.rpartition("#")
    if file and "[" not in file:
        for at, child in context.plan.children.items():
            if child.file == file and at in context.plan.steps:
                return context.document.locate((*context.plan.steps[at].path, "pipeline"))
        return context.document.locate(("name",))
    if found.claim is not None:
        return context.document.locate_key(found.claim.path)
    step = context.plan.steps.get(inner)
    return context.document.locate_key(step.path) if step else context.document.locate(("name",))
