"""Something that looks like a reference is plain text and is never evaluated.

An expression is written in `${{ }}`, and everything else is text. `{inputs.topic}`, `{{ topic }}`
and `steps.draft.output` are sent to the model, or put into the output, letter by letter, and
nothing complains. So are `${ inputs.topic }`, with one brace, and what other tools would evaluate:
`$steps.draft.output`, `$(…)`, `{% … %}`, `<% … %>`, `=steps.draft.output`. `instructions`, `argv`
and `env` take no expressions at all: data belongs in the prompt, or in the input, which a command
reads. Nor is there a shell to expand `$NAME` in `argv`, `env` or `headers`; `{secret: NAME}` takes
it from the environment.

Where text is not accepted, such as for a number or a list, this is an error: every run fails there.

Bad:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [topic]
      properties: {topic: {type: string, maxLength: 200}}
    agents:
      writer:
        kind: llm
        model: openai/gpt-5-mini
        instructions: Write a letter.
        prompt: "A letter about {topic}, please."
        input: {type: object, required: [topic], properties: {topic: {type: string, maxLength: 200}}}
        output: {type: string, maxLength: 2000}
    steps:
      write: {agent: writer, with: {topic: "${{ inputs.topic }}"}}
      polish: {agent: writer, with: {topic: "politeness in: {{ steps.write.output }}"}}
    outputs: {letter: steps.write.output, polished: "${{ steps.polish.output }}"}

Says:

    13:29 '{topic}' is sent as it stands: it is text, and no expression
    18:57 '{{ steps.write.output }}' is sent as it stands: it is text, and no expression
    19:19 'steps.write.output' is sent as it stands: it is text, and no expression

Good:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [topic]
      properties: {topic: {type: string, maxLength: 200}}
    agents:
      writer:
        kind: llm
        model: openai/gpt-5-mini
        instructions: Write a letter.
        prompt: "A letter about ${{ input.topic }}, please."
        input: {type: object, required: [topic], properties: {topic: {type: string, maxLength: 200}}}
        output: {type: string, maxLength: 2000}
    steps:
      write: {agent: writer, with: {topic: "${{ inputs.topic }}"}}
      polish: {agent: writer, with: {topic: "politeness in: ${{ steps.write.output }}"}}
    outputs: {letter: "${{ steps.write.output }}", polished: "${{ steps.polish.output }}"}
"""

import json
import re
from collections.abc import Iterator

from agentflow.findings import Finding, Location, Severity
from agentflow.lint.commands import SHELLS
from agentflow.lint.handoffs import Handoffs
from agentflow.lint.rule import Context, Family
from agentflow.lint.texts import Written, texts_at
from agentflow.plan.handoffs import Effort, breaches
from agentflow.spec.document import Document, Path
from agentflow.spec.model import Pipeline
from agentflow.spec.wording import quoted

NAME = "reference-as-text"
FAMILY = Family.REFERENCE
SEVERITY = Severity.WARNING

#: Variables of a shell where there is none to expand them: `$TOKEN`, `Bearer ${TOKEN}`.
_IN_ARGUMENT = re.compile(r"(?:\A|(?<==))\$\{?(?P<name>[A-Z][A-Z0-9_]*)\}?(?=\Z|/)")
_IN_VALUE = re.compile(r"(?<!\$)\$(?:\{(?P<name>[A-Z][A-Z0-9_]*)\}|(?P<bare>[A-Z][A-Z0-9_]*)\b)")


def check(context: Context) -> Iterator[Finding]:
    """Each text that spells out a reference and does not make one."""
    refused = _refused(context) if context.plain_references else frozenset()
    for plain in context.plain_references:
        advice = f'for what it leads to write "{plain.expression}"'
        key = plain.text.path[2:3]
        if "instructions" in plain.text.path:
            advice = (
                "'instructions' hold no expressions: " + f"write {plain.expression} in 'prompt'"
            )
        elif plain.text.path[0] == "agents" and key not in (("prompt",), ("url",)):
            advice = (
                f"{quoted(str(*key))} holds no expressions: what the agent is given is its input"
            )
        yield Finding(
            rule=NAME,
            severity=Severity.ERROR
            if context.document.locate(plain.text.path) in refused
            else SEVERITY,
            message=f"{quoted(plain.shown)} is sent as it stands: it is text, and no expression",
            location=plain.text.place(context.document, plain.found),
            help=advice,
        )
    if context.pipeline is not None:
        yield from _variables(context, context.pipeline)


def _refused(context: Context) -> frozenset[Location]:
    """The places of such texts where no text is ever taken, so that each run fails there."""
    if context.plan is None:
        return frozenset()
    handoffs, effort = Handoffs(context.document, context.plan), Effort()
    found = [
        context.document.locate((*step.path, "for_each", "over"))
        for step in context.plan.steps.values()
        if step.for_each is not None
    ]
    for handoff in handoffs:
        given = context.types.of(handoff.template, handoff.place)
        found += (
            handoffs.place_of(handoffs.source(handoff, breach.way))
            for breach in breaches(given, handoff.wanted, effort)
            if breach.always
        )
    return frozenset(found) & context.misread


def _variables(context: Context, pipeline: Pipeline) -> Iterator[Finding]:
    """The variables that no shell expands."""
    for text, found in _shell_variables(context.document, pipeline):
        name = found["name"] or found["bare"] if "bare" in found.re.groupindex else found["name"]
        before = text.text[: found.start()]
        whole = found.end() == len(text.text)
        key = str(text.path[2])
        advice = "write it out: no shell is there to expand it"
        if key in ("env", "headers") and whole:
            prefix = f", prefix: {json.dumps(before)}" if before else ""
            advice = f"write {{secret: {name}{prefix}}}"
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{quoted(found[0])} is handed on as it stands: no shell expands it",
            location=text.place(context.document, found),
            help=advice,
        )


def _shell_variables(
    document: Document, pipeline: Pipeline
) -> Iterator[tuple[Written, re.Match[str]]]:
    """Each variable of a shell in what agents, servers and channels hand on as it is."""
    for path, is_argument in _places(pipeline):
        pattern = _IN_ARGUMENT if is_argument else _IN_VALUE
        for text in texts_at(document, path):
            for found in pattern.finditer(text.text):
                yield text, found


def _places(pipeline: Pipeline) -> Iterator[tuple[Path, bool]]:
    """Where no shell looks at texts, and whether these are arguments of a program."""
    for name, agent in pipeline.agents.items():
        home: Path = ("agents", name)
        yield (*home, "env"), False
        yield (*home, "headers"), False
        argv = getattr(agent, "argv", None)
        if argv and str(argv[0]).rpartition("/")[2] not in SHELLS:
            yield (*home, "argv"), True
    for name in pipeline.servers:
        yield ("servers", name, "env"), False
        yield ("servers", name, "headers"), False
        yield ("servers", name, "args"), True
    for name in pipeline.channels:
        yield ("channels", name, "env"), False
        yield ("channels", name, "headers"), False
