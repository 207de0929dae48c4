"""A test names a step or an output that the pipeline does not have.

A scripted answer for such a step is never given, and what is expected of it never happens. Steps
have the address that a trace shows: instances of a `for_each` have a number, or `[*]` for all of
them.

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

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from agentflow.findings import Finding, Location, Severity
from agentflow.lint.names import Suggestions
from agentflow.lint.rule import Context, Family
from agentflow.plan.calls import stand_ins
from agentflow.plan.patterns import opened, patterns_of
from agentflow.plan.steps import StepPlan
from agentflow.plan.unknown_effects import may_ask_whether
from agentflow.spec.document import Document, Path
from agentflow.spec.model import PipelineTest
from agentflow.spec.wording import quoted

NAME = "unknown-test-step"
FAMILY = Family.REFERENCE
SEVERITY = Severity.ERROR

#: A spec with more steps than this, those of pipelines inside it counted each time, is not judged.
_MOST_STEPS = 50_000
_LISTS = ("path", "order", "overlap")


def _calls(step: StepPlan) -> bool:
    """Does it call an agent, of itself or when it fails?"""
    return step.kind == "agent" or any(stand_ins(step))


def _asks(step: StepPlan) -> bool:
    """Does it ask a person, of itself, when it fails, or when nobody knows what it did?"""
    if may_ask_whether(step):
        return True
    escalations = (step.approval, *(action.escalation for action in step.catch.values()))
    levels = (level for escalation in escalations if escalation for level in escalation.levels)
    return step.kind == "human" or any(level.kind == "human" for level in levels)


def _acts(step: StepPlan) -> bool:
    return _calls(step) or _asks(step)


_WHAT = {"agent": "calls an agent", "human": "asks a person"}
#: What a test can mean by an address: any step, or one that does something itself.
_DOES: dict[str, tuple[Callable[[StepPlan], bool], str, str]] = {
    "call": (
        _calls,
        "calls no agent itself",
        "name a step with an 'agent'",
    ),
    "question": (
        _asks,
        "asks nobody itself",
        "name a step with 'human', one that escalates to a person, or one whose effect may be unknown",
    ),
    "either": (
        _acts,
        "calls no agent itself",
        "name a step with an 'agent' or 'human'",
    ),
}

#: What is said under the other key of a test, of a step that does the other of the two.
_ELSEWHERE: dict[str, tuple[Callable[[StepPlan], bool], str]] = {
    "call": (_asks, "what a person says stands under 'people'"),
    "question": (_calls, "what an agent answers stands under 'answers'"),
}


def check(context: Context) -> Iterator[Finding]:
    """Each address in a test that no step has, or that stands for one that does nothing itself.

    Also each output that is expected and that there is not.
    """
    if context.plan is None or not context.plan.pipeline.tests:
        return
    some = islice(patterns_of(context.plan), _MOST_STEPS)
    steps = {pattern: (step, whole) for pattern, step, whole in some}
    if len(steps) == _MOST_STEPS:
        return
    doing = {
        meant: [p for p, (step, whole) in steps.items() if whole and does(step)]
        for meant, (does, _, _) in _DOES.items()
    }
    everything = list(steps)
    suggestions = Suggestions()
    yield from _outputs(context, suggestions)
    for name, test in context.plan.pipeline.tests.items():
        for pattern, meant, place in _addresses(context.document, name, test):
            fitting = doing.get(meant, everything)
            known = steps.get(opened(pattern))
            if known is None:
                message = f"unknown step {quoted(pattern)}"
                advice = suggestions.help(
                    pattern, fitting, "write the address of a step as a trace shows it"
                )
                advice = _with_numbers(advice, pattern)
            elif meant in doing and opened(pattern) not in fitting:
                step, whole = known
                _, lacks, wanted = _DOES[meant]
                if meant in _ELSEWHERE and _ELSEWHERE[meant][0](step):
                    wanted = _ELSEWHERE[meant][1]
                what = _WHAT.get(step.kind, f"is a {step.kind}") if whole else "goes over a list"
                message = f"{quoted(pattern)} {what} and {lacks}"
                within = opened(pattern)
                inside = [p for p in fitting if p.startswith((f"{within}/", f"{within}["))]
                first = ", ".join(quoted(p) for p in inside[:3])
                advice = f"inside it there is: {first}" if inside else wanted
            else:
                continue
            yield Finding(NAME, SEVERITY, message, place, advice)


def _outputs(context: Context, suggestions: Suggestions) -> Iterator[Finding]:
    """Each output that a test expects and that the pipeline does not have."""
    assert context.plan is not None
    pipeline = context.plan.pipeline
    for name, test in pipeline.tests.items():
        for key in ("outputs", "outputs_include"):
            for output in getattr(test.expect, key) or ():
                if output not in pipeline.outputs:
                    place = context.document.locate_key(("tests", name, "expect", key, output))
                    advice = suggestions.help(
                        output, pipeline.outputs, "name one of the pipeline's 'outputs'"
                    )
                    yield Finding(NAME, SEVERITY, f"unknown output {quoted(output)}", place, advice)


def _with_numbers(advice: str, pattern: str) -> str:
    """A suggestion with the numbers of the items that the unknown address has."""
    numbers = iter(re.findall(r"\[[0-9]+\]", pattern))
    return re.sub(r"\[\*\]", lambda every: next(numbers, every[0]), advice)


def _addresses(
    document: Document, name: str, test: PipelineTest
) -> Iterator[tuple[str, str, Location]]:
    """The addresses of a test, what is meant by each, and where it stands."""
    top: Path = ("tests", name)
    expect = test.expect
    mappings: tuple[tuple[Path, Mapping[str, object], str], ...] = (
        (("answers",), test.answers, "call"),
        (("people",), test.people, "question"),
        (("expect", "calls"), expect.calls, "either"),
        (("expect", "given"), expect.given, "either"),
        (("expect", "steps"), expect.steps, "step"),
    )
    for key, mapping, meant in mappings:
        for pattern in mapping:
            yield pattern, meant, document.locate_key((*top, *key, pattern))
    for listing in _LISTS:
        for number, pattern in enumerate(getattr(expect, listing) or ()):
            yield pattern, "either", document.locate((*top, "expect", listing, number))
