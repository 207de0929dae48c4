"""Silence counts as a yes.

A step asks a person for approval, and if nobody answers, the approval is assumed. Then the question
only costs time: whatever it was meant to guard happens unseen, on just the day when nobody looks.
An approval is given by a person or not at all.

If the answer is one of several words or a field, the conditions on the way to each effect show what
counts as a yes: there is an answer after which the effect does not happen, but if nobody answers,
it does. This is reported for effects that cannot be undone. For others it is reported if the words
are those of a yes or a no, or if the question begins with what is done: nobody who is asked 'Pay 5
euros?' expects `pay` to happen after a no.

Bad:

    agentflow: 1
    name: refunds
    inputs: {type: object, required: [order], properties: {order: {type: string}}}
    steps:
      approve:
        human: {ask: "Refund ${{ inputs.order }}?", answer: {type: boolean}}
        timeout: 2h
        catch: {timeout: {use: true}}
    outputs: {approved: "${{ steps.approve.output }}"}

Says:

    8:28 if nobody answers, 'approve' is approved

Good:

    agentflow: 1
    name: refunds
    inputs: {type: object, required: [order], properties: {order: {type: string}}}
    steps:
      approve:
        human: {ask: "Refund ${{ inputs.order }}?", answer: {type: boolean}}
        timeout: 2h
        catch: {timeout: {use: false}}
    outputs: {approved: "${{ steps.approve.output }}"}
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.answers import is_final
from agentflow.lint.rule import Context, Family
from agentflow.lint.stand_ins import (
    Effect,
    answered,
    effects_by_answer,
    may_happen,
    possible_answers,
    stand_in,
)
from agentflow.lint.words_of_consent import asks_to, says_no, says_yes
from agentflow.plan.approvals import part_with_yes
from agentflow.plan.calls import calls_of
from agentflow.plan.steps import CatchPlan, StepPlan
from agentflow.spec.document import Path
from agentflow.spec.model import FailureClass, Json
from agentflow.spec.templates import Constant, Template
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import Scalar

NAME = "silent-approval"
FAMILY = Family.ESCALATION
SEVERITY = Severity.ERROR

_HELP = "write 'fail' or 'skip', or a value that says no"


class _Silence(Struct, frozen=True):
    """What follows if there is no answer: `key` is the word of the `catch` that says so."""

    key: str
    action: CatchPlan
    path: Path


def check(context: Context) -> Iterator[Finding]:
    """Each value that stands for an answer of a person and says yes, and each effect of silence."""
    plan = context.plan
    questions = [each for each in plan.steps.values() if each.question] if plan is not None else []
    if plan is None or not questions:
        return
    effects = effects_by_answer(plan)
    for step in questions:
        assert step.question is not None
        approval = part_with_yes(step.question.answer)
        for silence in _silences(step):
            if approval is not None and _says(silence.action.last.value, approval):
                yield Finding(
                    rule=NAME,
                    severity=SEVERITY,
                    message=f"if nobody answers, {quoted(step.id)} is approved",
                    location=context.document.locate(silence.path),
                    help=_HELP,
                )
            elif step.for_each is None:
                yield from _acting(context, step, silence, effects.get(step.address, ()))


def _silences(step: StepPlan) -> Iterator[_Silence]:
    """What a question that has no answer comes to, each with its path."""
    for key, action in step.catch.items():
        if action.action == "use":
            yield _Silence(key, action, (*step.path, "catch", key, "use"))
        elif action.action == "skip":
            yield _Silence(key, action, (*step.path, "catch", key))
        elif action.escalation is not None:
            way: Path = ("escalations", action.escalation.name, "on_exhausted")
            used = action.escalation.on_exhausted.action == "use"
            yield _Silence(key, action, (*way, "use") if used else way)


def _says(template: Template | None, approval: Json) -> bool:
    """Is this a constant that says yes, whatever else it says?"""
    if not isinstance(template, Constant):
        return False
    value = template.value
    if isinstance(approval, dict) and isinstance(value, dict):
        return all(value.get(key) is True for key in approval)
    return value is True and approval is True


def _acting(
    context: Context, asked: StepPlan, silence: _Silence, effects: Sequence[Effect]
) -> Iterator[Finding]:
    """The first effect that happens without an answer, where an answer keeps all of them back."""
    read = stand_in(silence.action)
    if read is None or not effects:
        return
    refusals = [
        answer
        for answer in possible_answers(asked)
        if not any(may_happen(each, asked, answered(answer), whole=False) for each in effects)
    ]
    happening = [each for each in effects if may_happen(each, asked, read, whole=True)]
    if not refusals or not happening:
        return
    said = read.get("output")
    in_words = (
        any(map(_is_no, refusals)) or _is_yes(said) or _asked_for(context, asked, said, refusals)
    )
    certain = [each for each in happening if in_words or is_final(each.step)]
    turned_round = _is_for_yes(asked, refusals)
    told = certain or [
        each for each in happening if turned_round and _asks_to_do(context, asked, each.step)
    ]
    if told:
        effect = min(told, key=lambda each: each.step.path)
        because = "is aborted" if silence.key == FailureClass.REJECTED else "has no answer"
        yield Finding(
            rule=NAME,
            severity=SEVERITY if certain else Severity.WARNING,
            message=f"if {quoted(asked.id)} {because}, {quoted(effect.step.id)} goes ahead",
            location=context.document.locate(silence.path),
            help=_HELP
            if "output" in read and not turned_round
            else "write 'fail', or ask for a yes in the 'when'",
            related=(
                Related("this step goes ahead", context.document.locate_key(effect.step.path)),
            ),
        )


def _asked_for(context: Context, asked: StepPlan, said: Json, refusals: list[Json]) -> bool:
    """Does the question name what stands for its answer, and nothing that is a no to it?"""
    words = re.findall(r"\w+", _question(context, asked).lower())
    named = [word in words for word in _texts(said)]
    return any(named) and not any(word in words for no in refusals for word in _texts(no))


def _is_for_yes(asked: StepPlan, refusals: list[Json]) -> bool:
    """Is it the yes that keeps an effect back?"""
    approval = part_with_yes(asked.question.answer) if asked.question is not None else None
    return approval is not None and any(_says(Constant(refusal), approval) for refusal in refusals)


def _asks_to_do(context: Context, asked: StepPlan, step: StepPlan) -> bool:
    """Does the question begin with what a step does?"""
    names = (step.id, *(call.agent for call in calls_of(step)))
    return asks_to(_question(context, asked), names)


def _question(context: Context, asked: StepPlan) -> str:
    """The text of a question, as it is written."""
    node = context.document.node((*asked.path, "human", "ask"))
    return node.text if isinstance(node, Scalar) else ""


def _texts(answer: Json) -> Iterator[str]:
    values = answer.values() if isinstance(answer, dict) else (answer,)
    return (value.lower() for value in values if isinstance(value, str))


def _is_yes(answer: Json) -> bool:
    if isinstance(answer, dict):
        said: Iterable[tuple[str, Json]] = answer.items()
        return any(
            _is_yes(value) if isinstance(value, str) else value is True and says_yes(name)
            for name, value in said
        )
    return answer is True or (isinstance(answer, str) and says_yes(answer))


def _is_no(answer: Json) -> bool:
    if isinstance(answer, dict):
        return any(
            _is_no(value) if isinstance(value, str) else value is False and says_yes(name)
            for name, value in answer.items()
        )
    return answer is False or (isinstance(answer, str) and says_no(answer))
