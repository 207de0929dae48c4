"""A pipeline before it runs, for programs: `schemas/plan.v1.schema.json`."""

from math import inf

from msgspec import to_builtins

from agentflow.formats.plan_words import effects
from agentflow.formats.values import document
from agentflow.plan.amounts import Bound, Most
from agentflow.plan.budgets import Kept
from agentflow.plan.overview import Node, Overview, times
from agentflow.plan.windows import Fit
from agentflow.spec.model import Json

FORMAT = 1


def render(plan: Overview) -> str:
    """One JSON document."""
    worst = plan.worst
    return document(
        {
            "format": FORMAT,
            "pipeline": plan.plan.pipeline.name,
            "levels": [list(level) for level in plan.levels],
            "critical_path": [node.part.step.address for node in plan.critical],
            "steps": [_step(node) for node in plan.nodes],
            "touches": {what: list(names) for what, names in to_builtins(plan.touches).items()},
            "people": [
                {
                    "address": question.address,
                    "occasion": question.occasion,
                    "who": question.who,
                    "channel": question.channel,
                    "seconds": question.within,
                }
                for question in plan.people
            ],
            "worst_case": {
                "unbudgeted": {**_most(worst.needed), "seconds": worst.own.seconds},
                "within_budget": {**_most(worst.most), "seconds": worst.seconds},
                "held_by": dict(worst.own.held),
                "dearest": _dearest(plan),
            },
            "compared": _compared(plan),
        }
    )


def _step(node: Node) -> Json:
    step = node.part.step
    return {
        "address": step.address,
        "kind": step.kind,
        "agents": list(step.among)
        if step.dispatch is not None
        else [step.agent] * bool(step.agent),
        "case": node.part.case,
        "effects": effects(step),
        "level": node.level,
        "critical": node.critical,
        "needs": list(step.upstream),
        "times": node.part.turns,
        "takes": None if node.takes is None else dict(node.takes),
        "gives": dict(node.gives),
        "context": [_fit(fit) for fit in node.fits],
        "at_most": {**_most(node.part.most), "seconds": node.part.path},
        "budget": _kept(node.part.own),
        "run": None if node.part.run is None else _kept(node.part.run),
        "steps": [_step(inner) for inner in node.inside],
    }


def _fit(fit: Fit) -> Json:
    return {
        "agent": fit.agent,
        "model": fit.model,
        "verdict": fit.verdict,
        "tokens": fit.tokens,
        "window": fit.window,
        "unbounded": fit.field,
        "contract": {
            "given": fit.held.given,
            "lost": list(fit.held.lost),
            "why": fit.held.why,
        },
    }


def _dearest(plan: Overview) -> Json:
    if plan.dearest is None:
        return None
    what, way = plan.dearest
    return {"by": what, "path": [part.step.address for part in way]}


def _kept(kept: Kept) -> Json:
    return {
        "unbudgeted": {**_most(kept.needed), "seconds": kept.seconds},
        "held_by": dict(kept.held),
    }


def _most(most: Most) -> dict[str, Json]:
    seconds = ("work", "pauses")  # which are told as one figure, of all together
    plain = {
        name: _bound(bound)
        for name, bound in zip(most._fields[:-1], most[:-1], strict=True)
        if name not in seconds
    }
    return {**plain, "meters": {name: _bound(bound) for name, bound in most.meters.items()}}


def _bound(bound: Bound) -> Json:
    """`amount` is null where there is no bound; `unbounded` names the field that leaves it open."""
    return {
        "amount": None if bound.amount == inf else bound.amount,
        "unbounded": bound.field if bound.amount == inf else None,
    }


def _compared(plan: Overview) -> Json:
    if plan.alone is None:
        return None
    found = times(plan.worst.most, plan.alone.most)
    return {
        "baseline": plan.alone.baseline,
        "at_most": _most(plan.alone.most),
        "of": found[0] if found else None,
        "times": found[1] if found else None,
    }
