"""Two conditions meet at a number that satisfies both of them, or neither.

One step is for scores above 50 and the other for those below, and a score of 50 goes nowhere; or
`>= 50` and `<= 50` let both run, and what should be done once is done twice. No run fails, and the
number is rare enough that no test has it. The same holds for a number for which a step does not run
by itself, and about which people are not asked either. If nothing is done for the number, this is
advice, since it may be intended: then say so with a step for this number, or a `switch` with a
`default`.

Bad:

    agentflow: 1
    name: applications
    inputs: {type: object, required: [text], properties: {text: {type: string}}}
    agents:
      scorer:
        kind: command
        argv: [./score]
        effects: none
        input: {type: object}
        output: {type: object, required: [score], properties: {score: {type: integer, minimum: 0, maximum: 100}}}
      desk: {kind: command, argv: [./desk], effects: write, input: {type: object}, output: {type: string}}
    steps:
      score: {agent: scorer, with: {text: "${{ inputs.text }}"}}
      invite: {when: steps.score.output.score >= 50, agent: desk, with: {do: invite}}
      refuse: {when: steps.score.output.score <= 50, agent: desk, with: {do: refuse}}

Says:

    15:18 'refuse' and 'invite' both run where 'steps.score.output.score' is 50

Good:

    agentflow: 1
    name: applications
    inputs: {type: object, required: [text], properties: {text: {type: string}}}
    agents:
      scorer:
        kind: command
        argv: [./score]
        effects: none
        input: {type: object}
        output: {type: object, required: [score], properties: {score: {type: integer, minimum: 0, maximum: 100}}}
      desk: {kind: command, argv: [./desk], effects: write, input: {type: object}, output: {type: string}}
    steps:
      score: {agent: scorer, with: {text: "${{ inputs.text }}"}}
      invite: {when: steps.score.output.score >= 50, agent: desk, with: {do: invite}}
      refuse: {when: steps.score.output.score < 50, agent: desk, with: {do: refuse}}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.bands import meetings
from agentflow.lint.rule import Context, Family
from agentflow.spec.wording import quoted

NAME = "blurred-boundary"
FAMILY = Family.GRAPH
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each number at which two steps both run, or none."""
    if context.plan is None:
        return
    for found in meetings(context):
        lower, upper = quoted(found.lower.step.id), quoted(found.upper.step.id)
        where = f"where {quoted(found.lower.text)} is {found.number:,.12g}"
        conditions = [(*band.step.path, "when") for band in (found.lower, found.upper)]
        first, last = sorted(map(context.document.locate, conditions), key=lambda at: at.span)
        yield Finding(
            rule=NAME,
            severity=SEVERITY if found.twice else Severity.ADVICE,
            message=f"{lower} and {upper} both run {where}"
            if found.twice
            else f"neither {lower} nor {upper} runs {where}",
            location=last,
            help="leave the number to one of them: '<' goes with '>='"
            if found.twice
            else "give the number to one of them: '<' goes with '>='",
            related=(Related("the other condition is here", first),),
        )
