"""Two agents differ only in their names.

Readers of the spec take them for two agents with two opinions, and whoever changes one forgets the
other. Keep one of them: any number of steps can call the same agent, each with a name of its own.

Bad:

    agentflow: 1
    name: letters
    inputs: {type: object, required: [text], properties: {text: {type: string, maxLength: 4000}}}
    contracts:
      Verdict: {type: object, required: [good], properties: {good: {type: boolean}}}
      Text: {type: object, required: [text], properties: {text: {type: string, maxLength: 4000}}}
    agents:
      tone_judge: {kind: command, argv: [./judge], effects: none, input: Text, output: Verdict}
      fact_judge: {kind: command, argv: [./judge], effects: none, input: Text, output: Verdict}
    steps:
      tone: {agent: tone_judge, with: {text: "${{ inputs.text }}"}}
      facts: {agent: fact_judge, with: {text: "${{ inputs.text }}"}}
    outputs: {good: "${{ steps.tone.output.good && steps.facts.output.good }}"}

Says:

    9:3 'fact_judge' is the same as 'tone_judge' in all but its name

Good:

    agentflow: 1
    name: letters
    inputs: {type: object, required: [text], properties: {text: {type: string, maxLength: 4000}}}
    contracts:
      Verdict: {type: object, required: [good], properties: {good: {type: boolean}}}
      Text: {type: object, required: [text], properties: {text: {type: string, maxLength: 4000}}}
    agents:
      tone_judge: {kind: command, argv: [./judge, --tone], effects: none, input: Text, output: Verdict}
      fact_judge: {kind: command, argv: [./judge, --facts], effects: none, input: Text, output: Verdict}
    steps:
      tone: {agent: tone_judge, with: {text: "${{ inputs.text }}"}}
      facts: {agent: fact_judge, with: {text: "${{ inputs.text }}"}}
    outputs: {good: "${{ steps.tone.output.good && steps.facts.output.good }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.rule import Context, Family
from agentflow.spec.wording import quoted

NAME = "twin-agents"
FAMILY = Family.ECONOMY
SEVERITY = Severity.ADVICE


def check(context: Context) -> Iterator[Finding]:
    """Each agent that is as one before it; what its `description` says counts as well."""
    if context.pipeline is None:
        return
    first: dict[str, str] = {}
    for name, agent in context.pipeline.agents.items():
        twin = first.setdefault(repr(agent), name)  # all that the model of an agent has
        if twin == name:
            continue
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{quoted(name)} is the same as {quoted(twin)} in all but its name",
            location=context.document.locate_key(("agents", name)),
            help=f"let the steps of both call {quoted(twin)}, or tell them apart",
            related=(
                Related("the other agent is here", context.document.locate_key(("agents", twin))),
            ),
        )
