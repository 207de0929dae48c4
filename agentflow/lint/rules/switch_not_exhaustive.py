"""A switch has no case for a possible value, and no `default`.

When that value comes, the run fails at the switch. If the value is one of a list of choices, each
of them needs a case, or there has to be a `default`; if it is free text, only a `default` will do.
A model that answers with a label nobody thought of is the most common way for a router to break.

Bad:

    agentflow: 1
    name: letters
    agents:
      classifier:
        kind: command
        argv: [./classify]
        effects: none
        input: {type: object}
        output:
          type: object
          additionalProperties: false
          required: [kind]
          properties: {kind: {enum: [refund, question]}}
    steps:
      classify: {agent: classifier}
      act:
        switch: "${{ steps.classify.output.kind }}"
        cases:
          refund: {output: {desk: billing}}
    outputs: {desk: "${{ steps.act.output.desk }}"}

Says:

    17:5 no case for 'question', and no 'default'

Good:

    agentflow: 1
    name: letters
    agents:
      classifier:
        kind: command
        argv: [./classify]
        effects: none
        input: {type: object}
        output:
          type: object
          additionalProperties: false
          required: [kind]
          properties: {kind: {enum: [refund, question]}}
    steps:
      classify: {agent: classifier}
      act:
        switch: "${{ steps.classify.output.kind }}"
        cases:
          refund: {output: {desk: billing}}
          question: {output: {desk: support}}
    outputs: {desk: "${{ steps.act.output.desk }}"}
"""

from collections.abc import Iterator

from agentflow.contracts.describe import listed
from agentflow.contracts.keywords import Schema
from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.plan.cases import label_of
from agentflow.plan.schemas import Contract, past_references, values_of
from agentflow.spec.wording import quoted

NAME = "switch-not-exhaustive"
FAMILY = Family.GRAPH
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each switch without `default` whose cases do not cover what it may come to."""
    if context.plan is None:
        return
    for step in context.plan.steps.values():
        if step.switch is None or step.default is not None:
            continue
        labels = context.traces.labels(step.switch, step.address)
        if labels.broken:
            continue
        known = labels.known
        if known is None:
            known = _labels(context.types.of(step.switch, step.address))
        if known is None:
            message = "the value may be none of the cases, and there is no 'default'"
            advice = "add a 'default', or make the value an 'enum' in its contract"
        else:
            missing = [label for label in known if label not in step.cases]
            if not missing:
                continue
            message = f"no case for {listed(map(quoted, missing), 'or')}, and no 'default'"
            advice = "add the case, or a 'default'"
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=message,
            location=context.document.locate_key((*step.path, "switch")),
            help=advice,
        )


def _labels(switched: Schema) -> tuple[str, ...] | None:
    """The labels of all that a type allows, if it names its values, in alternatives or not."""
    found: dict[str, None] = {}
    pending = [switched]
    while pending:
        contract = Contract(pending.pop(), switched)
        schema = past_references(contract)
        if not isinstance(schema, dict):
            return None
        options = next((schema[word] for word in ("anyOf", "oneOf") if word in schema), None)
        values = values_of(contract)
        if values is None and options is None:
            return None
        if values is None:
            pending.extend(reversed(options or ()))
        else:
            labels = map(label_of, values)
            found.update((label, None) for label in labels if label is not None)
    return tuple(found)
