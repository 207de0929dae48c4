"""An expression reads a field that may be absent.

The contract of the producer has the field but does not require it, or only some cases of a switch
or some options of a contract have it, or the object that it is a field of may be null. On the day
it is missing, the expression has no value and the step fails: absence is never a value. Require the
field, or give an alternative with `default(...)`. A `default` in a contract is filled in for the
`inputs` of a pipeline, not for what an agent answers. Also reported: reading an item of one list by
the index of another (`inputs.amounts[index]`) if nothing says that the first is as long, and
looking up one of several texts in a map that lacks one of them:
`{"a": 1, "b": 2}[steps.x.output.kind]`.

Bad:

    agentflow: 1
    name: letters
    agents:
      classifier:
        kind: command
        argv: [./classify]
        effects: none
        input: {type: object}
        output:
          type: object
          additionalProperties: false
          required: [kind]
          properties: {kind: {type: string}, reason: {type: string}}
    steps:
      classify: {agent: classifier}
    outputs: {reason: "${{ steps.classify.output.reason }}"}

Says:

    16:24 'steps.classify.output.reason' may be absent: its contract does not require it

Good:

    agentflow: 1
    name: letters
    agents:
      classifier:
        kind: command
        argv: [./classify]
        effects: none
        input: {type: object}
        output:
          type: object
          additionalProperties: false
          required: [kind]
          properties: {kind: {type: string}, reason: {type: string}}
    steps:
      classify: {agent: classifier}
    outputs:
      kind: "${{ steps.classify.output.kind }}"
      reason: '${{ default(steps.classify.output.reason, "none given") }}'
"""

from collections.abc import Iterator

from agentflow.contracts.describe import path_text
from agentflow.findings import Finding, Severity
from agentflow.lint.doubts import Risk
from agentflow.lint.rule import Context, Family
from agentflow.lint.traces import Gap, Trace
from agentflow.lint.zipped import Zipped, zipped
from agentflow.plan import address
from agentflow.plan.loop_states import loop_around
from agentflow.plan.schemas import shortest_list
from agentflow.plan.shapes import drops_items
from agentflow.plan.steps import Plan
from agentflow.plan.uses import Use
from agentflow.spec.cel.logic import ReadPath, way_of
from agentflow.spec.cel.references import Steps
from agentflow.spec.wording import quoted

NAME = "maybe-absent"
FAMILY = Family.CONTRACT
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each unguarded reference with a part that some outputs, or some inputs, lack."""
    if context.plan is None:
        return
    for use in context.plan.uses:
        if use.reference.guarded:
            continue
        trace = context.traces.of_use(use)
        gaps = [
            gap
            for gap in trace.gaps
            if _counts(gap, trace) and (not gap.case or context.guards.may_be_case(use, gap.case))
        ]
        if use.reference.root == "loop":
            # What has not been set at all yet is named by a rule of its own.
            gaps = [gap for gap in gaps if gap.at > 1]
        if gaps:
            yield from _unproven(context, context.plan, use, gaps)
    for _, shown, location in context.doubts_of(Risk.ABSENT):
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{quoted(shown)} may be absent: its contract does not require it",
            location=location,
            help=f"write default({shown}, VALUE), or ask has({shown}) first",
        )
    for doubt, shown, location in context.doubts_of(Risk.KEY):
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{quoted(shown)} may be {doubt.may_be}, and the map has no such key",
            location=location,
            help="give the map a key for each value, or write default({…}[…], VALUE)",
        )
    for pair in zipped(context):
        yield from _shorter(context, context.plan, pair)


def _counts(gap: Gap, trace: Trace) -> bool:
    """Is this more than a field that does not exist at all, which another rule reports?"""
    return gap.lack == "optional" or (gap.lack in ("never", "fewer") and not trace.leads_nowhere)


def _unproven(context: Context, plan: Plan, use: Use, gaps: list[Gap]) -> Iterator[Finding]:
    root, path = use.reference.root, use.reference.path
    known = context.guards.at(use)
    # A condition on what is read may well tell the cases apart, and so may what the step asserts.
    start = path_text((root, *map(str, path[: 1 if root == "steps" else 0])))
    asserting = use.target is not None and bool(plan.steps[use.target].asserts)
    for gap in gaps:
        missing = path[: gap.at + 1]
        either = gap.what if gap.lack == "optional" else ""
        is_item = gap.lack == "fewer"
        others = known.apart_from_size(_shown(root, missing[:-1])) if is_item else known
        spoken_of = asserting or others.speaks_of(start) or others.compares(start)
        depends = bool(gap.case or either or is_item)
        if known.instead or known.exists(root, missing) or (depends and spoken_of):
            continue
        if is_item and (_is_of_items(context, plan, use, missing) or not context.reads_all_known):
            continue
        if is_item and _is_after_all_rounds(plan, use, missing):
            continue
        shown = _shown(root, missing)
        why, mend = "its contract does not require it", "require the field in the contract"
        if either:
            why = f"{quoted(_shown(root, path[: gap.at]))} may be {either}"
            mend = "compare that with null in 'when' or before '?'"
        elif is_item and not gap.case:
            holder = _shown(root, path[: gap.at])
            why = f"{quoted(holder)} may have fewer items"
            step = plan.steps.get(use.target or "")
            made = step is not None and drops_items(step) and path[1:2] == ("output",)
            demand = "'min_success' of the step" if made else "'minItems' in its contract"
            mend = f"demand {demand}, or ask for size({holder}) before"
        elif root == "loop" and not gap.case:
            holder = quoted(_shown(root, path[: gap.at]))
            why, mend = (
                f"'state' and 'next' do not give {holder} the same fields",
                "give both of it",
            )
        elif gap.case:
            why, mend = f"{gap.case} does not give it", "give it in every case"
        advice = f"write default({shown}, VALUE), or {mend}"
        if gap.case and gap.what not in ("", "empty"):
            # A default would take the place of all that this case gives.
            why = f"{gap.case} gives {gap.what}"
            advice = "hand on the same fields in every case"
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{quoted(shown)} may be absent: {why}",
            location=context.document.in_string(use.path, use.start, use.end),
            help=advice,
        )
        return


def _is_after_all_rounds(plan: Plan, use: Use, missing: Steps) -> bool:
    """Is it an item of a state that each round of a loop may add to, read after the loop?"""
    step = loop_around(plan, use.reader) or plan.steps.get(use.reader)
    if use.reference.root != "loop" or step is None or step.loop is None:
        return False
    exhausted = use.path[len(step.path) :][:2] == ("catch", "exhausted")
    return exhausted and isinstance(missing[-1], int) and missing[-1] < step.loop.max - 1


def _shorter(context: Context, plan: Plan, each: Zipped) -> Iterator[Finding]:
    """A list that is read by another's indexes, unless its length has been looked at."""
    use = each.use
    known, producer = context.guards.at(use), plan.steps.get(use.target or "")
    items, over = (path_text(_whole(way_of(path))) for path in (each.items, each.over))
    if known.compares(items) or (producer and producer.asserts):
        return
    yield Finding(
        rule=NAME,
        severity=SEVERITY,
        message=f"{quoted(f'{items}[index]')} may be absent: {quoted(items)} may have fewer items"
        f" than {quoted(over)}",
        location=context.document.in_string(use.path, use.start, use.end),
        help=f"go over one list whose items have both, or compare size({items}) with"
        f" size({over}) in 'when'",
    )


def _whole(found: ReadPath) -> tuple[str, ...]:
    root, way = found
    return root, *(str(part) for part in way)


def _is_of_items(context: Context, plan: Plan, use: Use, missing: Steps) -> bool:
    """Is it an item of what a `for_each` makes, of which there are as many as it goes over?

    Where some may be left out, `shifted-items` tells of all but the first.
    """
    step = plan.steps.get(use.target or "")
    if step is None or step.for_each is None or len(missing) != 3:
        return False
    place = address.parent(step.address) or ""
    number = missing[-1]
    assert isinstance(number, int)
    least, there = (
        step.for_each.min_success,
        shortest_list(context.types.of(step.for_each.over, place)),
    )
    if drops_items(step):
        return number > 0 or (bool(least) and (isinstance(least, int) or there > 0))
    return there > number


def _shown(root: str, path: Steps) -> str:
    return path_text((root, *(part for part in path if part is not None)))
