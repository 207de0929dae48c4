"""How large a call of a chat model can be: what is known of its model and of its prompt."""

import json
from collections.abc import Iterator, Mapping

from agentflow.contracts.keywords import Schema
from agentflow.plan.contracts import ContractPlan
from agentflow.plan.dialects import Manner
from agentflow.plan.enforced_schemas import enforced
from agentflow.plan.steps import ChatPlan
from agentflow.spec.expressions import ExpressionError
from agentflow.spec.model import Agent, Model, TextFile
from agentflow.spec.templates import (
    Constant,
    Template,
    Text,
    parse_template,
    template_expressions,
)

#: Bytes of what stands around the author's words and the data: 300 for what the system role says of
#: data and of the contract, 200 for what a provider puts around messages.
_FRAME = 500
#: Bytes of the delimiters around each piece of data.
_DELIMITERS = 50
#: Characters of its own answer that an agent is shown when it is asked again, and the bytes of what
#: it is told to be wrong with it, a sentence a line.
SHOWN, TOLD = 20_000, 4_000
#: Bytes of that answer.
MOST_SHOWN = 4 * SHOWN
#: Bytes of `- ` and of the end of a line, and of the sign that something was cut.
LINE = 3
#: Bytes of the words around these, and of a request to answer again.
ASKED_AGAIN = 200


def chat_of(
    agent: Agent, models: Mapping[str, Model], texts: Mapping[str, str], output: ContractPlan
) -> ChatPlan | None:
    """What is known of the calls of an agent; None if it calls no chat model."""
    # Only agents that call a model have these keys; this layer does not know which these are.
    name = getattr(agent, "model", None)
    if not isinstance(name, str):
        return None
    model = models.get(name) or Model(model=name)
    price = (model.price.input, model.price.output) if model.price is not None else None
    said = getattr(agent, "instructions", None) or ""
    instructions = texts.get(said.file, "") if isinstance(said, TextFile) else said
    prompt = getattr(agent, "prompt", None)
    template = _parsed(prompt)
    pieces = 1 if prompt is None else len(list(template_expressions(template or Constant(None))))
    words = [instructions, *_words(template)]
    return ChatPlan(
        model=model.model,
        max_output_tokens=model.max_output_tokens,
        price=price,
        overhead=_FRAME
        + _DELIMITERS * pieces
        + sum(len(text.encode()) for text in words)
        + _contract(output.schema),
        prompt=template,
        window=model.window,
        limits=model.limits,
        api_base=model.api_base,
    )


def _parsed(prompt: str | None) -> Template | None:
    """The template of a prompt; None if there is none, or one with an error, which does not run."""
    try:
        return parse_template(prompt) if prompt is not None else None
    except ExpressionError:
        return None


def _words(prompt: Template | None) -> Iterator[str]:
    """The author's own words in a prompt."""
    match prompt:
        case Constant(str(text)):
            yield text
        case Text(parts):
            yield from (part for part in parts if isinstance(part, str))


def _contract(schema: Schema) -> int:
    """Bytes of a contract, as it is written or as OpenAI's dialect has it."""
    strict = enforced(schema, Manner.STRICT)
    forms = [schema] if strict is None else [schema, strict.schema]
    return max(len(json.dumps(form, ensure_ascii=False).encode()) for form in forms)
