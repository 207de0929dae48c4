"""No test of the pipeline asks the people of an escalation.

An escalation is what is left when all else has failed, and without a test it is first tried out on
that day. `tests` try it out in a moment: an answer that fails, or is not sure enough, and what the
people answer under `people`; with `{says: nothing}` also what follows if nobody answers. A drill
asks them, too: with `validate --drilled`, an escalation whose people have answered in the drill,
according to its receipt, is not reported. A spec without tests is not reported either.

Bad:

    agentflow: 1
    name: letters
    escalations:
      desk:
        levels: [{human: {ask: "What now?"}, within: 4h}]
        on_exhausted: fail
    agents:
      writer: {kind: command, argv: [./write], effects: none, input: {type: object}, output: {type: string}}
    steps:
      write: {agent: writer, catch: {any: {escalate: desk}}}
    outputs: {letter: "${{ steps.write.output }}"}
    tests:
      it_works:
        answers: {write: {value: Dear all}}
        expect: {outputs: {letter: Dear all}}

Says:

    4:3 no test asks the people of 'desk'

Good:

    agentflow: 1
    name: letters
    escalations:
      desk:
        levels: [{human: {ask: "What now?"}, within: 4h}]
        on_exhausted: fail
    agents:
      writer: {kind: command, argv: [./write], effects: none, input: {type: object}, output: {type: string}}
    steps:
      write: {agent: writer, catch: {any: {escalate: desk}}}
    outputs: {letter: "${{ steps.write.output }}"}
    tests:
      a_person_writes_it:
        answers: {write: {fail: server_error}}
        people: {write: {value: Dear all}}
        expect: {outputs: {letter: Dear all}}
"""

from collections.abc import Iterator, Mapping
from itertools import islice

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.escalations import turned_to
from agentflow.lint.rule import Context, Family
from agentflow.plan.patterns import opened, patterns_of
from agentflow.plan.steps import EscalationPlan, Plan, StepPlan
from agentflow.spec.wording import quoted

NAME = "undrilled-escalation"
FAMILY = Family.ESCALATION
SEVERITY = Severity.ADVICE

#: A spec with more steps than this, those of pipelines inside it counted each time, is not judged.
_MOST_STEPS = 50_000


def check(context: Context) -> Iterator[Finding]:
    """Each escalation with people that steps turn to, and of which no test has an answer.

    A question without an answer of the test ends it, unless the test has answers made up.
    """
    plan = context.plan
    if plan is None or not plan.scripts or any(test.simulate for test in plan.scripts.values()):
        return
    people = {opened(pattern) for test in plan.scripts.values() for pattern in test.people}
    drilled: set[str] = set()
    if context.drilled is not None:
        from agentflow.lint.drills import asked_in_drills  # it loads all that a drill needs

        drilled = asked_in_drills(context)
    for name, users in _users(plan).items():
        if users.keys() & people or name in drilled:
            continue
        first = next(iter(users))
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"no test asks the people of {quoted(name)}",
            location=context.document.locate_key(("escalations", name)),
            help=f"let an answer of a test fail, and say under 'people: {{{_written(first)}: …}}'"
            " what is answered",
            related=tuple(
                Related("the escalation is used here", context.document.locate_key(step.path))
                for step in users.values()
            ),
        )


def _users(plan: Plan) -> Mapping[str, dict[str, StepPlan]]:
    """The steps and tools that turn to each escalation with people, by their address in tests."""
    found: dict[str, dict[str, StepPlan]] = {}
    steps = list(islice(patterns_of(plan), _MOST_STEPS))
    for pattern, step, whole in steps if len(steps) < _MOST_STEPS else ():
        for escalation in turned_to(step) if whole else ():
            asks = any(level.kind == "human" for level in escalation.levels)
            if asks and _own(plan, escalation):
                found.setdefault(escalation.name, {})[pattern] = step
    return found


def _own(plan: Plan, escalation: EscalationPlan) -> bool:
    """Is it one of this pipeline, rather than of one that it runs?"""
    own = plan.escalations.get(escalation.name)
    texts = [level.text for level in escalation.levels]
    return own is not None and [level.text for level in own.levels] == texts


def _written(pattern: str) -> str:
    return f'"{pattern}"' if "[" in pattern else pattern
