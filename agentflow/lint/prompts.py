"""What a chat model gets to see of its input."""

from collections.abc import Sequence

from agentflow.spec.cel.references import Steps
from agentflow.spec.expressions import ExpressionError, references
from agentflow.spec.templates import parse_template, template_expressions


def passes_whole(prompt: str | None, field: str) -> bool:
    """Does a model see a whole field of its input, rather than parts that the prompt picks?"""
    return any(path in ((), (field,)) for path in _paths(prompt) or ())


def reads(prompt: str | None, field: str) -> bool:
    """Does a model see any part of a field of its input?"""
    return any(path[:1] in ((), (field,)) for path in _paths(prompt) or ())


def fields_read(prompt: str) -> frozenset[str] | None:
    """The fields of its input that a prompt reads; None if the prompt cannot be parsed."""
    paths = _paths(prompt)
    return None if paths is None else frozenset(str(path[0]) for path in paths if path)


def _paths(prompt: str | None) -> Sequence[Steps] | None:
    """What a prompt reads; without one, the input is sent as a whole. None if it has errors."""
    if prompt is None:
        return [()]
    try:
        expressions = template_expressions(parse_template(prompt))
        return [one.path for _, _, expr in expressions for one in references(expr)]
    except ExpressionError:
        return None  # which is reported where the prompt stands
