"""`catch` handles a failure that its step can never have.

The entry is never used, and the failure that it was meant for is handled by nobody. Each kind of
step and of agent has its own failures: only the answer of a chat model is `truncated`, only a gate
finds `low_confidence`, only something that must not be repeated leaves an `unknown_effect`. Nor is
another agent ever asked if the first has done, or may have done, what must not happen twice.

Bad:

    agentflow: 1
    name: letters
    agents:
      sorter:
        kind: llm
        model: openai/gpt-5-mini
        instructions: Is it a question?
        input: {type: object, additionalProperties: false, properties: {}}
        output: {type: boolean}
    steps:
      sort: {agent: sorter, catch: {low_confidence: {use: true}}}
    outputs: {question: "${{ steps.sort.output }}"}

Says:

    11:33 'sort' never fails as 'low_confidence': no agent there has a 'confidence'

Good:

    agentflow: 1
    name: letters
    agents:
      sorter:
        kind: llm
        model: openai/gpt-5-mini
        instructions: Is it a question?
        input: {type: object, additionalProperties: false, properties: {}}
        output: {type: boolean}
    steps:
      sort: {agent: sorter, catch: {invalid_output: {use: true}}}
    outputs: {question: "${{ steps.sort.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.plan.failures import failures_of, is_passed_by
from agentflow.plan.steps import StepPlan
from agentflow.spec.model import FailureClass
from agentflow.spec.wording import quoted

NAME = "idle-catch"
FAMILY = Family.ESCALATION
SEVERITY = Severity.WARNING

_WHY = {
    FailureClass.RATE_LIMITED: "nobody there asks to come back later",
    FailureClass.CONTEXT_OVERFLOW: "it calls no chat model",
    FailureClass.TRUNCATED: "it calls no chat model",
    FailureClass.LOW_CONFIDENCE: "no agent there has a 'confidence'",
    FailureClass.EXHAUSTED: "there is no loop in it, and no model with tools",
    FailureClass.UNKNOWN_EFFECT: "all that it does may be done again",
}


def check(context: Context) -> Iterator[Finding]:
    """Each entry of `catch` for a class with which its step cannot fail."""
    if context.plan is None:
        return
    for step in context.plan.steps.values():
        possible = failures_of(step)
        for key in step.catch:
            if key != "any" and FailureClass(key) not in possible:
                why, advice = _said(step, FailureClass(key))
                others = ", ".join(each for each in FailureClass if each in possible)
                yield Finding(
                    rule=NAME,
                    severity=SEVERITY,
                    message=f"{quoted(step.id)} never fails as {quoted(key)}: {why}",
                    location=context.document.locate_key((*step.path, "catch", key)),
                    help=advice or f"take it out; there is: {others}",
                )
            elif is_passed_by(step, key):
                yield _passed_by(context, step, key)


def _passed_by(context: Context, step: StepPlan, key: str) -> Finding:
    action, call = step.catch[key], step.call
    assert action.call is not None
    assert call is not None
    return Finding(
        rule=NAME,
        severity=SEVERITY,
        message=f"{quoted(step.id)} is never handed over to {quoted(action.call.agent)} as {quoted(key)}:"
        f" its effects are {quoted(call.effects)}, and may have happened",
        location=context.document.locate_key((*step.path, "catch", key)),
        help="take it out, or write an escalation to people, who can look",
    )


def _said(step: StepPlan, key: FailureClass) -> tuple[str, str | None]:
    if key is FailureClass.EXHAUSTED and step.for_each is not None and step.for_each.min_success:
        why = "its 'catch' is about one item, and too few successes are a failure of the whole"
        return why, "put the step into a group, and catch it there"
    if step.kind == "human":
        return "it asks a person", None
    advice = None
    if key is FailureClass.UNKNOWN_EFFECT and step.call is not None:
        called = quoted(step.call.agent)
        advice = f"take it out, unless {called} does change something: then say so, with 'effects'"
    return _WHY.get(key, "nothing there can end so"), advice
