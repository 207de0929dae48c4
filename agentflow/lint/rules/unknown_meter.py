"""An agent charges a meter that no budget bounds, although other meters are bounded.

What an agent charges to a meter that nobody bounds is not counted anywhere. If the pipeline bounds
other meters, one of them was probably meant. Agents of a pipeline without meters may be bounded by
whoever runs it, so they are not reported.

Bad:

    agentflow: 1
    name: desk
    budget: {meters: {trade_usd: 5000}}
    agents:
      broker:
        kind: command
        argv: [./buy]
        input: {type: object, required: [usd], properties: {usd: {type: number}}}
        output: {type: string}
        charges: {trades_usd: "${{ input.usd }}"}
      clerk:
        kind: command
        argv: [./note]
        input: {type: object, required: [text], properties: {text: {type: string}}}
        output: {type: string}
        charges: {trade_usd: 1}
    steps:
      buy: {agent: broker, with: {usd: 100}}
      note: {agent: clerk, with: {text: "${{ steps.buy.output }}"}}
    outputs: {noted: "${{ steps.note.output }}"}

Says:

    10:15 no budget bounds meter 'trades_usd'

Good:

    agentflow: 1
    name: desk
    budget: {meters: {trade_usd: 5000}}
    agents:
      broker:
        kind: command
        argv: [./buy]
        input: {type: object, required: [usd], properties: {usd: {type: number}}}
        output: {type: string}
        charges: {trade_usd: "${{ input.usd }}"}
      clerk:
        kind: command
        argv: [./note]
        input: {type: object, required: [text], properties: {text: {type: string}}}
        output: {type: string}
        charges: {trade_usd: 1}
    steps:
      buy: {agent: broker, with: {usd: 100}}
      note: {agent: clerk, with: {text: "${{ steps.buy.output }}"}}
    outputs: {noted: "${{ steps.note.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.budgets import bounds
from agentflow.lint.names import Suggestions
from agentflow.lint.rule import Context, Family
from agentflow.spec.wording import quoted

NAME = "unknown-meter"
FAMILY = Family.REFERENCE
SEVERITY = Severity.WARNING

_METERS = "meters."


def check(context: Context) -> Iterator[Finding]:
    """Each charge to a meter that is not among those that are bounded."""
    if context.plan is None:
        return
    whats = (bound.what for bound in bounds(context.plan))
    known = {what.removeprefix(_METERS) for what in whats if what.startswith(_METERS)}
    suggestions = Suggestions()
    for name, agent in context.plan.pipeline.agents.items():
        for meter in agent.charges if known else ():
            if meter not in known:
                yield Finding(
                    rule=NAME,
                    severity=SEVERITY,
                    message=f"no budget bounds meter {quoted(meter)}",
                    location=context.document.locate_key(("agents", name, "charges", meter)),
                    help=suggestions.help(meter, known, "give it a bound under 'budget.meters'"),
                )
