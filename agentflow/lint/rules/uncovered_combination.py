"""Several steps lead to the same effect, and under one combination of conditions none runs.

If what happens depends on two things at once, such as a class and a length, it is easy to miss a
combination: each class is stored, and so are letters of each length, but the long ones of one class
go nowhere, and no run fails. Reported only if every single answer leads to the effect together with
some others, so that the gap does not look intended. Not reported where people decide, since doing
nothing is what they mean by no; nor for a flag that is only ever tested with `!`, as in
`!inputs.dry_run`.

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
      file_bill:
        when: inputs.kind == "bill"
        agent: filer
        with: {text: "${{ inputs.text }}"}
      file_praise:
        when: inputs.kind == "praise" && size(inputs.text) <= 100
        agent: filer
        with: {text: "${{ inputs.text }}"}

Says:

    16:11 nothing calls 'filer' where 'inputs.kind' is 'praise' and 'size(inputs.text) > 100' is true

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
      file_bill:
        when: inputs.kind == "bill"
        agent: filer
        with: {text: "${{ inputs.text }}"}
      file_praise:
        when: inputs.kind == "praise"
        agent: filer
        with: {text: "${{ inputs.text }}"}
"""

from collections.abc import Iterator, Sequence

from agentflow.contracts.describe import listed, path_text
from agentflow.findings import Finding, Related, Severity
from agentflow.lint.coverage import (
    Case,
    Demand,
    Question,
    cases,
    demands_on,
    excluding,
    holds,
    questions,
)
from agentflow.lint.origins import deciding
from agentflow.lint.rule import Context, Family
from agentflow.lint.verdicts import Known
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.document import Path
from agentflow.spec.model import Effects
from agentflow.spec.wording import quoted

NAME = "uncovered-combination"
FAMILY = Family.GRAPH
SEVERITY = Severity.ADVICE

_HARMLESS = (Effects.NONE, Effects.READ)
#: Combinations that are spelled out.
_MOST_SAID = 3


def check(context: Context) -> Iterator[Finding]:
    """Each agent with an effect that several steps call, and none in some combination."""
    if context.plan is None or not context.reads_all_known:
        return
    for agent, steps in _callers(context.plan).items():
        ways = [demands_on(context.plan, step) for step in steps]
        demands = [way for way in ways if way]
        if len(demands) < 2 or len(demands) < len(ways):
            continue  # one that always runs, or nobody knows how often
        if any(deciding(context, step) for step in steps):
            continue  # where people decide, that nothing happens is what a no means
        missed = _missed(context, demands)
        if missed:
            yield _finding(context, agent, steps, missed)


def _callers(plan: Plan) -> dict[str, list[StepPlan]]:
    """The steps that call an agent with an effect, by agent, in file order."""
    found: dict[str, list[StepPlan]] = {}
    for step in plan.steps.values():
        if step.call is not None and step.call.effects not in _HARMLESS:
            found.setdefault(step.call.agent, []).append(step)
    return found


def _missed(context: Context, ways: Sequence[Sequence[Demand]]) -> list[Case]:
    """The combinations that no way is for, if every answer in them is one that some way is for."""
    asked = questions(context, [demand for way in ways for demand in way])
    if len(asked) < 2:
        return []
    reached: set[tuple[Question, Known]] = set()
    missed: list[Case] = []
    for case in cases(asked):
        if any(holds(way, case) for way in ways):
            reached.update(case.items())
        else:
            missed.append(case)
    excluded = excluding(ways)
    missed = [case for case in missed if not any(case.get(flag) is True for flag in excluded)]
    answers = {(question, answer) for question, known in asked.items() for answer in known}
    return missed if answers == reached else []


def _finding(
    context: Context, agent: str, steps: Sequence[StepPlan], missed: Sequence[Case]
) -> Finding:
    said = [listed([_said(*each) for each in case.items()], "and") for case in missed]
    more = f", and in {len(said) - _MOST_SAID} more cases" if len(said) > _MOST_SAID else ""
    first, *others = sorted((_condition(context, step) for step in steps), reverse=True, key=str)
    locate = context.document.locate
    return Finding(
        rule=NAME,
        severity=SEVERITY,
        message=f"nothing calls {quoted(agent)} where {'; or where '.join(said[:_MOST_SAID])}{more}",
        location=locate(first),
        help="widen one of the conditions, or handle the rest in a 'switch' with a 'default'",
        related=tuple(
            Related("another step that calls it is here", locate(each)) for each in reversed(others)
        ),
    )


def _condition(context: Context, step: StepPlan) -> Path:
    """Where a step says when it runs, or else the step."""
    path: Path = (*step.path, "when")
    return path if context.document.node(path) is not None else step.path


def _said(question: Question, answer: Known) -> str:
    if isinstance(question, str):
        return f"{quoted(question)} is {str(answer).lower()}"
    root, way = question
    shown = quoted(answer) if isinstance(answer, str) else str(answer).lower()
    return f"{quoted(path_text((root, *map(str, way))))} is {shown}"
