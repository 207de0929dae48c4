"""An agent has a `repair` setting that is never used.

An agent whose effects are `write` or `irreversible` has already acted when it answers. Asking it
again would act again, so it is not asked, and `repair` changes nothing. Programs, functions and
requests have the effect `write` unless they say otherwise. Take it out, or declare `effects: none`
if asking again does no harm.

Bad:

    agentflow: 1
    name: letters
    agents:
      counter:
        kind: command
        argv: [./count]
        repair: 1
        input: {type: object}
        output: {type: integer}
    steps:
      count: {agent: counter}
    outputs: {words: "${{ steps.count.output }}"}

Says:

    7:5 'repair' does nothing: the effects of 'counter' are 'write', and an agent that has acted is not asked again

Good:

    agentflow: 1
    name: letters
    agents:
      counter:
        kind: command
        argv: [./count]
        effects: none
        repair: 1
        input: {type: object}
        output: {type: integer}
    steps:
      count: {agent: counter}
    outputs: {words: "${{ steps.count.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family, Fixable
from agentflow.plan.calls import callers, calls_of
from agentflow.spec.document import Path
from agentflow.spec.fixes import without_entry
from agentflow.spec.wording import quoted

NAME = "unused-repair"
FAMILY = Family.RETRY
SEVERITY = Severity.WARNING
FIX = Fixable.UNSAFE


def check(context: Context) -> Iterator[Finding]:
    """Each `repair` that no call of its step or agent can make use of, once."""
    if context.plan is None:
        return
    found: dict[Path, tuple[str, str] | None] = {}
    calls = ((step, call) for step in callers(context.plan) for call in calls_of(step))
    for step, call in calls:
        if not call.repair:
            continue
        path: Path = (*step.path, "repair")
        if context.document.node(path) is None:
            path = ("agents", call.agent, "repair")
        if call.effects.repeatable:
            found[path] = None  # some step of this agent can
        else:
            found.setdefault(path, (call.agent, str(call.effects)))
    for path, idle in found.items():
        if idle is not None:
            agent, effects = idle
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"'repair' does nothing: the effects of {quoted(agent)} are"
                f" {quoted(effects)}, and an agent that has acted is not asked again",
                location=context.document.locate_key(path),
                help="take it out, or, if asking again does no harm, declare effects: none",
                fix=without_entry(context.document, path, title="take 'repair' out", safe=False),
            )
