"""Consecutive calls of the same model have nothing in between.

Only the second call uses the answer of the first, no check stands between them, and no tool, other
model or item distinguishes them. Each call is paid for with the whole text again, and each can
fail; one call with both tasks in its instructions does the same. If there is a reason for two, give
it in `why_multi_agent`, or declare `pattern: chain`.

Bad:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [topic]
      properties: {topic: {type: string, maxLength: 400}}
    agents:
      outliner:
        kind: llm
        model: openai/gpt-5-mini
        instructions: Outline a letter about it.
        input: {type: object, required: [topic], properties: {topic: {type: string, maxLength: 400}}}
        output: {type: string, maxLength: 2000}
      writer:
        kind: llm
        model: openai/gpt-5-mini
        instructions: Write the letter by the outline.
        input: {type: object, required: [outline], properties: {outline: {type: string, maxLength: 2000}}}
        output: {type: string, maxLength: 4000}
    steps:
      outline: {agent: outliner, with: {topic: "${{ inputs.topic }}"}}
      write: {agent: writer, with: {outline: "${{ steps.outline.output }}"}}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    23:3 'outline' and 'write' could be one call: one model is asked after the other, and nobody else reads what is in between

Good:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [topic]
      properties: {topic: {type: string, maxLength: 400}}
    agents:
      writer:
        kind: llm
        model: openai/gpt-5-mini
        instructions: Outline a letter about it for yourself, and then write it.
        input: {type: object, required: [topic], properties: {topic: {type: string, maxLength: 400}}}
        output: {type: string, maxLength: 4000}
    steps:
      write: {agent: writer, with: {topic: "${{ inputs.topic }}"}}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Collection, Iterator, Mapping

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.concurrency import scopes
from agentflow.lint.rule import Context, Family
from agentflow.plan.steps import Plan, ScopePlan, StepPlan
from agentflow.spec.model import Model
from agentflow.spec.wording import quoted

NAME = "one-call-would-do"
FAMILY = Family.ECONOMY
SEVERITY = Severity.ADVICE


def check(context: Context) -> Iterator[Finding]:
    """Each chain of calls that could be one, at its second step."""
    plan = context.plan
    if plan is None or not context.reads_all_known:
        return
    pipeline = plan.pipeline
    if pipeline.why_multi_agent is not None or pipeline.pattern == "chain":
        return
    readers = _readers(plan)
    for scope in scopes(plan):
        for chain in _chains(scope, readers, pipeline.models):
            names = [quoted(step.id) for step in chain]
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{', '.join(names[:-1])} and {names[-1]} could be one call: one model is asked"
                " after the other, and nobody else reads what is in between",
                location=context.document.locate_key(chain[1].path),
                help="put the tasks into the instructions of one agent, or say in 'why_multi_agent'"
                " what several are for",
                related=(
                    Related(
                        "the first of these calls is here",
                        context.document.locate_key(chain[0].path),
                    ),
                ),
            )


def _readers(plan: Plan) -> Mapping[str, set[str]]:
    """Who reads each step, by address; `""` is the pipeline's outputs."""
    found: dict[str, set[str]] = {}
    for use in plan.uses:
        if use.target is not None:
            found.setdefault(use.target, set()).add(use.reader)
    return found


def _chains(
    scope: ScopePlan, readers: Mapping[str, Collection[str]], models: Mapping[str, Model]
) -> Iterator[list[StepPlan]]:
    """The chains of at least two steps of a scope, as long as they go."""
    steps = {step.id: step for step in scope.steps}
    taken: set[str] = set()
    for first in scope.steps:
        if first.id in taken or not _is_plain(first):
            continue
        chain = [first]
        while (following := _next(chain[-1], steps, readers, models)) is not None:
            chain.append(following)
        if len(chain) > 1 and not any(
            _leads_to(step, first, readers, models) for step in scope.steps
        ):
            taken.update(step.id for step in chain)
            yield chain


def _leads_to(
    step: StepPlan,
    first: StepPlan,
    readers: Mapping[str, Collection[str]],
    models: Mapping[str, Model],
) -> bool:
    """Is a chain only the rest of a longer one?"""
    return (
        _is_plain(step) and first.id in step.downstream and _is_next(step, first, readers, models)
    )


def _next(
    step: StepPlan,
    steps: Mapping[str, StepPlan],
    readers: Mapping[str, Collection[str]],
    models: Mapping[str, Model],
) -> StepPlan | None:
    """The one step that could be asked in the same breath."""
    if len(step.downstream) != 1:
        return None
    following = steps[step.downstream[0]]
    return following if _is_next(step, following, readers, models) else None


def _is_next(
    step: StepPlan,
    following: StepPlan,
    readers: Mapping[str, Collection[str]],
    models: Mapping[str, Model],
) -> bool:
    one, other = step.call, following.call
    if one is None or other is None or not _is_plain(following):
        return False
    reads = readers.get(step.address, ())
    return (
        len(step.downstream) == 1
        and set(reads) == {following.address}
        and following.upstream == (step.id,)
        and _model(step, models) == _model(following, models)
        and not step.asserts
        and one.confidence is None
        and not step.catch
    )


def _model(step: StepPlan, models: Mapping[str, Model]) -> object:
    """The model of a step past its name in the spec, with all that makes it answer otherwise."""
    name = getattr(step.call.options, "model", None) if step.call is not None else None
    found = models.get(str(name))
    if found is None:
        return name
    others = (found.temperature, found.reasoning_effort, found.api_base, found.params)
    return (found.model, *others) if any(others) else found.model


def _is_plain(step: StepPlan) -> bool:
    """Is it one call of a chat model without tools or images, once and whatever happens?"""
    call = step.call
    return (
        call is not None
        and call.chat is not None
        and not call.tools
        and not getattr(call.options, "images", None)
        and step.dispatch is None
        and step.for_each is None
        and step.when is None
        and call.effects.repeatable
        and not step.plans
    )
