"""A value does not always satisfy the contract of the agent or field that receives it.

What a step passes to an agent has the type that the contract of its producer declares, and every
such value has to satisfy the input contract of the agent. If none does, the call is refused in
every run. If some do not, it is refused on the day that one of them comes, and the finding shows
such a value. The same holds for what `catch` puts in the place of an output. Change one of the two
contracts, or convert the value.

Bad:

    agentflow: 1
    name: letters
    agents:
      counter:
        kind: command
        argv: [./count]
        effects: none
        input: {type: object}
        output:
          type: object
          additionalProperties: false
          required: [words]
          properties: {words: {type: string}}
      writer:
        kind: command
        argv: [./write]
        effects: none
        input:
          type: object
          additionalProperties: false
          required: [length]
          properties: {length: {type: integer}}
        output: {type: string}
    steps:
      count: {agent: counter}
      write: {agent: writer, with: {length: "${{ steps.count.output.words }}"}}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    26:46 'steps.count.output.words' is string, 'writer.input.length' wants integer

Good:

    agentflow: 1
    name: letters
    agents:
      counter:
        kind: command
        argv: [./count]
        effects: none
        input: {type: object}
        output:
          type: object
          additionalProperties: false
          required: [words]
          properties: {words: {type: integer}}
      writer:
        kind: command
        argv: [./write]
        effects: none
        input:
          type: object
          additionalProperties: false
          required: [length]
          properties: {length: {type: integer}}
        output: {type: string}
    steps:
      count: {agent: counter}
      write: {agent: writer, with: {length: "${{ steps.count.output.words }}"}}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Container, Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.first_rounds import AT_FIRST
from agentflow.lint.handoffs import Handoff, Handoffs, Source, way_text
from agentflow.lint.rule import Context, Family
from agentflow.plan.address import enclosing
from agentflow.plan.handoff_words import Breach
from agentflow.plan.handoffs import Effort, breaches
from agentflow.spec.document import Path
from agentflow.spec.wording import quoted

NAME = "incompatible-argument"
FAMILY = Family.CONTRACT
SEVERITY = Severity.ERROR

_ALWAYS = "hand over another value, or change one of the two contracts"


def check(context: Context) -> Iterator[Finding]:
    """Each argument, and each value of `catch`, that does not fit, or need not."""
    if context.plan is None:
        return
    handoffs = Handoffs(context.document, context.plan)
    effort = Effort()
    broken: set[tuple[Path, str]] = set()
    for handoff in handoffs:
        if (handoff.path, handoff.receiver) in broken:
            continue  # of the whole, a part is named already
        found = _found(context, handoffs, handoff, effort)
        if found:
            broken.add((handoff.path[:-1], handoff.receiver))
        yield from (finding for finding in found if finding.location not in context.misread)


def _found(context: Context, handoffs: Handoffs, handoff: Handoff, effort: Effort) -> list[Finding]:
    """What is wrong with a handoff: with each item that is written out in it, and with the whole."""
    items = list(handoff.items())
    found = [each for item in items for each in _found(context, handoffs, item, effort)]
    lists = {item.path if item.at else item.path[:-1] for item in items}
    found += _breaches(context, handoffs, handoff, effort, lists)
    for side in handoff.sides() if not found else ():
        found += _breaches(context, handoffs, side, effort)
    return found or list(_at_first(context, handoffs, handoff, effort))


def _breaches(
    context: Context,
    handoffs: Handoffs,
    handoff: Handoff,
    effort: Effort,
    lists: Container[Path] = (),
) -> Iterator[Finding]:
    """Each part of a handoff that does not fit, or of what it is on one side of a `? :`.

    Nothing is said of the items of `lists`, which are judged one by one.
    """
    given = context.types.of(handoff.template, handoff.place, handoff.given)
    for breach in breaches(given, handoff.wanted, effort):
        source = handoffs.source(handoff, breach.way)
        if source.way and source.path in lists:
            continue
        always = breach.always and not handoff.chosen
        if not always and not _may_come(context, source, breach):
            continue
        target = way_text((handoff.receiver, handoff.side, *handoff.field, *breach.way))
        yield Finding(
            rule=NAME,
            severity=SEVERITY if always else Severity.WARNING,
            message=f"{quoted(source.text)} {breach.found}, {quoted(target)} {breach.wanted}",
            location=handoffs.place_of(source),
            help=_ALWAYS if breach.never else _advice(source, target),
            related=handoffs.contracts(handoff, source, breach.way),
        )


def _at_first(
    context: Context, handoffs: Handoffs, handoff: Handoff, effort: Effort
) -> Iterator[Finding]:
    """Each part of a handoff that breaks in a loop's first iteration, whatever later ones give."""
    first = context.first_rounds.at(handoff.path, handoff.place)
    if first is None:
        return
    given = first.of(handoff.template, handoff.place, handoff.given)
    for breach in breaches(given, handoff.wanted, effort):
        if breach.always:
            source = handoffs.source(handoff, breach.way)
            target = way_text((handoff.receiver, handoff.side, *handoff.field, *breach.way))
            told = f"{quoted(source.text)} {breach.found}, {quoted(target)} {breach.wanted}"
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"in the first iteration, {told}",
                location=handoffs.place_of(source),
                help=AT_FIRST,
                related=handoffs.contracts(handoff, source, breach.way),
            )


def _may_come(context: Context, source: Source, breach: Breach) -> bool:
    """Is there nothing that keeps such a value from being handed on?

    What a condition lets through, or an operator makes, is for the author to know, unless it never
    fits. So is what happens if a call is refused, where `catch` says it.
    """
    assert context.plan is not None
    around = (context.plan.steps.get(at) for at in enclosing(source.place))
    catches = (step.catch.get("rejected") for step in around if step is not None)
    if any(action is not None and action.action != "fail" for action in catches):
        return False
    return breach.never or (
        context.types.exact(source.template, source.place, source.given)
        and not any(context.guards.narrow(use, inside=bool(source.way)) for use in source.uses)
    )


def _advice(source: Source, target: str) -> str:
    if source.is_reference:
        return f"narrow what {quoted(source.text)} can be, or widen what {quoted(target)} takes"
    return f"write a value that {quoted(target)} takes"
