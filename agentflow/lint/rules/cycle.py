"""Steps wait for each other in a cycle.

None of them could ever start. Write a refinement that is repeated as a `loop`, with a bound; a step
that only looks back at an earlier one can read the output of that step.

Bad:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      draft: {agent: writer, with: {hint: "${{ steps.polish.output }}"}}
      polish: {agent: writer, with: {text: "${{ steps.draft.output }}"}}
    outputs: {letter: "${{ steps.polish.output }}"}

Says:

    11:3 'draft' waits for 'polish', which waits for 'draft'

Good:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      draft: {agent: writer}
      polish: {agent: writer, with: {text: "${{ steps.draft.output }}"}}
    outputs: {letter: "${{ steps.polish.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Location, Related, Severity
from agentflow.lint.rule import Context, Family
from agentflow.plan import address
from agentflow.plan.address import enclosing
from agentflow.plan.graph import cycles
from agentflow.plan.steps import Plan
from agentflow.spec.document import Document
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import Scalar, Sequence

NAME = "cycle"
FAMILY = Family.GRAPH
SEVERITY = Severity.ERROR

#: A longer circle is not spelled out.
_MOST_NAMED = 8


def check(context: Context) -> Iterator[Finding]:
    """Each circle once, at the first of its steps, with the places that make it."""
    if context.plan is None:
        return
    graph = {
        at: [
            address.child(address.parent(at) or "", other)
            for other in step.upstream
            if other != step.id
        ]
        for at, step in context.plan.steps.items()
    }
    found = list(cycles(graph))
    waits = _waits(context.document, context.plan, {at for cycle in found for at in cycle})
    for cycle in found:
        edges = zip(cycle, (*cycle[1:], cycle[0]), strict=True)
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=_message(cycle),
            location=context.document.locate_key(context.plan.steps[cycle[0]].path),
            help="take one of these references out",
            related=tuple(
                Related(f"{quoted(one)} waits for {quoted(other)} here", waits[one, other])
                for one, other in edges
            ),
        )


def _message(cycle: tuple[str, ...]) -> str:
    named = [quoted(at) for at in cycle[:_MOST_NAMED]]
    if len(cycle) > _MOST_NAMED:
        named.append(f"{len(cycle) - _MOST_NAMED} more one after the other")
    named.append(quoted(cycle[0]))
    return f"{named[0]} waits for {', which waits for '.join(named[1:])}"


def _waits(document: Document, plan: Plan, involved: set[str]) -> dict[tuple[str, str], Location]:
    """For each pair of steps on a circle, the first place that makes one wait for the other."""
    places: dict[tuple[str, str], Location] = {}
    for use in plan.uses:
        if use.target not in involved:
            continue
        home = address.parent(use.target)
        for at in enclosing(use.reader):
            if at in involved and address.parent(at) == home and (at, use.target) not in places:
                places[at, use.target] = document.in_string(use.path, use.start, use.end)
    for at in involved:
        needs = document.node((*plan.steps[at].path, "needs"))
        for item in needs.items if isinstance(needs, Sequence) else ():
            if isinstance(item, Scalar):
                awaited = address.child(address.parent(at) or "", item.text)
                places.setdefault((at, awaited), Location(document.file, item.span))
    return places
