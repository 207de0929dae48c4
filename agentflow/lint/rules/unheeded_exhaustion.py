"""A loop that has given up is treated the same as one that succeeded.

When a loop has used all its iterations, a `catch` may put something in the place of its output, and
a field in it can say that this was the case. If the field is the same after a success, or if nobody
reads it, something that was never found good is saved, sent or paid like the rest. The same goes
for a field that is only passed on, if its name is that of a success and nothing else tells the two
apart. If a loop ends when there are no remarks, and also gives none when it has given up, this is
advice.

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
        output: {type: object, required: [valid], properties: {valid: {type: boolean}}}
      sender:
        kind: command
        argv: [./send]
        effects: write
        input: {type: object}
        output: {type: object}
    steps:
      refine:
        loop:
          max: 3
          until: steps.check.output.valid
          state: {text: ""}
          next: {text: "${{ steps.write.output }}"}
          steps:
            write: {agent: writer, with: {request: "${{ inputs.request }}", last: "${{ loop.state.text }}"}}
            check: {agent: checker, with: {text: "${{ steps.write.output }}"}}
          output: {valid: true, text: "${{ steps.write.output }}"}
        catch: {exhausted: {use: {valid: true, text: "${{ steps.write.output }}"}}}
      send:
        when: steps.refine.output.valid
        agent: sender
        with: {text: "${{ steps.refine.output.text }}"}
    outputs: {sent: "${{ has(steps.send.output) }}"}

Says:

    34:38 'valid' is true when 'refine' has given up as well, so 'send' goes ahead either way

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
        output: {type: object, required: [valid], properties: {valid: {type: boolean}}}
      sender:
        kind: command
        argv: [./send]
        effects: write
        input: {type: object}
        output: {type: object}
    steps:
      refine:
        loop:
          max: 3
          until: steps.check.output.valid
          state: {text: ""}
          next: {text: "${{ steps.write.output }}"}
          steps:
            write: {agent: writer, with: {request: "${{ inputs.request }}", last: "${{ loop.state.text }}"}}
            check: {agent: checker, with: {text: "${{ steps.write.output }}"}}
          output: {valid: true, text: "${{ steps.write.output }}"}
        catch: {exhausted: {use: {valid: false, text: "${{ steps.write.output }}"}}}
      send:
        when: steps.refine.output.valid
        agent: sender
        with: {text: "${{ steps.refine.output.text }}"}
    outputs: {sent: "${{ has(steps.send.output) }}"}
"""

from collections.abc import Iterator, Mapping, Sequence

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.checkpoints import gate_before
from agentflow.lint.loops import Round
from agentflow.lint.origins import origins
from agentflow.lint.rule import Context, Family
from agentflow.lint.words_of_consent import says_success
from agentflow.plan.calls import calls_of
from agentflow.plan.loop_states import entries
from agentflow.plan.steps import Plan, StepPlan
from agentflow.plan.uses import Use
from agentflow.spec.cel.syntax import Binary, Call, ListLiteral, Literal
from agentflow.spec.document import Path
from agentflow.spec.model import Effects
from agentflow.spec.templates import Constant, Template
from agentflow.spec.wording import quoted

NAME = "unheeded-exhaustion"
FAMILY = Family.BOUND
SEVERITY = Severity.WARNING

_HARMLESS = (Effects.NONE, Effects.READ)


def check(context: Context) -> Iterator[Finding]:
    """Each field that is to say whether a loop got there, and does not, or is read by nobody."""
    plan = context.plan
    if plan is None or not context.reads_all_known:
        return
    for each in context.loops:
        step, key = each.step, next((k for k in ("exhausted", "any") if k in each.step.catch), None)
        if key is None or each.body.output is None:
            continue
        value = step.catch[key].value
        instead = entries(value) if value is not None else {}
        reads = context.uses_of.get(step.address, ())
        alike = each.body.output == value and _ends_with_none(each)
        for name, said in entries(each.body.output).items():
            other = instead.get(name)
            if alike and said == Constant([]) and _may_be_read(step, name, reads):
                yield _none_either_way(context, step, (*step.path, "catch", key, "use", name))
            if said != Constant(True) or other not in (Constant(True), Constant(False)):
                continue
            path = (*step.path, "catch", key, "use", name)
            if other == said:
                told = says_success(name) and not _differ(context, each, instead)
                yield from _the_same(context, plan, step, path, reads, told=told)
            else:
                yield from _unread(context, plan, step, path, reads)


def _ends_with_none(each: Round) -> bool:
    """Does a loop end when there is nothing left in a list?"""
    match each.loop.until:
        case Binary("==", Call("size", (_,)), Literal(0)) | Binary("==", _, ListLiteral(())):
            return True
    return False


def _may_be_read(step: StepPlan, name: str, reads: Sequence[Use]) -> bool:
    """Does anybody read a field of what a loop gives, or the whole, in which it is?"""
    way = 3 if step.for_each is not None else 2
    return any(use.reference.path[way : way + 1] in ((), (name,)) for use in reads)


def _none_either_way(context: Context, step: StepPlan, path: Path) -> Finding:
    return Finding(
        rule=NAME,
        severity=Severity.ADVICE,
        message=f"{quoted(str(path[-1]))} is empty when {quoted(step.id)} has given up as well,"
        " so nobody can tell the two apart",
        location=context.document.locate(path),
        help="give what was left when it gave up, or let the loop fail",
    )


def _differ(context: Context, each: Round, instead: Mapping[str, Template]) -> bool:
    """Does any field tell whether a loop got there: one written otherwise, or what `until` asks for?"""
    assert each.body.output is not None
    asked = origins(context, (*each.body.path, "until"))
    for name, said in entries(each.body.output).items():
        other = instead.get(name)
        if isinstance(said, Constant) and isinstance(other, Constant) and said != other:
            return True
        given = origins(context, (*each.body.path, "output", name))
        if any(one.overlaps(another) for one in given for another in asked):
            return True
    return False


def _the_same(
    context: Context, plan: Plan, step: StepPlan, path: Path, reads: Sequence[Use], *, told: bool
) -> Iterator[Finding]:
    """A flag that is up either way, and that some condition goes by, or that is `told` to others."""
    name = str(path[-1])
    readers = [use for use in reads if use.reference.path[2:] == (name,)]
    going = next((use for use in readers if use.path[-1] == "when"), None)
    handed = next((use for use in readers if "with" in use.path or use.path[0] == "outputs"), None)
    use = going or (handed if told else None)
    if use is None:
        return
    reader = plan.steps.get(use.reader)
    if use is going and reader is not None:
        what, how = (
            f"{quoted(reader.id)} goes ahead either way",
            "the condition that reads it is here",
        )
    else:
        told_to = quoted(reader.id) if reader is not None else "who reads the outputs"
        what, how = f"{told_to} cannot tell the two apart", "it is handed on here"
    yield Finding(
        rule=NAME,
        severity=SEVERITY,
        message=f"{quoted(name)} is true when {quoted(step.id)} has given up as well, so {what}",
        location=context.document.locate(path),
        help="write 'false', or let the loop fail",
        related=(Related(how, context.document.locate(use.path)),),
    )


def _unread(
    context: Context, plan: Plan, step: StepPlan, path: Path, reads: Sequence[Use]
) -> Iterator[Finding]:
    """A flag that nobody reads, where an effect is given the rest."""
    name = str(path[-1])
    if any(use.reference.path[2:3] in ((), (name,)) for use in reads):
        return
    readers = (plan.steps.get(use.reader) for use in reads if "with" in use.path)
    for reader in readers:
        acts = reader is not None and any(
            call.effects not in _HARMLESS for call in calls_of(reader)
        )
        if reader is not None and acts and gate_before(context, reader) is None:
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{quoted(reader.id)} goes ahead when {quoted(step.id)} has given up as well:"
                f" nobody reads {quoted(name)}, which tells the two apart",
                location=context.document.locate(path),
                help=f"write 'when: steps.{step.id}.output.{name}' on what may only follow a success",
                related=(
                    Related("this step goes ahead", context.document.locate_key(reader.path)),
                ),
            )
            return
