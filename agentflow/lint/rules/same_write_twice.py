"""Two steps do the same write: same agent, same input, same condition.

Usually a step was copied and not changed: the copy was meant for other cases, which now nobody
handles, and its write happens twice. Change its input or condition, or take it out. Without a
condition this is advice: two identical writes may be intended. Not reported if later steps use the
result of each, or if one waits for more than the other, such as for what changes in between.

Bad:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [kind, text]
      properties: {kind: {enum: [bill, praise]}, text: {type: string, maxLength: 2000}}
    agents:
      filer: {kind: command, argv: [./file], effects: write, input: {type: object}, output: {type: string}}
    steps:
      file_bill: {when: inputs.kind == "bill", agent: filer, with: {text: "${{ inputs.text }}"}}
      file_praise: {when: inputs.kind == "bill", agent: filer, with: {text: "${{ inputs.text }}"}}

Says:

    12:3 'file_praise' writes what 'file_bill' writes, under the same condition

Good:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [kind, text]
      properties: {kind: {enum: [bill, praise]}, text: {type: string, maxLength: 2000}}
    agents:
      filer: {kind: command, argv: [./file], effects: write, input: {type: object}, output: {type: string}}
    steps:
      file_bill: {when: inputs.kind == "bill", agent: filer, with: {text: "${{ inputs.text }}"}}
      file_praise: {when: inputs.kind == "praise", agent: filer, with: {text: "${{ inputs.text }}"}}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.conditions import facts
from agentflow.lint.rule import Context, Family
from agentflow.plan import address
from agentflow.plan.steps import CallPlan, StepPlan
from agentflow.spec.model import Effects
from agentflow.spec.templates import template_expressions
from agentflow.spec.wording import quoted

NAME = "same-write-twice"
FAMILY = Family.EFFECT
SEVERITY = Severity.WARNING

_WRITES = (Effects.WRITE, Effects.IRREVERSIBLE)


def check(context: Context) -> Iterator[Finding]:
    """Each write that another step beside it makes too, and not by the same key."""
    if context.plan is None or not context.reads_all_known:
        return
    first: dict[object, StepPlan] = {}
    for step in context.plan.steps.values():
        call = step.call
        if call is None or step.dispatch is not None or step.for_each is not None:
            continue
        if call.effects not in _WRITES or not any(template_expressions(call.arguments)):
            continue  # what is given nothing of the run is told to do the next thing, again and again
        other = first.setdefault(_what_is_written(step, call), step)
        if other is step or not _is_the_same(other, step):
            continue
        if step.when is None and _goes_on_with(context, other) and _goes_on_with(context, step):
            continue
        so = ", under the same condition" if step.when is not None else ""
        yield Finding(
            rule=NAME,
            severity=SEVERITY if step.when is not None else Severity.ADVICE,
            message=f"{quoted(step.id)} writes what {quoted(other.id)} writes{so}",
            location=context.document.locate_key(step.path),
            help="ask for the other case in 'when', hand it something else, or take it out",
            related=(Related("the other step is here", context.document.locate_key(other.path)),),
        )


def _what_is_written(step: StepPlan, call: CallPlan) -> object:
    when = frozenset(facts(step.when, step.when_text, True)) if step.when is not None else None
    return address.parent(step.address), call.agent, repr(call.arguments), when


def _is_the_same(one: StepPlan, other: StepPlan) -> bool:
    """Do two steps wait for the same, and have keys of their own?"""
    assert one.call is not None
    assert other.call is not None
    waits = {*one.upstream, *other.upstream} - {one.id, other.id}
    both = waits.intersection(one.upstream) == waits == waits.intersection(other.upstream)
    return both and (one.call.key is None or one.call.key != other.call.key)


def _goes_on_with(context: Context, step: StepPlan) -> bool:
    """Does another step read what a step has made?"""
    assert context.plan is not None
    return any(use.target == step.address and use.reader for use in context.plan.uses)
