"""A request changes something by its method, and its effects say that it does not.

What only reads may be made again after a failure, needs no key and no gate, and is called by a simulated or
resumed run as often as it likes. `PUT`, `PATCH` and `DELETE` change what is there: `idempotent` where doing
it twice is the same as doing it once, `write` or `irreversible` where it is not. A `POST` may be a search, so
of one that says `read` this is advice, and only if it is written.

Bad:

    agentflow: 1
    name: letters
    inputs: {type: object, additionalProperties: false, required: [id], properties: {id: {type: string, maxLength: 20}}}
    agents:
      shredder:
        kind: http
        url: https://letters.example/${{ input.id }}
        method: DELETE
        effects: read
        input: {type: object, additionalProperties: false, required: [id], properties: {id: {type: string}}}
        output: {type: object}
    steps:
      shred: {agent: shredder, with: {id: "${{ inputs.id }}"}}
    outputs: {done: "${{ steps.shred.output }}"}

Says:

    9:14 'shredder' sends a DELETE, and its effects are 'read'

Good:

    agentflow: 1
    name: letters
    inputs: {type: object, additionalProperties: false, required: [id], properties: {id: {type: string, maxLength: 20}}}
    agents:
      shredder:
        kind: http
        url: https://letters.example/${{ input.id }}
        method: DELETE
        effects: idempotent
        input: {type: object, additionalProperties: false, required: [id], properties: {id: {type: string}}}
        output: {type: object}
    steps:
      shred: {agent: shredder, with: {id: "${{ inputs.id }}"}}
    outputs: {done: "${{ steps.shred.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.rule import Context, Family
from agentflow.plan.steps import Path, Plan
from agentflow.spec.model import Effects
from agentflow.spec.wording import quoted

NAME = "effect-contradicted"
FAMILY = Family.EFFECT
SEVERITY = Severity.WARNING

_CHANGES = ("PUT", "PATCH", "DELETE")
_HARMLESS = (Effects.NONE, Effects.READ)


def check(context: Context) -> Iterator[Finding]:
    """Each agent and step that says of a request which changes something that it does not."""
    plan = context.plan
    if plan is None:
        return
    agents = plan.pipeline.agents.items()
    methods = {name: getattr(agent, "method", None) for name, agent in agents}
    for owner, name, effects in _said(plan):
        path, written = (*owner, "effects"), ("agents", name, "method")
        node = context.document.node(path)
        if node is None or effects not in _HARMLESS or context.document.node(written) is None:
            continue
        severity = _severity(methods[name], effects)
        if severity is not None:
            yield Finding(
                rule=NAME,
                severity=severity,
                message=f"{quoted(name)} sends a {methods[name]}, and its effects are"
                f" {quoted(effects)}",
                location=context.document.locate(path),
                help="say what it does: 'idempotent', 'write' or 'irreversible'",
                related=(Related("the method", context.document.locate(written)),),
            )


def _said(plan: Plan) -> Iterator[tuple[Path, str, Effects | None]]:
    """What is said of the effects of agents: by themselves, and by the steps that call them."""
    for name, agent in plan.pipeline.agents.items():
        yield ("agents", name), name, agent.effects
    for step in plan.steps.values():
        if step.call is not None:
            yield step.path, step.call.agent, step.call.effects


def _severity(method: str | None, effects: Effects) -> Severity | None:
    if method in _CHANGES:
        return SEVERITY
    if method == "POST" and effects is Effects.READ:
        return Severity.ADVICE
    return SEVERITY if method == "POST" else None
