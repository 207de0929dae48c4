"""A loop returns another version than the one that was checked.

Each iteration makes a version and has one checked, and the loop ends when the check is satisfied.
If the check looks at what the previous iteration passed on, but the output is what this iteration
made, the result is a version that nobody has checked; the other way round, it is the one that was
found wanting. Return what the check was given. A check is satisfied by a field such as `valid`, or
if there is nothing in one such as `remarks`.

Bad:

    agentflow: 1
    name: letters
    inputs: {type: object, required: [request], properties: {request: {type: string}}}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
      checker:
        kind: command
        argv: [./check]
        effects: none
        input: {type: object}
        output:
          type: object
          additionalProperties: false
          required: [valid, remarks]
          properties: {valid: {type: boolean}, remarks: {type: string}}
    steps:
      draft: {agent: writer, with: {request: "${{ inputs.request }}"}}
      refine:
        loop:
          max: 3
          state: {text: "${{ steps.draft.output }}"}
          until: steps.check.output.valid
          next: {text: "${{ steps.rewrite.output }}"}
          steps:
            check: {agent: checker, with: {text: "${{ loop.state.text }}"}}
            rewrite:
              agent: writer
              with: {text: "${{ loop.state.text }}", remarks: "${{ steps.check.output.remarks }}"}
          output: "${{ steps.rewrite.output }}"
        catch: {exhausted: fail}
    outputs: {letter: "${{ steps.refine.output }}"}

Says:

    34:20 the loop ends when 'check' is content with 'loop.state.text', and gives what 'rewrite' has made of it, which nobody has checked

Good:

    agentflow: 1
    name: letters
    inputs: {type: object, required: [request], properties: {request: {type: string}}}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
      checker:
        kind: command
        argv: [./check]
        effects: none
        input: {type: object}
        output:
          type: object
          additionalProperties: false
          required: [valid, remarks]
          properties: {valid: {type: boolean}, remarks: {type: string}}
    steps:
      draft: {agent: writer, with: {request: "${{ inputs.request }}"}}
      refine:
        loop:
          max: 3
          state: {text: "${{ steps.draft.output }}"}
          until: steps.check.output.valid
          next: {text: "${{ steps.rewrite.output }}"}
          steps:
            check: {agent: checker, with: {text: "${{ loop.state.text }}"}}
            rewrite:
              agent: writer
              with: {text: "${{ loop.state.text }}", remarks: "${{ steps.check.output.remarks }}"}
          output: "${{ loop.state.text }}"
        catch: {exhausted: fail}
    outputs: {letter: "${{ steps.refine.output }}"}
"""

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from agentflow.contracts.describe import path_text
from agentflow.findings import Finding, Related, Severity
from agentflow.lint.loops import Round
from agentflow.lint.origins import Origin, origins_of, shown_by, within
from agentflow.lint.rule import Context, Family
from agentflow.plan.loop_states import entries
from agentflow.plan.scopes import step_in_reach
from agentflow.plan.steps import Plan, StepPlan
from agentflow.plan.uses import Use
from agentflow.spec.cel.logic import paths_in, way_of
from agentflow.spec.cel.syntax import (
    Binary,
    Call,
    Expr,
    Identifier,
    ListLiteral,
    Literal,
    Select,
    spine,
)
from agentflow.spec.templates import Whole
from agentflow.spec.wording import quoted

NAME = "unchecked-version"
FAMILY = Family.BOUND
SEVERITY = Severity.WARNING

#: Fields that say of a version whether it is good. That a task is done is another matter: its last
#: part may be to do.
_VERDICT = re.compile(
    r"(?:^|_)(?:accept|acceptable|accepted|approve|approved|assessment|clean|correct|evaluation|good|grade|ok|okay"
    r"|pass|passed|passes|quality|rating|satisfactory|satisfied|score|valid|verdict|verified)$"
)

#: Fields that say what is wrong with a version. What is still missing may be found in the last round.
_COMPLAINT = re.compile(
    r"(?:^|_)(?:complaints|defects|errors|faults|issues|mistakes|objections|problems|remarks|violations)$"
)


class _Check(Struct, frozen=True):
    """A step whose verdict ends a loop, and what it was given: of the state, and of this round."""

    step: StepPlan
    state: frozenset[str]
    made: tuple[Origin, ...]


def check(context: Context) -> Iterator[Finding]:
    """Each loop whose output is another version, earlier or later, than the one its check saw."""
    plan = context.plan
    if plan is None or not context.reads_all_known:
        return
    for each in context.loops:
        found = _check_of(context, plan, each)
        if found is None:
            continue
        versions = _versions(context, each)
        for use in each.uses:
            if each.part(use) == "output":
                yield from _unchecked(context, plan, each, use, found, versions)


def _check_of(context: Context, plan: Plan, each: Round) -> _Check | None:
    """The step whose content alone ends a loop."""
    until = each.loop.until
    path = _verdict(until) if until is not None else None
    if path is None:
        return None
    root, way = way_of(path)
    step = step_in_reach(plan, str(way[0]), each.body.address) if root == "steps" else None
    if step is None or (step.call is None and step.question is None) or step.for_each is not None:
        return None
    read = [*within(context, (*step.path, "with")), *within(context, (*step.path, "human", "ask"))]
    state = {
        str(use.reference.path[1]) if len(use.reference.path) > 1 else ""
        for use in read
        if use.reference.root == "loop" and use.reference.path[:1] == ("state",)
    }
    made = shown_by(context, step) if step.question is not None else origins_of(context, read)
    return _Check(step, frozenset(state), tuple(part for part in made if part.step))


def _verdict(until: Expr) -> Expr | None:
    """The only path in a condition that comes true when it says that something is good."""
    wanted = _VERDICT
    match until:
        case Binary("==", Call("size", (path,)), Literal(0)) | Binary("==", path, ListLiteral(())):
            wanted = _COMPLAINT
        case Binary("==" | ">" | ">=", path, Literal(value)) if value is not False:
            pass
        case _:
            path = until
    if not isinstance(path, Select) or not isinstance(spine(path)[-1], Identifier):
        return None
    only = paths_in(until) == [path]
    return path if only and wanted.search(path.field) else None


def _versions(context: Context, each: Round) -> Mapping[str, Origin]:
    """The state's fields that take what a step has made and nothing else, each with that."""
    found: dict[str, Origin] = {}
    for name, template in entries(each.loop.next).items():
        uses = within(context, (*each.body.path, "next", name))
        made = [part for part in origins_of(context, uses) if part.step]
        is_plain = isinstance(template, Whole) and isinstance(template.expr, Select)
        if is_plain and len(made) == 1:
            found[name] = made[0]
    return found


def _is_read(context: Context, each: Round, made: Origin) -> bool:
    """Does a step of the same round look at what another has made, or act only at times?"""
    assert context.plan is not None
    read = (use for use in each.uses if each.part(use) == "steps")
    step = context.plan.steps[made.step]
    return step.when is not None or any(map(made.overlaps, origins_of(context, read)))


def _unchecked(
    context: Context,
    plan: Plan,
    each: Round,
    use: Use,
    found: _Check,
    versions: Mapping[str, Origin],
) -> Iterator[Finding]:
    """An output that is another version than the one that the check was given."""
    for name, made in versions.items():
        step, state = plan.steps[made.step], f"loop.state.{name}"
        new = any(made.overlaps(part) for part in found.made)
        old = name in found.state
        if old == new or "" in found.state or step.address == found.step.address:
            continue  # it compares both, is given neither, or makes the next version itself
        if old and made in origins_of(context, (use,)) and not _is_read(context, each, made):
            said = f"{quoted(state)}, and gives what {quoted(step.id)} has made of it,"
            said, advice = f"{said} which nobody has checked", f"give {quoted(state)}"
            if found.step.id not in step.upstream:
                advice = f"let {quoted(found.step.id)} look at {quoted(_output_of(step, made))}, or {advice}"
        elif new and use.reference.root == "loop" and use.reference.path[:2] == ("state", name):
            said = f"what {quoted(step.id)} has made, and gives the version before that"
            advice = f"give {quoted(_output_of(step, made))}"
        else:
            continue
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"the loop ends when {quoted(found.step.id)} is content with {said}",
            location=context.document.in_string(use.path, use.start, use.end),
            help=f"{advice}, which the check was given",
            related=(Related("the check is here", context.document.locate_key(found.step.path)),),
        )
        return


def _output_of(step: StepPlan, made: Origin) -> str:
    return path_text(("steps", step.id, "output", *map(str, made.way)))
