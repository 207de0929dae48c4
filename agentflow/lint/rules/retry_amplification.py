"""Several layers retry the same call, and their attempts multiply.

Each layer looks modest. Together they turn one bad answer into dozens of calls, on the worst day,
when the other side is already overloaded. More than 9 calls of one model are a warning, more than
27 an error. Models that take over for each other share the load: more than 27 calls of all of them
together are a warning. Retry in one layer only, or allow fewer attempts.

Bad:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: llm
        model: openai/gpt-5-mini
        retry: {max_attempts: 5}
        repair: 2
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    12:3 one call of 'write' can become 15: 5 attempts x 3 answers (asked once, repaired 2 times)

Good:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: llm
        model: openai/gpt-5-mini
        retry: {max_attempts: 3}
        timeout: 30s
        repair: 2
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.policies import Retried, retried
from agentflow.lint.rule import Context, Family
from agentflow.plan.factors import Factors
from agentflow.spec.wording import quoted

NAME = "retry-amplification"
FAMILY = Family.RETRY
SEVERITY = Severity.WARNING

#: Calls of one model that one may become before it is a warning, and before it is an error.
#: Calls of all models together are a warning where those of one would be an error.
THRESHOLDS = {"warning": 9, "error": 27}


def check(context: Context) -> Iterator[Finding]:
    """Each step whose attempts and repairs multiply beyond the limits.

    A bound of attempts alone is what its author wrote, and no surprise.
    """
    if context.plan is None:
        return
    limits = THRESHOLDS | {**context.thresholds.get(NAME, {})}
    for step in retried(context.document, context.plan):
        made = step.factors
        each = made.attempts * made.answers
        if made.answers == 1 or (each <= limits["warning"] and made.made <= limits["error"]):
            continue
        yield Finding(
            rule=NAME,
            severity=Severity.ERROR if each > limits["error"] else SEVERITY,
            message=f"one call of {quoted(step.plan.id)} can become {made.made}: {_factors(made)}",
            location=context.document.locate_key(step.plan.path),
            help="lower one of them",
            related=tuple(_places(context, step)),
        )


def _factors(made: Factors) -> str:
    repairs = made.answers - 1
    often = "once" if repairs == 1 else f"{repairs} times"
    models = f" x {made.models} models" if made.models > 1 else ""
    answers = f"{made.answers} answers (asked once, repaired {often})"
    turns = f", in each of {made.turns} turns" if made.turns > 1 else ""
    return f"{made.attempts} attempts{models} x {answers}{turns}"


def _places(context: Context, step: Retried) -> Iterator[Related]:
    """Where each factor stands."""
    yield Related("the attempts are set here", context.document.locate(step.path))
    if step.call.fallbacks:
        model = getattr(step.call.options, "model", "")
        yield Related(
            "the fallbacks are set here", context.document.locate(("models", model, "fallbacks"))
        )
    own = (*step.plan.path, "repair")
    agent = ("agents", step.call.agent, "repair")
    repair = own if context.document.node(own) is not None else agent
    yield Related("the repairs are set here", context.document.locate(repair))
