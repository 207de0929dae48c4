"""The receipt of a drill: what became of the claims of a spec, and which spec that was.

It is a file beside the spec, `NAME.drill.json`, and belongs in version control. Nothing in it
depends on the machine or the time. `digest` covers all that a drill looks at; the digest of a step
covers the step itself, what is inside it and whom it calls or asks. Comments, layout, the order of
keys, defaults that are written out, text for people or models, and tests change neither.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct, field

from agentflow.drill.carriers import Carrier
from agentflow.drill.claims import Claim, claims_of
from agentflow.drill.report import FAILED, Drill, Status
from agentflow.plan.calls import calls_of, plans_within, possible_calls, tools_of
from agentflow.plan.steps import CallPlan, EscalationPlan, Plan, StepPlan
from agentflow.spec.document import Path
from agentflow.spec.model import Json, Node, Pipeline
from agentflow.spec.shape import keys_of

FORMAT = 1
#: What of a spec is for people, for models, or for tests.
_LEFT_OUT = frozenset(
    {
        "description",
        "instructions",
        "prompt",
        "tests",
        "pattern",
        "why_multi_agent",
        "channels",
        "who",
    }
)


class StepReceipt(Struct, frozen=True):
    """What became of the claims of a step, by the rest of their names."""

    digest: str
    claims: dict[str, Status]


class Receipt(Struct, frozen=True):
    """What became of a spec, by the names of its steps."""

    format: int
    digest: str
    steps: dict[str, StepReceipt] = field(default_factory=dict)


class NoReceipt(Exception):
    """A text is no receipt that can be read; says why."""


class Drilled(Struct, frozen=True):
    """What is known of the last drill of a spec: its receipt, or the `problem` with the file."""

    file: str
    receipt: Receipt | None
    problem: str | None = None


def receipt_of(plan: Plan, drill: Drill) -> Receipt:
    """The receipt of a drill of a plan."""
    _, steps = claims_of(plan)
    found: dict[str, dict[str, Status]] = {}
    for outcome in drill.outcomes:
        name = outcome.claim.step
        found.setdefault(name, {})[_short(outcome.claim)] = outcome.status
    return Receipt(
        FORMAT,
        digest_of(plan),
        {name: StepReceipt(digest_of_step(steps, name), claims) for name, claims in found.items()},
    )


def written(receipt: Receipt) -> str:
    """The text of a receipt, a line for each claim."""
    return json.dumps(msgspec.to_builtins(receipt), indent=2, ensure_ascii=False) + "\n"


def read(text: str) -> Receipt:
    """The receipt that a text holds; raises `NoReceipt`."""
    try:
        head = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise NoReceipt(f"is no JSON: {error}") from error
    except RecursionError as error:
        raise NoReceipt("is nested too deep") from error
    form = head.get("format") if isinstance(head, dict) else None
    if form != FORMAT:
        raise NoReceipt(f"is no receipt of format {FORMAT}")
    try:
        return msgspec.convert(head, Receipt)
    except msgspec.ValidationError as error:
        raise NoReceipt(f"is no receipt: {error}") from error


# --- comparing -----------------------------------------------------------------------------

Kind: TypeAlias = Literal["changed", "new", "gone", "around", "failed"]


class Discrepancy(Struct, frozen=True):
    """What a receipt and a spec do not agree on, or what the drill has found.

    A step has `changed`, is `new` or `gone`, or only something `around` the steps is different;
    `added` and `lost` are the claims of a changed step that it has now, and had. A claim has
    `failed`.
    """

    kind: Kind
    step: str
    claim: Claim | None = None
    status: Status | None = None
    added: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


def compare(plan: Plan, receipt: Receipt) -> Iterator[Discrepancy]:
    """What is out of order in a plan by its receipt: now, or already when it was drilled."""
    claims, steps = claims_of(plan)
    of_step: dict[str, list[Claim]] = {}
    for claim in claims:
        of_step.setdefault(claim.step, []).append(claim)
    stale = False
    for name, own in of_step.items():
        known = receipt.steps.get(name)
        if known is None:
            yield Discrepancy("new", name)
        elif known.digest != digest_of_step(steps, name) or {*_names(own)} != {*known.claims}:
            now, then = _names(own), list(known.claims)
            added = tuple(each for each in now if each not in then)
            lost = tuple(each for each in then if each not in now)
            yield Discrepancy("changed", name, added=added, lost=lost)
        else:
            yield from _failed(own, known)
            continue
        stale = True
    for name in receipt.steps:
        if name not in of_step:
            stale = True
            yield Discrepancy("gone", name)
    if not stale and receipt.digest != digest_of(plan):
        yield Discrepancy("around", "")


def held(plan: Plan, receipt: Receipt) -> Iterator[Claim]:
    """The claims that a drill has shown to hold, of steps that have not changed since."""
    claims, steps = claims_of(plan)
    fresh = {
        name: known.claims
        for name, known in receipt.steps.items()
        if name in steps and known.digest == digest_of_step(steps, name)
    }
    for claim in claims:
        if fresh.get(claim.step, {}).get(_short(claim)) == "held":
            yield claim


def _failed(claims: Iterable[Claim], known: StepReceipt) -> Iterator[Discrepancy]:
    for claim in claims:
        status = known.claims[_short(claim)]
        if status in FAILED:
            yield Discrepancy("failed", claim.step, claim, status)


def _names(claims: Iterable[Claim]) -> list[str]:
    return [_short(claim) for claim in claims]


def _short(claim: Claim) -> str:
    """The name of a claim without that of its step."""
    return claim.name.removeprefix(f"{claim.step}.")


# --- digests -------------------------------------------------------------------------------


def digest_of(plan: Plan) -> str:
    """What a drill looks at in a plan and the pipelines that it runs."""
    return _digest(
        {
            each.file if each is not plan else "": [_data(each.pipeline), dict(each.files)]
            for each in plans_within(plan)
        }
    )


def digest_of_step(steps: Mapping[str, Carrier], name: str) -> str:
    """What a step is, with what is inside of it and whom these call and turn to."""
    carrier = steps[name]
    pipeline = carrier.plan.pipeline
    inside = [carrier]
    if carrier.has_inside:
        inside += [other for other in steps.values() if carrier.at(other.pattern)]
    own = [each.step for each in inside if each.plan is carrier.plan]
    agents = sorted({call.agent for step in own for call in _calls_within(step)})
    known = {name: pipeline.agents[name] for name in agents if name in pipeline.agents}
    # What a tool says itself of its approval is part of its agent.
    named = {plan.name for step in own for plan in _escalations(step)}
    turned_to = named.intersection(pipeline.escalations)
    told = {
        "step": _data(_at(pipeline, carrier.step.path)),
        "agents": {name: _data(agent) for name, agent in known.items()},
        "escalations": {name: _data(pipeline.escalations[name]) for name in turned_to},
    }
    others = (each.plan for each in inside if each.plan is not carrier.plan)
    return _digest(
        {
            **told,
            "retries": _named(told, pipeline.retries),
            "models": _named(told, pipeline.models),
            "inside": {other.file: digest_of(other) for other in others},
        }
    )


def _named(told: Json, defined: Mapping[str, Node]) -> dict[str, Json]:
    """What is defined under a mentioned name, and under the names mentioned there, and so on."""
    found: dict[str, Json] = {}
    pending = [told]
    while pending:
        for name in {*_texts(pending.pop())} & (defined.keys() - found.keys()):
            found[name] = _data(defined[name])
            pending.append(found[name])
    return found


def _texts(data: Json) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for part in data.values():
            yield from _texts(part)
    elif isinstance(data, list):
        for part in data:
            yield from _texts(part)


def _calls_within(step: StepPlan) -> Iterator[CallPlan]:
    yield from possible_calls(step)
    for tool in tools_of(step):
        yield from calls_of(tool)


def _escalations(step: StepPlan) -> Iterator[EscalationPlan]:
    plans = [action.escalation for action in step.catch.values()]
    yield from (plan for plan in (*plans, step.approval) if plan is not None)


def _at(pipeline: Pipeline, path: Path) -> Json:
    """The part of a pipeline at a path of its document."""
    part: Json = pipeline
    for key in path:
        if isinstance(part, Node):
            part = getattr(part, keys_of(type(part))[str(key)].name)
        else:
            part = part[key]
    return part


def _data(part: Json) -> Json:
    """A part of a pipeline as plain data, without what does not matter or goes without saying."""
    if isinstance(part, Node):
        return {
            key: _data(value)
            for key, known in keys_of(type(part)).items()
            if key not in _LEFT_OUT and (value := getattr(part, known.name)) != known.default
        }
    if isinstance(part, Mapping):
        return {key: _data(value) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [_data(value) for value in part]
    return part


def _digest(data: Json) -> str:
    text = json.dumps(data, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
