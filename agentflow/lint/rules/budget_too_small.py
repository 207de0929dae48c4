"""A budget has too little for a run in which all goes well.

A budget is a brake for the day on which things go wrong. This one stops every run: even if nothing
fails and every list is empty, more calls have to be made than it has, or a single call of a chat model
may use more tokens or money than there are, so that it is never started.

Bad:

    agentflow: 1
    name: letters
    budget: {calls: 2}
    agents:
      writer: {kind: command, argv: [./write], effects: none, input: {type: object}, output: {type: string}}
    steps:
      greet: {agent: writer}
      answer: {agent: writer, needs: [greet]}
      close: {agent: writer, needs: [answer]}
    outputs: {letter: "${{ steps.greet.output + steps.answer.output + steps.close.output }}"}

Says:

    3:17 a run makes at least 3 calls, and its budget has 2

Good:

    agentflow: 1
    name: letters
    budget: {calls: 6}
    agents:
      writer: {kind: command, argv: [./write], effects: none, input: {type: object}, output: {type: string}}
    steps:
      greet: {agent: writer}
      answer: {agent: writer, needs: [greet]}
      close: {agent: writer, needs: [answer]}
    outputs: {letter: "${{ steps.greet.output + steps.answer.output + steps.close.output }}"}
"""

from collections.abc import Iterator, Mapping

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.rule import Context, Family
from agentflow.plan.least import least_of_run, least_of_step
from agentflow.plan.steps import ChatPlan, Path, ScopePlan, StepPlan
from agentflow.spec.wording import quoted

NAME = "budget-too-small"
FAMILY = Family.BOUND
SEVERITY = Severity.ERROR

_MILLION = 1_000_000
#: A budget and where it is written.
Budgets = tuple[tuple[Mapping[str, float], Path], ...]


def check(context: Context) -> Iterator[Finding]:
    """Each budget below what is needed when all goes well."""
    plan = context.plan
    if plan is None:
        return
    yield from _calls(
        context, "a run", least_of_run(plan, full=False).calls, plan.budget.bounds, ()
    )
    for step in plan.steps.values():
        if step.budget is not None:
            least = least_of_step(plan, step, full=False).calls
            yield from _calls(context, quoted(step.id), least, step.budget, step.path)
    yield from _in_scope(context, plan.root, ((plan.budget.bounds, ("budget",)),))


def _calls(
    context: Context, who: str, least: int, bounds: Mapping[str, float], path: Path
) -> Iterator[Finding]:
    if least > bounds.get("calls", least):
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{who} makes at least {least} calls, and its budget has {bounds['calls']:g}",
            location=context.document.locate((*path, "budget", "calls")),
            help=f"write 'calls: {2 * least}', which leaves room for retries",
        )


def _in_scope(context: Context, scope: ScopePlan, budgets: Budgets) -> Iterator[Finding]:
    """The calls of chat models in a scope, against all budgets around them."""
    for step in scope.steps:
        own = budgets
        if step.budget is not None:
            own = (*budgets, (step.budget, (*step.path, "budget")))
        yield from _single(context, step, own)
        for inner in step.scopes:
            yield from _in_scope(context, inner, own)


def _single(context: Context, step: StepPlan, budgets: Budgets) -> Iterator[Finding]:
    """Is what one call holds back at least more than a budget has at all?"""
    chat = step.call.chat if step.call is not None and step.dispatch is None else None
    if chat is None or chat.max_output_tokens is None:
        return
    for what, least in _held(chat).items():
        for bounds, path in budgets:
            if least > bounds.get(what, least):
                amount = f"{least:,.4g} dollars" if what == "usd" else f"{least:,g} tokens"
                yield Finding(
                    rule=NAME,
                    severity=SEVERITY,
                    message=f"a call of {quoted(step.id)} may use {amount} and is never started:"
                    f" the budget has {bounds[what]:,g}",
                    location=context.document.locate((*path, what)),
                    help="allow for more, or for shorter answers with 'max_output_tokens'",
                    related=(Related("the call", context.document.locate_key(step.path)),),
                )


def _held(chat: ChatPlan) -> dict[str, float]:
    """What is kept back for a call, however little it is given."""
    assert chat.max_output_tokens is not None
    held = {"tokens": float(chat.overhead + chat.max_output_tokens)}
    if chat.price is not None:
        into, out = chat.price
        held["usd"] = (into * chat.overhead + out * chat.max_output_tokens) / _MILLION
    return held
