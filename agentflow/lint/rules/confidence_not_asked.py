"""A model's answer is gated by a confidence that its prompt never asks for.

The contract has the field, but neither the instructions, nor the prompt, nor a `description` in the
contract says what it means. So the model fills in a number that looks right, usually a high one,
and the gate relies on that. Say what the number means. Mentioning a scale from 0 to 1 is enough in
any language; otherwise, nothing is reported if the text is not in English.

Bad:

    agentflow: 1
    name: letters
    agents:
      sorter:
        kind: llm
        model: openai/gpt-5-mini
        instructions: Say what kind of letter this is.
        input: {type: object}
        output:
          type: object
          required: [kind, sure]
          properties:
            kind: {enum: [question, praise]}
            sure: {type: number, minimum: 0, maximum: 1}
        confidence: {field: sure, min: 0.7}
    steps:
      sort: {agent: sorter, catch: {low_confidence: skip}}
    outputs: {kind: '${{ default(steps.sort.output.kind, "question") }}'}

Says:

    15:25 nothing that agent 'sorter' is told mentions 'sure', which its gate looks at

Good:

    agentflow: 1
    name: letters
    agents:
      sorter:
        kind: llm
        model: openai/gpt-5-mini
        instructions: >-
          Say what kind of letter this is, and in 'sure' how likely it is that a colleague would
          say the same, from 0 to 1.
        input: {type: object}
        output:
          type: object
          required: [kind, sure]
          properties:
            kind: {enum: [question, praise]}
            sure: {type: number, minimum: 0, maximum: 1}
        confidence: {field: sure, min: 0.7}
    steps:
      sort: {agent: sorter, catch: {low_confidence: skip}}
    outputs: {kind: '${{ default(steps.sort.output.kind, "question") }}'}
"""

import re
from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.gates import Gate, gates
from agentflow.lint.rule import Context, Family
from agentflow.plan.steps import Plan
from agentflow.spec.model import TextFile
from agentflow.spec.wording import quoted

NAME = "confidence-not-asked"
FAMILY = Family.CONFIDENCE
SEVERITY = Severity.ADVICE

#: Parts of words that ask for it under another name.
_ASKING = ("certain", "confiden", "how sure", "likel", "probab")
#: How a number from 0 to 1 is asked for in any language.
_SCALE = re.compile(r"(?<![\d.,])0(?:[.,]0+)?(?![\d.,]*\d)\D{1,30}?(?<!\d)1(?:00|[.,]0+)?(?!\d)|%")
#: Words that hardly another language has. Of what is not in English it cannot be told what it asks
#: for.
_ENGLISH = frozenset(
    {"and", "each", "say", "the", "this", "what", "whether", "which", "you", "your"}
)


def check(context: Context) -> Iterator[Finding]:
    """Each gate of a chat model that is told nothing of it."""
    if context.plan is None:
        return
    for gate in gates(context.plan):
        # Only agents that call a model have this key; this layer does not know which these are.
        if hasattr(gate.call.options, "prompt") and not _is_asked(context.plan, gate):
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"nothing that agent {quoted(gate.agent)} is told mentions "
                f"{quoted(gate.confidence.field)}, which its gate looks at",
                location=gate.place(context.document, "field"),
                help="say in 'instructions', or in a 'description' of the field, what the number means",
            )


def _is_asked(plan: Plan, gate: Gate) -> bool:
    inside = gate.field.inside
    if inside is None or (isinstance(inside.schema, dict) and "description" in inside.schema):
        return True  # a field that the contract does not have is reported by itself
    options = gate.call.options
    texts = [getattr(options, key, None) for key in ("instructions", "prompt")]
    told = " ".join(
        plan.texts.get(text.file, "") if isinstance(text, TextFile) else text or ""
        for text in texts
    ).casefold()
    field = gate.confidence.field.casefold()
    words = re.findall(r"[^\W\d_]+", re.sub(r"\$\{\{.*?\}\}", " ", told))
    if words and (_SCALE.search(told) or not _ENGLISH.intersection(words)):
        return True
    return any(word in told for word in (field, field.replace("_", " "), *_ASKING))
