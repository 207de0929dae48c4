"""How large a call of a chat model can be: what is known of its model and of its prompt."""

import json
from collections.abc import Mapping

from agentflow.plan.steps import ChatPlan, ContractPlan
from agentflow.spec.expressions import ExpressionError, references
from agentflow.spec.model import Agent, Model, TextFile
from agentflow.spec.templates import parse_template, template_expressions

#: Bytes of what stands around the author's words and the data: roles, delimiters, a request to
#: answer again.
_FRAME = 2_000
#: Characters of its own answer, and of what is wrong with it, that an agent is shown when it is
#: asked again.
SHOWN, TOLD = 20_000, 20_000
#: Bytes that this adds to a prompt: a character is twelve of them at most as JSON, and every
#: sentence about what is wrong has quotes and a comma.
MOST_COMPLAINT = 12 * SHOWN + (12 + 4) * TOLD + 100


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
    words = [instructions, prompt or "", json.dumps(dict(output.schema))]
    return ChatPlan(
        model=model.model,
        max_output_tokens=model.max_output_tokens,
        price=price,
        overhead=_FRAME + sum(len(text.encode()) for text in words),
        repeats=1 if prompt is None else _reads(prompt),
        window=model.window,
        limits=model.limits,
        api_base=model.api_base,
    )


def _reads(prompt: str) -> int:
    """How often a prompt reads its input; each time it may be all of it."""
    try:
        expressions = [expr for _, _, expr in template_expressions(parse_template(prompt))]
    except ExpressionError:
        return 1  # it has an error and does not run
    return max(1, sum(len(references(expr)) for expr in expressions))
