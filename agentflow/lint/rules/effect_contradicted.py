"""A request or a command changes something, but its declared effects say that it does not.

What only reads may be repeated after a failure, needs no key and no gate, and is called by
simulated and resumed runs as often as they like. `PUT`, `PATCH` and `DELETE` change what is there:
declare `idempotent` if doing it twice is the same as doing it once, and `write` or `irreversible`
if it is not. A `POST`, which is also what is sent without a `method`, may be a search. So if it is
declared as `read`, this is advice, and nothing is reported if the agent's name or the address asks
for something, as `search` does. Elsewhere say so:
`# agentflow: ignore[effect-contradicted] it is a search`. Well-known programs are judged by their
arguments: `git push`, `psql -c "DELETE …"`, `curl -X PUT`. Tools of a server are judged by their
name, such as `send_message`, which is advice.

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

import re
from collections.abc import Iterator

from msgspec import Struct

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.commands import deed, request_method
from agentflow.lint.rule import Context, Family
from agentflow.plan.steps import Plan
from agentflow.spec.document import Path
from agentflow.spec.model import Agent, Effects
from agentflow.spec.wording import quoted

NAME = "effect-contradicted"
FAMILY = Family.EFFECT
SEVERITY = Severity.WARNING

_CHANGES = ("PUT", "PATCH", "DELETE")
_HARMLESS = (Effects.NONE, Effects.READ)
#: Names of tools that say what these do to what a server keeps.
_ACTS = re.compile(
    r"(?:delete|merge|move|publish|push|remove|send|upload|write)_[a-z_]+"
    r"|create_(?:branch|comment|event|issue|order|page|payment|pull_request|release|repository|ticket)"
)

#: Names and addresses of services that are asked by a POST, since a question may be long.
_ASKS = re.compile(
    r"(?i)(?:ask|calculat|check|classif|compar|detect|embed|estimat|extract|fetch|find|get|graphql|infer"
    r"|list|look|match|predict|quer|quot|rank|read|retriev|score|scor|search|summar|translat|validat|verif)"
)

_ADVICE = "say what it does: 'idempotent', 'write' or 'irreversible'"
_ASKING = (
    "say what it does: 'read' if it only asks, or else 'idempotent', 'write' or 'irreversible'"
)
_SEARCH = f"{_ADVICE}; or say '# agentflow: ignore[{NAME}] it is a search' on this line"
#: What tells of a deed, by its key.
_SHOWS = {"method": "the method", "argv": "what it runs", "tool": "the tool"}


class _Deed(Struct, frozen=True):
    """What an agent does, in words, and the key of it that says so."""

    said: str
    key: str
    severity: Severity
    may_search: bool = False


def check(context: Context) -> Iterator[Finding]:
    """Each agent and step that says of what changes something that it does not."""
    plan = context.plan
    if plan is None:
        return
    for owner, name, effects in _said(plan):
        path = (*owner, "effects")
        if context.document.node(path) is None or effects not in _HARMLESS:
            continue
        found = _deed(name, plan.pipeline.agents[name], effects)
        if found is not None:
            yield Finding(
                rule=NAME,
                severity=found.severity,
                message=f"{quoted(name)} {found.said}, and its effects are {quoted(effects)}",
                location=context.document.locate(path),
                help=_help(found, effects),
                related=(_shown_by(context, name, found.key),),
            )


def _said(plan: Plan) -> Iterator[tuple[Path, str, Effects]]:
    """What is said of the effects of agents: by themselves, and by the steps that call them."""
    for name, agent in plan.pipeline.agents.items():
        if agent.effects is not None:
            yield ("agents", name), name, agent.effects
    for step in plan.steps.values():
        if step.call is not None and step.call.agent in plan.pipeline.agents:
            yield step.path, step.call.agent, step.call.effects


def _help(found: _Deed, effects: Effects) -> str:
    if found.may_search:
        return _SEARCH if effects is Effects.READ else _ASKING
    return _ADVICE


def _shown_by(context: Context, agent: str, key: str) -> Related:
    written = ("agents", agent, key)
    if context.document.node(written) is None:
        return Related("a POST without 'method'", context.document.locate_key(("agents", agent)))
    return Related(_SHOWS[key], context.document.locate(written))


def _deed(name: str, agent: Agent, effects: Effects) -> _Deed | None:
    """What an agent is seen to do."""
    argv = getattr(agent, "argv", None) or ()
    method = getattr(agent, "method", None) or (request_method(argv) if argv else None)
    severity = _severity(method, effects)
    may_search = method == "POST"
    if (
        effects is Effects.READ
        and may_search
        and (_ASKS.search(name) or _ASKS.search(str(getattr(agent, "url", ""))))
    ):
        return None
    if severity is not None:
        return _Deed(f"sends a {method}", "argv" if argv else "method", severity, may_search)
    known = deed(argv) if argv else None
    if known is not None:
        return _Deed(f"runs {quoted(known)}", "argv", SEVERITY)
    tool = getattr(agent, "tool", None)
    if isinstance(tool, str) and _ACTS.fullmatch(tool):
        return _Deed(f"calls {quoted(tool)}", "tool", Severity.ADVICE)
    return None


def _severity(method: str | None, effects: Effects) -> Severity | None:
    if method in _CHANGES:
        return SEVERITY
    if method == "POST":
        return Severity.ADVICE if effects is Effects.READ else SEVERITY
    return None
