"""The budget is too small even for a run without failures.

A budget is a brake for the day on which things go wrong, but this one stops every run. Even if
nothing fails and every list is empty, the run needs more calls than the budget has, or charges more
to a meter; or a single call, also one in an inner pipeline, may use more tokens or money than there
are, or charges more, so that it is never started. A charge that is computed counts as the least
that its input allows. If there is too little only for each run in which some step takes place, this
is a warning. The cost of a model is what the spec says (`price`), or else what LiteLLM's table
says, which is what the run uses, too.

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

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from agentflow.findings import Finding, Location, Related, Severity
from agentflow.lint.budgets import amount_of, figure, path_of, summed
from agentflow.lint.rule import Context, Family
from agentflow.plan.amounts import dollars
from agentflow.plan.lower_bounds import least_charges, least_of_run, least_of_step, least_with
from agentflow.plan.steps import CallPlan, Plan, ScopePlan, StepPlan
from agentflow.plan.types import Types
from agentflow.spec.document import Path
from agentflow.spec.wording import quoted

NAME = "budget-too-small"
FAMILY = Family.BOUND
SEVERITY = Severity.ERROR

#: The bounds of a budget, and where it is written.
Budget = tuple[Mapping[str, float], Path]
Budgets = tuple[Budget, ...]


def check(context: Context) -> Iterator[Finding]:
    """Each budget below what is needed when all goes well."""
    plan = context.plan
    if plan is None:
        return
    budgets: Budgets = ((plan.budget.bounds, ("budget",)),)
    singles = _by_budget(_in_scope(context, plan, plan.root, budgets))
    yield from singles
    said = {finding.location for finding in singles}
    yield from (finding for finding in _sums(context, plan) if finding.location not in said)


def _by_budget(found: Iterable[tuple[float, Finding]]) -> list[Finding]:
    """One finding for each budget: the call that needs most, with the others that need too much."""
    told: dict[tuple[Location, Severity], list[tuple[float, Finding]]] = {}
    for need, finding in found:
        told.setdefault((finding.location, finding.severity), []).append((need, finding))
    singles = list[Finding]()
    for each in told.values():
        _, most = max(each, key=lambda one: one[0])
        others = (finding.related[0] for _, finding in each if finding is not most)
        more = tuple(Related("this call does not fit either", place.location) for place in others)
        singles.append(replace(most, related=(*most.related, *more)))
    return singles


def _sums(context: Context, plan: Plan) -> Iterator[Finding]:
    for what in summed(plan.budget.bounds):
        least = least_of_run(plan, what, full=False).amount
        yield from _sum(context, "a run", what, least, (plan.budget.bounds, ("budget",)))
        if least <= plan.budget.bounds[what]:
            yield from _with_one_more(context, plan, what)
    for step in plan.steps.values():
        for what in summed(step.budget or {}):
            assert step.budget is not None
            least = least_of_step(plan, step, what, full=False).amount
            path = (*step.path, "budget")
            yield from _sum(context, quoted(step.id), what, least, (step.budget, path))


def _sum(context: Context, who: str, what: str, least: float, budget: Budget) -> Iterator[Finding]:
    bounds, path = budget
    if least > bounds[what]:
        *_, key = path_of(path, what)
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=_beyond(who, what, least, bounds[what]),
            location=context.document.locate(path_of(path, what)),
            help=f"write '{key}: {2 * least:.12g}', which leaves room for retries",
        )


def _beyond(who: str, what: str, least: float, bound: float) -> str:
    takes = "makes" if what == "calls" else "takes"
    return f"{who} {takes} at least {amount_of(what, least)}, and its budget has {figure(bound)}"


def _with_one_more(context: Context, plan: Plan, what: str) -> Iterator[Finding]:
    """The step for which the budget never has enough, though it does for a run without it."""
    bound = plan.budget.bounds[what]
    beyond = [(step, takes) for step, takes in least_with(plan, what) if takes > bound]
    if not beyond:
        return
    step, takes = max(beyond, key=lambda one: one[1])
    *_, key = path_of(("budget",), what)
    yield Finding(
        rule=NAME,
        severity=Severity.WARNING,
        message=_beyond(f"with {quoted(step.id)} a run", what, takes, bound),
        location=context.document.locate(path_of(("budget",), what)),
        help=f"write '{key}: {2 * takes:.12g}', which leaves room for retries",
        related=tuple(
            Related("this call is never afforded", context.document.locate_key(each.path))
            for each, _ in beyond
        ),
    )


def _in_scope(
    context: Context, plan: Plan, scope: ScopePlan, budgets: Budgets, inside: StepPlan | None = None
) -> Iterator[tuple[float, Finding]]:
    """The calls in a scope of a plan, against all budgets around them, each with what it needs.

    `inside` is the step of this document that runs the plan, if it is that of another pipeline.
    """
    for step in scope.steps:
        own = budgets
        if step.budget is not None and inside is None:
            own = (*budgets, (step.budget, (*step.path, "budget")))
        for call in _calls(step):
            yield from _single(context, plan, step, call, own, inside)
        for inner in step.scopes:
            yield from _in_scope(context, plan, inner, own, inside)
        if step.nested is not None:
            other = step.nested.plan
            yield from _in_scope(context, other, other.root, own, inside or step)


def _calls(step: StepPlan) -> Iterator[CallPlan]:
    """The calls that a step makes if all goes well."""
    if step.dispatch is not None:
        yield from step.among.values()
    elif step.call is not None:
        yield step.call
    if step.delegate is not None:
        yield from (worker.call for worker in step.delegate.workers.values() if worker.call)


def _single(
    context: Context,
    plan: Plan,
    step: StepPlan,
    call: CallPlan,
    budgets: Budgets,
    inside: StepPlan | None,
) -> Iterator[tuple[float, Finding]]:
    """Is what one call holds back at least more than a budget has at all?"""
    sure = step.call is call and not step.among  # of several agents it may be another one
    who = quoted(step.id) if sure else quoted(call.agent)
    if inside is not None:
        who += f" in {quoted(plan.file)}"
    for what, least in _held(context, plan, step, call).items():
        for bounds, path in budgets:
            if least > bounds.get(what, least):
                meter = what.startswith("meters.")
                yield (
                    least,
                    Finding(
                        rule=NAME,
                        severity=SEVERITY if sure else Severity.WARNING,
                        message=f"a call of {who} {'takes' if meter else 'may use'}"
                        f" {amount_of(what, least)} and is never started: the budget has"
                        f" {figure(bounds[what])}",
                        location=context.document.locate(path_of(path, what)),
                        help="allow for more, or let it charge less"
                        if meter
                        else "allow for more, or for shorter answers with 'max_output_tokens'",
                        related=(
                            Related(
                                "the call is made here",
                                context.document.locate_key((inside or step).path),
                            ),
                        ),
                    ),
                )


def _held(context: Context, plan: Plan, step: StepPlan, call: CallPlan) -> dict[str, float]:
    """What is kept back for a call, however little it is given."""
    types = context.types if plan is context.plan else Types(plan)
    held = least_charges(plan, step, call, types)
    chat = call.chat
    if chat is None or chat.max_output_tokens is None:
        return held
    held["tokens"] = float(chat.overhead + chat.max_output_tokens)
    price = chat.price or context.known(chat.model).price
    if price is not None:
        held["usd"] = dollars(price, chat.overhead, chat.max_output_tokens)
    return held
