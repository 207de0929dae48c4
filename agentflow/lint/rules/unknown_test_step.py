"""A test speaks of a step that the pipeline does not have.

A scripted answer for such a step is never given, and what is expected of it never comes. Steps have
their address as in a trace: instances of a `for_each` have a number, or `[*]` for all of them.

Bad:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      write:
        for_each: {over: [1, 2], max: 2}
        agent: writer
    outputs: {letters: "${{ steps.write.output }}"}
    tests:
      two_letters:
        answers: {write: {value: Dear Ada}}
        expect: {calls: {"wirte[*]": 2}}

Says:

    17:15 'write' goes over a list and calls no agent itself
    18:22 unknown step 'wirte[*]'

Good:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      write:
        for_each: {over: [1, 2], max: 2}
        agent: writer
    outputs: {letters: "${{ steps.write.output }}"}
    tests:
      two_letters:
        answers: {"write[*]": {value: Dear Ada}}
        expect: {calls: {"write[*]": 2}}
"""

from collections.abc import Iterator, Mapping
from itertools import islice

from agentflow.findings import Finding, Location, Severity
from agentflow.lint.names import Suggestions
from agentflow.lint.rule import Context, Family
from agentflow.plan.patterns import opened, patterns_of
from agentflow.plan.steps import Path, StepPlan
from agentflow.spec.document import Document
from agentflow.spec.model import PipelineTest
from agentflow.spec.wording import quoted

NAME = "unknown-test-step"
FAMILY = Family.REFERENCE
SEVERITY = Severity.ERROR

#: A spec with more steps than this, those of pipelines inside it counted each time, is not judged.
_MOST_STEPS = 50_000
_LISTS = ("path", "order", "overlap")


def check(context: Context) -> Iterator[Finding]:
    """Each address in a test that no step has, or that no call has where a call is meant."""
    if context.plan is None or not context.plan.pipeline.tests:
        return
    some = islice(patterns_of(context.plan), _MOST_STEPS)
    steps = {pattern: (step, whole) for pattern, step, whole in some}
    if len(steps) == _MOST_STEPS:
        return
    callers = [p for p, (step, whole) in steps.items() if whole and step.kind == "agent"]
    suggestions = Suggestions()
    for name, test in context.plan.pipeline.tests.items():
        for pattern, of_call, place in _addresses(context.document, name, test):
            known = steps.get(opened(pattern))
            if known is None:
                message = f"unknown step {quoted(pattern)}"
                candidates = callers if of_call else list(steps)
                advice = suggestions.help(
                    pattern, candidates, "write the address of a step as a trace shows it"
                )
            elif of_call and opened(pattern) not in callers:
                message, advice = _calls_nobody(pattern, known, callers)
            else:
                continue
            yield Finding(NAME, SEVERITY, message, place, advice)


def _calls_nobody(
    pattern: str, known: tuple[StepPlan, bool], callers: list[str]
) -> tuple[str, str]:
    """A step where a call is meant, and that makes none."""
    step, whole = known
    inside = [caller for caller in callers if caller.startswith((f"{pattern}/", f"{pattern}["))]
    some = ", ".join(quoted(caller) for caller in inside[:3])
    advice = f"the calls inside it are: {some}" if inside else "name a step with an 'agent'"
    if not whole:
        return f"{quoted(pattern)} goes over a list and calls no agent itself", advice
    return f"{quoted(pattern)} is a {step.kind} and calls no agent itself", advice


def _addresses(
    document: Document, name: str, test: PipelineTest
) -> Iterator[tuple[str, bool, Location]]:
    """The addresses of a test, whether a call is meant, and where each stands."""
    top: Path = ("tests", name)
    for pattern in test.answers:
        yield pattern, True, document.locate_key((*top, "answers", pattern))
    expect = test.expect
    of_calls: dict[str, Mapping[str, object]] = {"calls": expect.calls, "given": expect.given}
    for key, mapping in {**of_calls, "steps": expect.steps}.items():
        for pattern in mapping:
            place = document.locate_key((*top, "expect", key, pattern))
            yield pattern, key in of_calls, place
    for key in _LISTS:
        for number, pattern in enumerate(getattr(expect, key) or ()):
            yield pattern, True, document.locate((*top, "expect", key, number))
