"""A loop discards what its iterations produce.

Each iteration improves something and passes it on in `next`. If no step, no condition and no output
reads it from there, the next iteration starts from the original again, and the original is what
everybody gets in the end. The same is reported if the output gives the original, if nobody reads
that part of the output, and if what acts after the loop is given the original.

Bad:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [body]
      properties: {body: {type: string}}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
      judge:
        kind: command
        argv: [./judge]
        effects: none
        input: {type: object}
        output:
          type: object
          additionalProperties: false
          required: [verdict]
          properties: {verdict: {enum: [good, poor]}}
    steps:
      refine:
        loop:
          max: 3
          state: {text: "${{ inputs.body }}"}
          until: steps.check.output.verdict == "good"
          next: {text: "${{ steps.write.output }}"}
          steps:
            write: {agent: writer, with: {text: "${{ inputs.body }}", round: "${{ loop.index }}"}}
            check: {agent: judge, with: {text: "${{ steps.write.output }}"}}
          output: "${{ inputs.body }}"
    outputs: {letter: "${{ steps.refine.output }}"}

Says:

    31:14 nobody reads 'loop.state.text', so what an iteration makes of it is lost
    35:20 the loop gives 'inputs.body' as it was, and nothing of what it made of it

Good:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [body]
      properties: {body: {type: string}}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
      judge:
        kind: command
        argv: [./judge]
        effects: none
        input: {type: object}
        output:
          type: object
          additionalProperties: false
          required: [verdict]
          properties: {verdict: {enum: [good, poor]}}
    steps:
      refine:
        loop:
          max: 3
          state: {text: "${{ inputs.body }}"}
          until: steps.check.output.verdict == "good"
          next: {text: "${{ steps.write.output }}"}
          steps:
            write: {agent: writer, with: {text: "${{ loop.state.text }}", round: "${{ loop.index }}"}}
            check: {agent: judge, with: {text: "${{ steps.write.output }}"}}
          output: "${{ steps.write.output }}"
    outputs: {letter: "${{ steps.refine.output }}"}
"""

from collections.abc import Iterator

from msgspec import Struct

from agentflow.contracts.describe import path_text
from agentflow.contracts.shape import types_of
from agentflow.findings import Finding, Related, Severity
from agentflow.lint.loops import Round, lost_fields, reads_field
from agentflow.lint.origins import Origin, origins_of, within
from agentflow.lint.rule import Context, Family
from agentflow.plan import address
from agentflow.plan.calls import calls_of
from agentflow.plan.loop_states import entries
from agentflow.plan.steps import Plan, StepPlan
from agentflow.plan.uses import Use
from agentflow.spec.cel.references import Steps
from agentflow.spec.model import Effects
from agentflow.spec.wording import quoted

NAME = "lost-refinement"
FAMILY = Family.BOUND
SEVERITY = Severity.WARNING

#: Of more steps that wait for a loop, none is looked at.
_MOST_AFTER = 50


def check(context: Context) -> Iterator[Finding]:
    """Each field of `next` that nobody reads, and each output that is the original again."""
    if context.plan is None:
        return
    for each in context.loops:
        if _is_misread(context, each):
            continue  # what cannot be read may be what reads it
        for name in lost_fields(each):
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"nobody reads {quoted(f'loop.state.{name}')}, "
                "so what an iteration makes of it is lost",
                location=context.document.locate_key((*each.body.path, "next", name)),
                help="read it in a step, in 'until' or in 'output', or take it out",
            )
        for name in sorted(each.changing):
            refined = _refined(context, each, name)
            yield from _original(context, each, refined)
            yield from _unread(context, each, refined)
            yield from _passed_by(context, each, refined)


def _is_misread(context: Context, each: Round) -> bool:
    """Is there anything in the loop of which it is not known what it reads?"""
    body = context.document.node(each.body.path)
    return body is not None and any(
        body.line <= place.span.line <= body.end_line and place.file == context.document.file
        for place in context.misread
    )


class _Refined(Struct, frozen=True):
    """A field of the state: what it begins with, and what iterations make of it."""

    name: str
    begun: frozenset[tuple[str, Steps]]
    made: tuple[Origin, ...]


def _refined(context: Context, each: Round, name: str) -> _Refined:
    begun = within(context, (*each.body.path, "state", name))
    made = origins_of(context, within(context, (*each.body.path, "next", name)))
    return _Refined(
        name,
        frozenset(_way(use) for use in begun),
        tuple(part for part in made if part.step),
    )


def _is_of(context: Context, each: Round, use: Use, refined: _Refined) -> bool:
    """Does a reference read the field, or what an iteration makes of it?"""
    if use in each.own:
        return reads_field(use, refined.name) or each.misnames(use)
    read = origins_of(context, (use,)) if each.is_inside(use) else ()
    return any(part.overlaps(made) for part in read for made in refined.made)


def _original(context: Context, each: Round, refined: _Refined) -> Iterator[Finding]:
    """Does the output repeat the initial value, with only verdicts on what the loop made of it?"""
    if each.body.output is None:
        return
    keys = entries(each.body.output)
    places = [((*each.body.path, "output", key), value) for key, value in keys.items()]
    places = places or [((*each.body.path, "output"), each.body.output)]
    again: list[Use] = []
    for path, value in places:
        uses = within(context, path)
        if any(_is_of(context, each, use, refined) for use in uses):
            return
        if any(use in each.own or each.is_inside(use) for use in uses):
            kinds = types_of(context.types.of(value, each.body.address), True)
            if not kinds or not kinds <= {"boolean", "integer", "number"}:
                return
        again += [use for use in uses if _way(use) in refined.begun]
    for use in again:
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"the loop gives {_shown(use)} as it was, and nothing of what it made of it",
            location=context.document.in_string(use.path, use.start, use.end),
            help="read a step of the last iteration, or 'loop.state'",
        )


def _unread(context: Context, each: Round, refined: _Refined) -> Iterator[Finding]:
    """A part of the output that nobody reads, if no other part has what the loop made of it."""
    read = context.uses_of.get(each.step.address, ())
    if each.step.for_each is not None or not read or not context.reads_all_known:
        return
    parts = [
        key
        for key in (entries(each.body.output) if each.body.output is not None else ())
        if any(
            _is_of(context, each, use, refined)
            for use in within(context, (*each.body.path, "output", key))
        )
    ]
    taken = {use.reference.path[2] if len(use.reference.path) > 2 else None for use in read}
    if len(parts) == 1 and refined.begun and not taken & {parts[0], None}:
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"nobody reads {quoted(parts[0])}, which {quoted(each.step.id)} gives,"
            " so what it makes of it is lost",
            location=context.document.locate_key((*each.body.path, "output", parts[0])),
            help=f"read 'steps.{each.step.id}.output.{parts[0]}' where it goes on, or take the loop out",
        )


def _passed_by(context: Context, each: Round, refined: _Refined) -> Iterator[Finding]:
    """What waits for the loop and acts on what that began with, and on nothing of what it gives."""
    assert context.plan is not None
    for step in _after(context.plan, each.step) if refined.made else ():
        if not any(call.effects not in (Effects.NONE, Effects.READ) for call in calls_of(step)):
            continue
        given = within(context, (*step.path, "with"))
        old = [use for use in given if use.target is not None and _way(use) in refined.begun]
        if old and not any(use.target == each.step.address for use in given):
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{quoted(step.id)} is given {_shown(old[0])} as it was before"
                f" {quoted(each.step.id)}, and nothing of what that made of it",
                location=context.document.in_string(old[0].path, old[0].start, old[0].end),
                help=f"read 'steps.{each.step.id}.output'",
                related=(Related("the loop is here", context.document.locate_key(each.step.path)),),
            )


def _after(plan: Plan, first: StepPlan) -> list[StepPlan]:
    """The nearest steps of the same scope that wait for a step, directly or by way of others."""
    scope = address.parent(first.address) or ""
    found: dict[str, StepPlan] = {}
    pending = list(first.downstream)
    while pending and len(found) < _MOST_AFTER:
        name = pending.pop(0)
        if name not in found:
            found[name] = plan.steps[address.child(scope, name)]
            pending.extend(found[name].downstream)
    return list(found.values())


def _way(use: Use) -> tuple[str, Steps]:
    return use.reference.root, use.reference.path


def _shown(use: Use) -> str:
    way = (part for part in use.reference.path if part is not None)
    return quoted(path_text((use.reference.root, *way)))
