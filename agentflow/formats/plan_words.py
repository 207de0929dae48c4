"""Words that all formats of a plan share: what a step is, and what it can come to."""

from collections.abc import Iterable, Iterator
from itertools import starmap
from math import inf

from agentflow.contracts.brief import brief
from agentflow.contracts.describe import listed
from agentflow.formats.safe import safe
from agentflow.formats.words import count, duration, money
from agentflow.plan.amounts import NONE, Bound, Most
from agentflow.plan.bounds import Part
from agentflow.plan.budgets import Kept
from agentflow.plan.calls import possible_calls
from agentflow.plan.factors import factors_of
from agentflow.plan.overview import Node
from agentflow.plan.people import Question
from agentflow.plan.steps import StepPlan
from agentflow.plan.tools import gravest
from agentflow.plan.windows import Fit
from agentflow.spec.durations import time_in_words
from agentflow.spec.model import Effects


def every(nodes: Iterable[Node]) -> Iterator[Node]:
    """The nodes and all inside of them, in the order of the spec."""
    for node in nodes:
        yield node
        yield from every(node.inside)


def numbered(nodes: Iterable[Node]) -> dict[int, str]:
    """Short names for nodes, by their identity: `n1`, `n2` … Steps inside have no unique ids."""
    return {id(node): f"n{number}" for number, node in enumerate(every(nodes), 1)}


def kind(step: StepPlan) -> str:
    """What a step is: `agent 'writer'`, `loop of at most 3`, `pipeline 'child.yaml'`."""
    if step.loop is not None:
        said = f"loop of at most {step.loop.max:,}"
    elif step.delegate is not None:
        said = f"delegate, at most {count(step.delegate.max_tasks, 'task')}"
    elif step.nested is not None:
        said = f"pipeline '{step.nested.plan.file}'"
    elif step.kind == "agent":
        names = list(step.among) if step.dispatch is not None else [str(step.agent)]
        said = "agent " + " or ".join(f"'{name}'" for name in names)
    else:
        said = step.kind
    if step.for_each is not None:
        said += f", for each of at most {step.for_each.max:,}"
    return safe(said, oneline=True)


def effects(step: StepPlan) -> str | None:
    """The gravest that its agents, or their tools, do to the world; None if they do nothing."""
    found = gravest([Effects.NONE, *(call.reach for call in possible_calls(step))])
    return None if found is Effects.NONE else str(found)


def case(part: Part) -> str | None:
    """The case of a switch that a step is in: `case 'a'`, or `default`."""
    if part.case is None or part.case == "default":
        return part.case
    return safe(f"case '{part.case}'", oneline=True)


def multiplied(part: Part) -> list[str]:
    """What the calls of a step are multiplied by: `400 items`, `3 attempts`."""
    step, said = part.step, []
    if step.for_each is not None:
        said.append(count(part.turns, "item"))
    if step.loop is not None:
        said.append(count(step.loop.max, "round"))
    if step.delegate is not None:
        said.append(count(step.delegate.max_tasks, "task"))
    if step.call is not None:
        made = factors_of(step.call)
        factors = {
            "attempt": made.attempts,
            "model": made.models,
            "answer": made.answers,
            "turn": made.turns,
        }
        said += [count(number, what) for what, number in factors.items() if number > 1]
    return said


def told(node: Node) -> str:
    """A step of a graph in one line: what it is, what it does, what it can come to."""
    step, most = node.part.step, node.part.most
    figures = at_most(Most(calls=most.calls, usd=most.usd))
    return " · ".join(filter(None, [kind(step), case(node.part), effects(step), *figures]))


def at_most(most: Most) -> list[str]:
    """The figures of a worst case that are not zero: `12 calls`, `tokens in unbounded (FIELD)`."""
    found = [
        _counted(most.calls, "call"),
        _counted(most.retries, "retry", "retries"),
        _counted(most.escalations, "escalation"),
        _counted(most.tokens_in, "token in", "tokens in"),
        _counted(most.tokens_out, "token out", "tokens out"),
        _dollars(most.usd),
        *(_metered(name, bound) for name, bound in most.meters.items()),
    ]
    return [text for text in found if text]


def would_be(kept: Kept) -> str | None:
    """What a budget keeps something from, and by which keys; None if there is nothing of that.

    `800 calls · 300 retries · 2h00m, held by budget.calls (150)`
    """
    if not kept.held:
        return None
    needed, most = kept.needed, kept.most
    changed = [
        one if one != other else NONE for one, other in zip(needed[:-1], most[:-1], strict=True)
    ]
    meters = {name: one for name, one in needed.meters.items() if one != most.meters.get(name)}
    figures = at_most(Most._make([*changed, meters]))
    if "wall" in kept.held:
        figures.append(time(kept.seconds))
    return f"{' · '.join(figures)}, held by {', '.join(starmap(_key, kept.held.items()))}"


def _key(what: str, bound: float) -> str:
    return f"budget.{what} ({time_in_words(bound) if what == 'wall' else f'{bound:,.12g}'})"


def fitting(fit: Fit) -> str:
    """Whether the longest prompt of a call fits: `likely: about 900 of the 8,192 tokens of …`."""
    model, agent = safe(f"'{fit.model}'", oneline=True), f" for '{fit.agent}'"
    if fit.verdict == "unknown":
        return f"unknown{agent}: nobody says what {model} takes in"
    assert fit.window is not None
    if fit.verdict == "unbounded":
        field = safe(str(fit.field), oneline=True)
        return f"unbounded{agent} ({field}), and {model} takes {count(fit.window, 'token')}"
    assert fit.tokens is not None
    least = "at most" if fit.verdict == "proven" else "about"
    tokens = f"{least} {count(fit.tokens, 'token')} a call"
    return f"{fit.verdict}{agent}: {tokens}, of the {fit.window:,} of {model}"


def holding(fit: Fit) -> str:
    """How a model is given its contract: `enforced for 'sorter', but for 'uniqueItems'`."""
    agent, how = f"'{fit.agent}'", fit.held
    why = safe(f": {how.why}", oneline=True) if how.why else ""
    match how.given:
        case "enforced":
            lost = safe(listed([f"'{name}'" for name in how.lost], "and"), oneline=True)
            return f"enforced for {agent}, but for {lost}" if lost else f"enforced for {agent}"
        case "asked":
            return f"sent to {agent} as a wish, not enforced{why}"
        case "sent":
            return f"sent to {agent}; what its provider makes of it is not known"
        case "tool":
            return f"offered to {agent} as a tool, not enforced"
        case "told":
            return f"told to {agent} in words, not enforced{why}"


_OCCASIONS = {
    "always": "",
    "failure": ", if it fails",
    "call": ", before it is called",
    "unknown": ", if nobody knows whether it has happened",
}


def asking(question: Question) -> str:
    """Who is asked about what: `sort[*]: shop within 4h, if it fails`."""
    within = f" within {time_in_words(question.within)}" if question.within is not None else ""
    who = f"{question.address}: {question.who or 'a person'}{within}"
    return safe(who + _OCCASIONS[question.occasion], oneline=True)


def passed(node: Node) -> tuple[str | None, str]:
    """The types of what goes in and of what comes out, each in one line."""
    takes = None if node.takes is None else safe(brief(dict(node.takes)), oneline=True)
    return takes, safe(brief(dict(node.gives)), oneline=True)


def time(seconds: float) -> str:
    """The time of a worst case: `3m42s`, or beyond a day `1d 10m`, which is easier to read."""
    return duration(seconds) if seconds < 86_400 else time_in_words(seconds)


def _counted(bound: Bound, singular: str, plural: str | None = None) -> str | None:
    if bound.amount == inf:
        return f"{plural or singular + 's'} unbounded ({safe(str(bound.field), oneline=True)})"
    return count(round(bound.amount), singular, plural) if bound.amount else None


def _metered(name: str, bound: Bound) -> str | None:
    if bound.amount == inf:
        return f"meter '{name}' unbounded ({safe(str(bound.field), oneline=True)})"
    return f"{bound.amount:,.12g} of meter '{name}'" if bound.amount else None


def _dollars(bound: Bound) -> str | None:
    if bound.amount == inf:
        return f"cost unbounded ({safe(str(bound.field), oneline=True)})"
    return money(bound.amount) if bound.amount else None
